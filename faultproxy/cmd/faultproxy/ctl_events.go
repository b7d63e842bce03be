package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/adminclient"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// since is the number of an event, or now.
type since struct {
	event int
	now   bool
}

func (v *since) UnmarshalText(text []byte) error {
	if v.now = string(text) == "now"; v.now {
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if v.event = n; err != nil || n < 0 {
		return fmt.Errorf("%q: want the number of an event, or now", text)
	}
	return nil
}

// number is that of the event behind which to look, of a proxy.
func (v since) number(c *console, proxy string) (int, error) {
	if !v.now {
		return v.event, nil
	}
	raw, err := c.send(http.MethodGet, adminclient.Path("proxies", proxy), nil)
	if err != nil {
		return 0, err
	}
	p, err := answer[proxyAnswer](raw)
	return p.LastEvent, err
}

// ctlWatch is `faultproxy ctl watch`.
type ctlWatch struct {
	Since since    `placeholder:"N|now" default:"0" help:"Only events behind event N, or behind the newest. Default: all that are kept."`
	Conn  ordinal  `placeholder:"N" help:"Only those of connection N."`
	Kind  []string `placeholder:"KIND,…" help:"Only those of these kinds, such as opened,ended,fault."`
	Once  bool     `help:"Print what there is, and end."`
	Retry duration `placeholder:"D" default:"10s" help:"How long to try again when the server is gone. Default: ${default}."`
}

// Help is shown below the flags.
func (*ctlWatch) Help() string {
	return `Exit status: 0 after SIGINT or SIGTERM; 1 if the server was gone for longer than --retry, or the
proxy was deleted. A stream that breaks is taken up again where it broke.`
}

// Run prints events.
func (w *ctlWatch) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	of := adminclient.Events{Conn: int(w.Conn), Kinds: strings.Join(w.Kind, ",")}
	if of.Proxy, err = c.proxy(); err != nil {
		return err
	}
	if of.Since, err = w.Since.number(c, of.Proxy); err != nil {
		return err
	}
	p := &eventPrinter{out: s.stdout, json: ctl.JSON}
	if w.Once {
		return c.explain(c.Read(s.ctx, of, p.print))
	}
	broke := func(err error) { s.complain("%v; connecting again", err) }
	return c.explain(c.Follow(s.ctx, of, time.Duration(w.Retry), broke, p.print))
}

// eventPrinter prints the lines of events, as they are or as run prints them.
type eventPrinter struct {
	out    io.Writer
	json   bool
	format timeline.Formatter
}

func (p *eventPrinter) print(line []byte) error {
	if p.json {
		_, err := fmt.Fprintf(p.out, "%s\n", line)
		return err
	}
	one, err := timeline.ReadJSONL(bytes.NewReader(line))
	if err != nil {
		return err
	}
	for e := range one.All() {
		text := append(p.format.Append(nil, e), '\n')
		if e.Kind == timeline.KindEnded {
			text = append(text, ending(line)...)
		}
		if _, err := p.out.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// ending says why a connection ended, as its last event does.
func ending(line []byte) string {
	var e struct {
		Code                        int
		Reason, Cause, Text, Advice string
	}
	if json.Unmarshal(line, &e) != nil || e.Cause == "" {
		return ""
	}
	text := fmt.Sprintf("\n  %s: %s\n", e.Cause, e.Text)
	if e.Code != 0 {
		text += fmt.Sprintf("  browsers report close code %d %q\n", e.Code, e.Reason)
	}
	if e.Advice != "" {
		text += "  " + e.Advice + "\n"
	}
	return text + "\n"
}

// ctlWait is `faultproxy ctl wait`.
type ctlWait struct {
	Moment  string   `arg:"" help:"What to wait for: the kind of an event, such as opened or ended; {frame: {op: ping, dir: to-server}}, {fired: RULE}, {noted: NAME}, {reported: NAME}."`
	Count   int      `placeholder:"N" default:"1" help:"How often. Default: ${default}."`
	Conn    ordinal  `placeholder:"N" help:"Only on connection N."`
	Since   since    `placeholder:"N|now" default:"0" help:"Only behind event N, or behind the newest. Default: what happened before counts, too."`
	Timeout duration `placeholder:"D" default:"30s" help:"How long at most, up to 10m. Default: ${default}."`
}

// Help is shown below the flags.
func (*ctlWait) Help() string {
	return `Prints the number of the event, to wait behind it with --since.

Exit status: 0 when it came, 1 when it did not.`
}

// Run waits.
func (w *ctlWait) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	if w.Count < 1 {
		return badUsage("--count: want a number from 1, got %d", w.Count)
	}
	proxy, err := c.proxy()
	if err != nil {
		return err
	}
	behind, err := w.Since.number(c, proxy)
	if err != nil {
		return err
	}
	body := map[string]any{"count": w.Count, "since": behind, "timeout": time.Duration(w.Timeout).String()}
	if w.Conn != 0 {
		body["conn"] = int(w.Conn)
	}
	src := source{name: "MOMENT", doc: w.Moment}
	if err := src.read(func(tree any, _ ast.Node) []problem { body["on"] = tree; return nil }); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Duration(w.Timeout)+adminclient.Patience)
	defer cancel()
	raw, err := c.DoUntil(ctx, http.MethodPost, adminclient.Path("proxies", proxy, "wait"), body)
	if err != nil {
		return c.explain(err)
	}
	came, err := answer[struct{ Seq int }](raw)
	return c.done(raw, err, "%d", came.Seq)
}

// ctlNote is `faultproxy ctl note`.
type ctlNote struct {
	Name string `arg:"" help:"Its name."`
}

// Run puts a note on the timeline.
func (n *ctlNote) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	raw, err := c.ask(http.MethodPost, map[string]string{"name": n.Name}, "notes")
	if err != nil {
		return err
	}
	noted, err := answer[struct{ Seq int }](raw)
	return c.done(raw, err, "%d", noted.Seq)
}
