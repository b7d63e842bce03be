package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/adminclient"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

// ctlCreate is `faultproxy ctl create`.
type ctlCreate struct {
	Name        string      `arg:"" help:"What to call it."`
	Upstream    upstreamURL `required:"" placeholder:"URL" help:"Where connections go: a ws, wss, http or https URL, or tcp://HOST:PORT."`
	Listen      string      `placeholder:"ADDR" default:"127.0.0.1:0" help:"Where clients connect. Port 0 takes any free one. Default: ${default}."`
	TLS         bool        `name:"tls" help:"Serve wss, with a certificate made for the run."`
	Compression string      `enum:"pass,no-takeover,strip" default:"no-takeover" help:"What to do about permessage-deflate: ${enum}. Default: ${default}."`
	Preset      single      `placeholder:"NAME[,SETTING=VALUE]" complete:"preset" help:"Behave like a real middlebox."`
	Seed        uint64      `placeholder:"N" help:"Decide all chance. Default: that of the run."`
	Disabled    bool        `help:"Do not listen before it is enabled."`
}

// Run makes a proxy.
func (p *ctlCreate) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	if err := checkListen("--listen", p.Listen); err != nil {
		return err
	}
	body := map[string]any{"name": p.Name, "upstream": string(p.Upstream), "listen": p.Listen, "compression": p.Compression,
		"tls": p.TLS, "enabled": !p.Disabled}
	if p.Preset != "" {
		body["preset"] = string(p.Preset)
	}
	if p.Seed != 0 {
		body["seed"] = p.Seed
	}
	raw, err := c.send(http.MethodPost, adminclient.Path("proxies"), body)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	made, err := answer[proxyAnswer](raw)
	if err != nil {
		return err
	}
	if p.Disabled {
		return c.done(raw, nil, "%s is there, and does not listen yet", made.Name)
	}
	return c.done(raw, nil, "%s listens on %s", made.Name, made.URL)
}

// named are the proxies that a command is about.
type named struct {
	Names []string `arg:"" name:"name" help:"Names of proxies."`
}

// ctlDelete is `faultproxy ctl delete`.
type ctlDelete struct{ named }

// Run ends proxies.
func (n *ctlDelete) Run(s *session, ctl *ctlCmd) error {
	return n.each(s, ctl, http.MethodDelete, nil, "deleted")
}

// ctlEnable is `faultproxy ctl enable`.
type ctlEnable struct{ named }

// Run enables proxies.
func (n *ctlEnable) Run(s *session, ctl *ctlCmd) error {
	return n.each(s, ctl, http.MethodPatch, map[string]bool{"enabled": true}, "enabled")
}

// ctlDisable is `faultproxy ctl disable`.
type ctlDisable struct{ named }

// Run disables proxies.
func (n *ctlDisable) Run(s *session, ctl *ctlCmd) error {
	return n.each(s, ctl, http.MethodPatch, map[string]bool{"enabled": false}, "disabled")
}

// each sends a request about each, up to the first that is refused.
func (n *named) each(s *session, ctl *ctlCmd, method string, body any, what string) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	for _, name := range n.Names {
		raw, err := c.send(method, adminclient.Path("proxies", name), body)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := c.done(raw, nil, "%s is %s", name, what); err != nil {
			return err
		}
	}
	return nil
}

// ctlPreset is `faultproxy ctl preset`.
type ctlPreset struct {
	Name string `arg:"" complete:"preset,none" help:"A preset, with settings if need be, such as nginx,idle=10s; or none. ls --presets lists them."`
}

// Run changes the preset.
func (p *ctlPreset) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	if p.Name == "none" {
		raw, err := c.ask(http.MethodDelete, nil, "preset")
		return c.done(raw, err, "it behaves like no middlebox")
	}
	if _, err := middlebox.Parse(p.Name); err != nil {
		return badUsage("%w", err)
	}
	raw, err := c.ask(http.MethodPut, map[string]string{"preset": p.Name}, "preset")
	return c.done(raw, err, "it behaves like %s", p.Name)
}

// ctlPlay is `faultproxy ctl play`.
type ctlPlay struct {
	File string `arg:"" complete:"file,stop" help:"A scenario, as YAML or JSON; or stop."`
}

// Run plays a scenario, or stops it.
func (p *ctlPlay) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	if p.File == "stop" {
		raw, err := c.ask(http.MethodDelete, nil, "scenario")
		return c.done(raw, err, "stopped")
	}
	doc, err := os.ReadFile(p.File)
	if err != nil {
		return badUsage("%w", err)
	}
	var sent any
	src := source{file: p.File, doc: string(doc)}
	err = src.read(func(tree any, body ast.Node) []problem {
		if _, list := tree.([]any); list {
			return []problem{src.at(locate(body, ""), "", "want a scenario, got a list; if it is one of rules, use faultproxy ctl add --rules")}
		}
		sent = tree
		_, err := scenario.Parse(tree)
		return src.placed(err, body)
	})
	if err != nil {
		return err
	}
	raw, err := c.ask(http.MethodPut, sent, "scenario")
	if err != nil {
		return err
	}
	under, err := answer[struct{ Scenario struct{ Phases []string } }](raw)
	return c.done(raw, err, "plays %s: %s", p.File, strings.Join(under.Scenario.Phases, ", "))
}

// ctlPort is `faultproxy ctl port`.
type ctlPort struct {
	Action string `arg:"" enum:"refuse,hang,resume" help:"What it does: ${enum}."`
}

// Run tells the port what to do.
func (p *ctlPort) Run(s *session, ctl *ctlCmd) error {
	c, err := ctl.open(s)
	if err != nil {
		return err
	}
	raw, err := c.ask(http.MethodPost, nil, "port", p.Action)
	return c.done(raw, err, "the port: %s", p.Action)
}
