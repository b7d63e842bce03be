package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// connection is CONN: a number, latest, or all.
type connection string

func (c *connection) UnmarshalText(text []byte) error {
	*c = connection(text)
	if n, err := strconv.Atoi(string(text)); (err != nil || n < 1) && *c != "all" && *c != "latest" {
		return fmt.Errorf("%q: want the number of a connection, counted from 1, or latest, or all", text)
	}
	return nil
}

// act does something to a connection, or to all that are open.
func (n connection) act(s *session, ctl *ctlCmd, action string, body any) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	parts := []string{"connections", string(n), action}
	if n == "all" {
		parts = []string{"connections", action}
	}
	raw, err := c.ask(http.MethodPost, body, parts...)
	if err != nil {
		return err
	}
	did, err := answer[struct {
		Connections []int
		Failed      []struct {
			Number int
			Text   string
		}
	}](raw)
	if err != nil {
		return err
	}
	numbers := make([]string, len(did.Connections))
	for i, n := range did.Connections {
		numbers[i] = strconv.Itoa(n)
	}
	text := fmt.Sprintf("%s: connection %s", action, strings.Join(numbers, ", "))
	if len(numbers) == 0 {
		text = action + ": no connection is open"
	}
	if err := c.done(raw, nil, "%s", text); err != nil {
		return err
	}
	for _, f := range did.Failed {
		s.complain("connection %d: %s", f.Number, f.Text)
	}
	if len(did.Failed) > 0 {
		return fmt.Errorf("it could not be done to %s", counted(len(did.Failed), "connection"))
	}
	return nil
}

// ctlKill is `faultproxy ctl kill`.
type ctlKill struct {
	Conn   connection `arg:"" complete:"all,latest" help:"A connection: its number, latest, or all that are open."`
	Code   uint16     `placeholder:"CODE" xor:"how" help:"Close both sides with a Close frame of this code."`
	Reason string     `placeholder:"TEXT" help:"And with this reason."`
	Reset  bool       `xor:"how" help:"Reset both sides (RST). This is the default."`
	Cut    bool       `xor:"how" help:"Close both sides without a Close frame (FIN)."`
}

// Run ends connections.
func (k *ctlKill) Run(s *session, ctl *ctlCmd) error {
	switch {
	case k.Reason != "" && k.Code == 0:
		return badUsage("--reason goes with --code")
	case k.Code != 0:
		code := faultproxy.CloseWith(frame.CloseCode(k.Code), k.Reason)
		if err := code.Validate(); err != nil {
			return badUsage("--code: %w", err)
		}
		return k.Conn.act(s, ctl, "close", map[string]any{"code": k.Code, "reason": k.Reason})
	case k.Cut:
		return k.Conn.act(s, ctl, "cut", nil)
	}
	return k.Conn.act(s, ctl, "reset", nil)
}

// ctlSilence is `faultproxy ctl silence`.
type ctlSilence struct {
	Conn    connection `arg:"" complete:"all,latest" help:"A connection: its number, latest, or all that are open."`
	Dir     string     `enum:"to-client,to-server,both" default:"both" help:"Which way: ${enum}. Default: ${default}."`
	Discard bool       `xor:"how" help:"Lose what is sent meanwhile, instead of holding it back until heal."`
	Freeze  bool       `xor:"how" help:"Do not even read, so that the sender gets stuck."`
}

// Run silences connections.
func (q *ctlSilence) Run(s *session, ctl *ctlCmd) error {
	action := "silence"
	switch {
	case q.Discard:
		action = "discard"
	case q.Freeze:
		action = "freeze"
	}
	var dir any = q.Dir
	if q.Dir == "both" {
		dir = nil
	}
	return q.Conn.act(s, ctl, action, dir)
}

// ctlHeal is `faultproxy ctl heal`.
type ctlHeal struct {
	Conn connection `arg:"" complete:"all,latest" help:"A connection: its number, latest, or all that are open."`
}

// Run heals connections.
func (h *ctlHeal) Run(s *session, ctl *ctlCmd) error { return h.Conn.act(s, ctl, "heal", nil) }

// ctlPing is `faultproxy ctl ping`.
type ctlPing struct {
	Conn    connection `arg:"" complete:"all,latest" help:"A connection: its number, latest, or all that are open."`
	Payload string     `placeholder:"TEXT" help:"What it carries, up to 125 bytes."`
	Dir     string     `enum:"to-client,to-server" default:"to-client" help:"Which way: ${enum}. Default: ${default}."`
}

// Run pings.
func (p *ctlPing) Run(s *session, ctl *ctlCmd) error {
	return p.Conn.act(s, ctl, "ping", map[string]string{"payload": p.Payload, "toward": p.Dir})
}

// ctlInject is `faultproxy ctl inject`.
type ctlInject struct {
	Conn  connection `arg:"" complete:"all,latest" help:"A connection: its number, latest, or all that are open."`
	Frame string     `arg:"" help:"The frame, as rules write it: {text: hello}, {op: ping}, {op: close, code: 1012}, {op: text, rsv: 2}."`
	Dir   string     `enum:"to-client,to-server" default:"to-client" help:"Which way: ${enum}. Default: ${default}."`
}

// Run sends a frame.
func (i *ctlInject) Run(s *session, ctl *ctlCmd) error {
	var sent any
	src := source{name: "FRAME", doc: i.Frame}
	err := src.read(func(tree any, body ast.Node) []problem {
		sent = tree
		return src.placed(schema.Decode(tree, func(n schema.Node) { faultproxy.DecodeFrame(n) }), body)
	})
	if err != nil {
		return err
	}
	return i.Conn.act(s, ctl, "inject", map[string]any{"frame": sent, "toward": i.Dir})
}
