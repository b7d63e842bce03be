package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/adminclient"
)

// ctlCmd is `faultproxy ctl`: it asks the admin API of a faultproxy that runs.
type ctlCmd struct {
	Admin string `group:"ctl" placeholder:"URL" env:"FAULTPROXY_ADMIN" default:"http://127.0.0.1:8474" help:"Where the admin API is, as faultproxy run prints it. Default: ${default}."`
	Token string `group:"ctl" placeholder:"TOKEN" env:"FAULTPROXY_ADMIN_TOKEN" help:"What it was given as --admin-token."`
	Proxy string `group:"ctl" placeholder:"NAME" help:"Which proxy. Default: the only one."`
	JSON  bool   `group:"ctl" name:"json" help:"Print the server's answer, as JSON on one line."`

	Ls       ctlLs       `cmd:"" help:"List the proxies, and the connections, rules or presets."`
	Create   ctlCreate   `cmd:"" help:"Make a proxy and start it."`
	Delete   ctlDelete   `cmd:"" help:"End proxies and their connections."`
	Enable   ctlEnable   `cmd:"" help:"Have proxies listen again."`
	Disable  ctlDisable  `cmd:"" help:"Have proxies listen no more, and end their connections."`
	Add      ctlAdd      `cmd:"" help:"Add rules: all or none."`
	Rm       ctlRm       `cmd:"" help:"Remove rules. What they still do is taken back."`
	Kill     ctlKill     `cmd:"" help:"End a connection, or all."`
	Silence  ctlSilence  `cmd:"" help:"Pass nothing more on a connection that stays open."`
	Heal     ctlHeal     `cmd:"" help:"Take silence and its like back."`
	Ping     ctlPing     `cmd:"" help:"Send a ping of the proxy's own."`
	Inject   ctlInject   `cmd:"" help:"Send a frame of the proxy's own."`
	Watch    ctlWatch    `cmd:"" help:"Print what happens, as run does, until it is interrupted."`
	Wait     ctlWait     `cmd:"" help:"Wait until something has happened."`
	Note     ctlNote     `cmd:"" help:"Put a note on the timeline, and print its number, to wait behind it."`
	Diagnose ctlDiagnose `cmd:"" help:"Say why connections ended, or how they are."`
	Findings ctlFindings `cmd:"" help:"Judge the clients by the rules of good behaviour, and a policy."`
	Download ctlDownload `cmd:"" help:"Fetch the recording, or a report of it."`
	Preset   ctlPreset   `cmd:"" help:"Behave like another middlebox from now on, or like none."`
	Play     ctlPlay     `cmd:"" help:"Play a scenario from now on, or stop the one under way."`
	Port     ctlPort     `cmd:"" help:"Have the port refuse or hang while connections live on, or resume."`
	Health   ctlHealth   `cmd:"" help:"Say whether the server is up."`
}

// Help is shown below the flags.
func (*ctlCmd) Help() string {
	return `Examples:

  faultproxy ctl ls                                         the connections, and why they ended
  faultproxy ctl add '{name: mute, on: {frame: {op: pong}}, do: drop}'
  faultproxy ctl kill all --code 1012 --reason restart
  faultproxy ctl wait opened --since now --timeout 10s && echo it came back
  faultproxy ctl rm --all

CONN is the number of a connection, from 1, or latest, or all where that makes sense.

Exit status: 0 if it was done; 1 if it could not be: nobody answers, there is no such thing, what
was waited for did not come, a finding is broken; 2 if it was not asked for properly.`
}

// console is a session with the server that it is about.
type console struct {
	*session
	*adminclient.Client
	ctl *ctlCmd
}

// open makes the client. Nothing is sent yet.
func (c *ctlCmd) open(s *session) (*console, error) {
	client, err := adminclient.New(c.Admin, c.Token)
	if err != nil {
		return nil, badUsage("--admin: %w", err)
	}
	return &console{s, client, c}, nil
}

// ask sends a request about the proxy that is meant; parts are the path behind it.
func (c *console) ask(method string, body any, parts ...string) ([]byte, error) {
	path, err := c.path(parts...)
	if err != nil {
		return nil, err
	}
	return c.send(method, path, body)
}

