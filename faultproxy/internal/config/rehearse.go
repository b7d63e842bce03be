package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Rehearse finds what cannot work together, by starting the proxy on a port of its own
// for a moment; nobody is connected anywhere. Each complaint is told with the index of
// the rule that it is about, or -1.
func (d Proxy) Rehearse(complain func(rule int, err error)) {
	d.Listen = DefaultListen
	if d.Upstream == "" {
		d.Upstream = "ws://" + DefaultListen // the embedded echo server, in its absence
	}
	engine, err := d.Build()
	if err == nil && d.Scenario != nil {
		err = d.Played().Check(engine)
	}
	if err == nil {
		if err = engine.Start(); err == nil {
			_ = engine.Close()
		}
	}
	if engine == nil {
		complain(-1, err)
		return
	}
	for _, each := range each(err) {
		complain(d.about(engine, each), each)
	}
	_ = engine.Timeline.Close()
}

// each takes joined errors apart.
func each(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{errors.New(strings.TrimPrefix(err.Error(), "faultproxy: "))}
}

// about is the index of the rule that an error is about; -1 if it is about none.
func (d Proxy) about(engine *faultproxy.Proxy, err error) int {
	all := engine.Rules()
	own := all[max(len(all)-len(d.Rules), 0):]
	for i, s := range own {
		if strings.HasPrefix(err.Error(), fmt.Sprintf("rule %q: ", s.Rule.Name)) {
			return i
		}
	}
	return -1
}

// blame records a complaint of a rehearsal.
func blame(n schema.Node, rule int, err error) {
	rules := n.At("rules")
	list, inline := rules.Value().([]any)
	switch {
	case rule < 0 && strings.HasPrefix(err.Error(), "scenario"):
		n.At("scenario").Fail("%v", err)
	case rule >= 0 && inline && rule < len(list):
		rules.List()[rule].Fail("%v", err)
	case rule >= 0 && !inline && rules.Exists():
		rules.Fail("in it, %v", err)
	default:
		n.Fail("%v", err)
	}
}
