package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/adminclient"
)

// ctlLs is `faultproxy ctl ls`.
type ctlLs struct {
	Proxies bool `xor:"what" help:"Only the proxies. This is all there is where several of them are and --proxy names none."`
	Rules   bool `xor:"what" help:"The rules in force, and how often they acted."`
	Presets bool `xor:"what" help:"The middleboxes that the server can behave like."`
	Open    bool `help:"Only connections that are open."`
}

// proxyList is the answer that has the proxies.
type proxyList struct{ Proxies []proxyAnswer }

type proxyAnswer struct {
	Name        string
	Enabled     bool
	Listen, URL string
	Upstream    string
	Preset      string
	Scenario    *struct{ Name, Phase string }
	Rules       []ruleAnswer
	Connections struct{ Open, Ended int }
	LastEvent   int `json:"last_event"`
}

type ruleAnswer struct {
	Name, Text  string
	Preset      bool
	Seen, Fired int
}

type connAnswer struct {
	Number             int
	State, Target      string
	RequestedAt        float64  `json:"requested_at"`
	EndedAt            *float64 `json:"ended_at"`
	ToServer           traffic  `json:"to_server"`
	ToClient           traffic  `json:"to_client"`
	BeatAt             *float64 `json:"beat_at"`
	Unanswered, Faults int
	Silenced           bool
	Close              *closeAnswer
	Cause              *struct{ ID, Text string }
}

type traffic struct{ Frames, Bytes int }

type closeAnswer struct {
	Code   int
	Reason string
}

func (l proxyList) names() []string {
	names := make([]string, len(l.Proxies))
	for i, p := range l.Proxies {
		names[i] = p.Name
	}
	return names
}

// Run lists.
func (l *ctlLs) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	switch {
	case l.Presets:
		return l.presets(c)
	case l.Rules:
		return l.rules(c)
	}
	raw, err := c.send(http.MethodGet, adminclient.Path("proxies"), nil)
	if err != nil {
		return err
	}
	list, err := answer[proxyList](raw)
	if err != nil {
		return err
	}
	if l.Proxies || len(list.Proxies) != 1 && ctl.Proxy == "" {
		return c.say(raw, func(w io.Writer) error { return writeProxies(w, list.Proxies) })
	}
	return l.conns(c, list)
}

func (l *ctlLs) presets(c *console) error {
	raw, err := c.send(http.MethodGet, adminclient.Path("presets"), nil)
	if err != nil {
		return err
	}
	list, err := answer[struct{ Presets []presetLine }](raw)
	if err != nil {
		return err
	}
	return c.say(raw, func(w io.Writer) error {
		var lines []string
		for _, p := range list.Presets {
			lines = append(lines, p.Name+"\t"+p.Summary)
		}
		return table(w, lines...)
	})
}

func (l *ctlLs) rules(c *console) error {
	raw, err := c.ask(http.MethodGet, nil, "rules")
	if err != nil {
		return err
	}
	list, err := answer[struct{ Rules []ruleAnswer }](raw)
	if err != nil {
		return err
	}
	return c.say(raw, func(w io.Writer) error {
		if len(list.Rules) == 0 {
			_, err := fmt.Fprintln(w, "no rules: everything passes as it is")
			return err
		}
		return writeRules(w, list.Rules)
	})
}

func writeRules(w io.Writer, rules []ruleAnswer) error {
	lines := []string{"RULE\tSEEN\tFIRED\tOF\tWHAT"}
	for _, r := range rules {
		of := "user"
		if r.Preset {
			of = "preset"
		}
		lines = append(lines, fmt.Sprintf("%s\t%d\t%d\t%s\t%s", r.Name, r.Seen, r.Fired, of, r.Text))
	}
	return table(w, lines...)
}

func writeProxies(w io.Writer, list []proxyAnswer) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no proxies")
		return err
	}
	lines := []string{"PROXY\tSTATE\tURL\tUPSTREAM\tOPEN\tENDED\tRULES\tPRESET\tPHASE"}
	for _, p := range list {
		state, phase := "enabled", "-"
		if !p.Enabled {
			state = "disabled"
		}
		if p.Scenario != nil {
			phase = cmp.Or(p.Scenario.Phase, "-")
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s", p.Name, state, cmp.Or(p.URL, p.Listen), p.Upstream,
			p.Connections.Open, p.Connections.Ended, len(p.Rules), cmp.Or(p.Preset, "-"), phase))
	}
	return table(w, lines...)
}

// conns lists the proxy that is meant, and its connections.
func (l *ctlLs) conns(c *console, list proxyList) error {
	path, err := c.path("connections")
	if err != nil {
		return err
	}
	if l.Open {
		path += "?state=open"
	}
	raw, err := c.send(http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	conns, err := answer[struct {
		Connections []connAnswer
		Now         float64
	}](raw)
	if err != nil {
		return err
	}
	return c.say(raw, func(w io.Writer) error {
		for _, p := range list.Proxies {
			if c.ctl.Proxy == "" || p.Name == c.ctl.Proxy {
				if err := writeProxies(w, []proxyAnswer{p}); err != nil {
					return err
				}
			}
		}
		if len(conns.Connections) == 0 {
			_, err := fmt.Fprintln(w, "\nno connections")
			return err
		}
		fmt.Fprintln(w)
		return writeConns(w, conns.Connections, conns.Now)
	})
}

func writeConns(w io.Writer, conns []connAnswer, now float64) error {
	lines := []string{"CONN\tSTATE\tAGE\tPATH\tSENT\tRECEIVED\tBEAT\tCLOSE\tCAUSE"}
	for _, n := range conns {
		lines = append(lines, n.line(now))
	}
	return table(w, lines...)
}

// line is a connection in a table.
func (n connAnswer) line(now float64) string {
	until, state := now, n.State
	if n.EndedAt != nil {
		until = *n.EndedAt
	}
	if n.Silenced && n.EndedAt == nil {
		state += ", silenced"
	}
	beat := "-"
	if n.BeatAt != nil {
		beat = "answered"
		if n.Unanswered > 0 {
			beat = fmt.Sprintf("%d unanswered", n.Unanswered)
		}
		if n.EndedAt == nil {
			beat += ", " + age(now-*n.BeatAt) + " ago"
		}
	}
	code, cause := "-", "-"
	if n.Close != nil {
		code = fmt.Sprint(n.Close.Code)
	}
	if n.Cause != nil {
		cause = n.Cause.ID
	}
	path, _, _ := strings.Cut(n.Target, "?")
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s", n.Number, state, age(until-n.RequestedAt), path,
		n.ToServer.Frames, n.ToClient.Frames, beat, code, cause)
}

// age is a number of seconds as people read it.
func age(seconds float64) string {
	d := time.Duration(max(seconds, 0) * float64(time.Second))
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