// path is that of something of the proxy that is meant: --proxy, or the only one.
func (c *console) path(parts ...string) (string, error) {
	name, err := c.proxy()
	return adminclient.Path(append([]string{"proxies", name}, parts...)...), err
}

// proxy is the name of the proxy that is meant.
func (c *console) proxy() (string, error) {
	raw, err := c.send(http.MethodGet, adminclient.Path("proxies"), nil)
	if err != nil {
		return "", err
	}
	list, err := answer[proxyList](raw)
	if err != nil {
		return "", err
	}
	names := list.names()
	switch all := strings.Join(names, ", "); {
	case slices.Contains(names, c.ctl.Proxy):
		return c.ctl.Proxy, nil
	case len(names) == 0:
		return "", errors.New("there is no proxy; make one with faultproxy ctl create NAME --upstream URL")
	case c.ctl.Proxy != "":
		return "", fmt.Errorf("there is no proxy %q; there is %s", c.ctl.Proxy, all)
	case len(names) > 1:
		return "", badUsage("which proxy? say --proxy with one of %s", all)
	}
	return names[0], nil
}

// send sends a request.
func (c *console) send(method, path string, body any) ([]byte, error) {
	raw, err := c.Do(c.ctx, method, path, body)
	return raw, c.explain(err)
}

// explain says of an error what to do about it.
func (c *console) explain(err error) error {
	var refused *adminclient.Problem
	switch {
	case c.ctx.Err() != nil && errors.Is(err, context.Canceled):
		return errors.New("interrupted before the answer came")
	case errors.Is(err, adminclient.ErrUnreachable):
		return fmt.Errorf("%w; start one with faultproxy run, which prints where its dashboard is, and say --admin or FAULTPROXY_ADMIN if that is elsewhere", err)
	case !errors.As(err, &refused):
		return err
	case refused.Status == http.StatusUnauthorized && c.Token == "":
		return fmt.Errorf("%s needs a token: say --token or FAULTPROXY_ADMIN_TOKEN, as it was given to faultproxy run as --admin-token", c.Base)
	case refused.Status == http.StatusUnauthorized:
		return fmt.Errorf("%s has another token than this: say --token or FAULTPROXY_ADMIN_TOKEN, as it was given to faultproxy run as --admin-token", c.Base)
	case refused.Status == http.StatusBadRequest || refused.Status == http.StatusUnprocessableEntity:
		return usageError{err}
	}
	return err
}

// say prints an answer: as it is with --json, else what text writes of it.
func (c *console) say(raw []byte, text func(w io.Writer) error) error {
	if !c.ctl.JSON {
		return text(c.stdout)
	}
	line := strings.TrimSpace(string(raw))
	if line == "" {
		line = "{}"
	}
	_, err := fmt.Fprintln(c.stdout, line)
	return err
}

// done prints an answer, or a line in its place.
func (c *console) done(raw []byte, err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return c.say(raw, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		return err
	})
}

// answer reads an answer.
func answer[T any](raw []byte) (v T, err error) {
	if err = json.Unmarshal(raw, &v); err != nil {
		err = fmt.Errorf("the answer is not what this program knows, of which the server is another version: %w", err)
	}
	return v, err
}

// table writes lines of columns; cells are separated by tabs.
func table(w io.Writer, lines ...string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(t, line)
	}
	return t.Flush()
}

// ctlHealth is `faultproxy ctl health`.
type ctlHealth struct{}

// Run says whether the server is up. It needs no token.
func (*ctlHealth) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	raw, err := c.send(http.MethodGet, adminclient.Path("health"), nil)
	if err != nil {
		return err
	}
	h, err := answer[struct {
		Status, Version      string
		Proxies, Connections int
	}](raw)
	if err != nil {
		return err
	}
	open := fmt.Sprintf("%d open connections", h.Connections)
	if h.Connections == 1 {
		open = "1 open connection"
	}
	proxies := fmt.Sprintf("%d proxies", h.Proxies)
	if h.Proxies == 1 {
		proxies = "1 proxy"
	}
	return c.done(raw, nil, "%s: %s, %s, %s", h.Status, h.Version, proxies, open)
}
