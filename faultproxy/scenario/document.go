package scenario

import (
	"errors"
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Parse reads a scenario from a tree as YAML and JSON decoders make it, such as
//
//	name: a bad night
//	preset: nginx,idle=10s
//	phases:
//	  - {at: 0s, name: healthy}
//	  - at: 30s
//	    name: brown-out
//	    rules: [{do: {latency: 800ms±400ms}}]
//	  - at: 1m
//	    name: restart
//	    for: 30s
//	    rules: [{on: {at: {after: 0s, stagger: 2s}}, do: {close: {code: 1012, reason: restart}}}]
//	  - then: recovery
//
// A phase begins at a time, or then: when the one before it ends. It says everything
// that is wrong, with the path of each problem.
func Parse(tree any) (Scenario, error) {
	var s Scenario
	err := schema.Decode(tree, func(n schema.Node) { s = Decode(n) })
	return s, err
}

// Decode is [Parse] for a part of a larger document. What is wrong is recorded at the
// node, and the result is then of no use.
func Decode(n schema.Node) Scenario {
	if n.IsNull() {
		n.Fail("want a scenario such as {phases: [{at: 0s, name: healthy}, {at: 30s, name: outage, rules: [{do: refuse}]}]}, got nothing")
		return Scenario{}
	}
	n.Only("name", "preset", "phases")
	s := Scenario{Name: n.At("name").String(), Preset: decodePreset(n.At("preset"))}
	phases := n.Required("phases")
	list := phases.List()
	for i, each := range list {
		s.Phases = append(s.Phases, decodePhase(each, i == 0))
	}
	if n.Failed() {
		return s
	}
	_, err := s.spans()
	var w *wrong
	switch {
	case errors.As(err, &w):
		at := list[w.phase]
		if key := at.At(w.key); key.Exists() {
			at = key
		} else if then := at.At("then"); w.key == "name" && then.Exists() {
			at = then
		}
		at.Fail("%s", w.text)
	case err != nil:
		phases.Fail("%v", err)
	}
	return s
}

func decodePhase(n schema.Node, first bool) Phase {
	n.Only("at", "then", "name", "for", "rules", "preset", "reload", "shutdown", "drain")
	p := Phase{
		Name:     n.At("name").String(),
		At:       n.At("at").Duration(),
		For:      n.At("for").Duration(),
		Preset:   decodePreset(n.At("preset")),
		Reload:   n.At("reload").Bool(),
		Shutdown: n.At("shutdown").Bool(),
		Drain:    n.At("drain").Duration(),
	}
	switch then := n.At("then"); {
	case then.Exists() && n.At("at").Exists():
		then.Fail("a phase begins at a time, or then, when the one before it ends: leave one of them out")
	case then.Exists() && n.At("name").Exists():
		then.Fail("then names the phase: leave name out")
	case then.Exists() && first:
		then.Fail("nothing is before the first phase: say when it begins, such as at: 0s, and its name")
	case then.Exists():
		p.Name = then.String()
		if p.Name == "" && !then.Failed() {
			then.Fail("want the name of the phase, got nothing")
		}
	default:
		n.Required("at")
		n.Required("name")
	}
	if !first && n.At("at").Exists() && !n.At("at").Failed() && p.At == 0 {
		n.At("at").Fail("only the first phase begins at 0s; want a later time, or then: NAME for when the phase before it ends")
	}
	for _, each := range n.At("rules").OneOrMany() {
		p.Rules = append(p.Rules, faultproxy.DecodeRule(each))
	}
	return p
}

func decodePreset(n schema.Node) *middlebox.Preset {
	if !n.Exists() {
		return nil
	}
	text := n.String()
	if n.Failed() {
		return nil
	}
	preset, err := middlebox.Parse(text)
	if err != nil {
		n.Fail("%v", err)
		return nil
	}
	return &preset
}

// Tree returns the scenario as a tree that [Parse] reads back. The error names what cannot
// be written: a Go function, or a preset whose fields were changed in Go.
func (s Scenario) Tree() (any, error) {
	phases := []any{}
	for i, p := range s.Phases {
		tree := map[string]any{}
		switch {
		case i > 0 && p.At == 0:
			tree["then"] = p.Name
		default:
			tree["at"], tree["name"] = p.At.String(), p.Name
		}
		for key, d := range map[string]time.Duration{"for": p.For, "drain": p.Drain} {
			if d != 0 {
				tree[key] = d.String()
			}
		}
		for key, yes := range map[string]bool{"reload": p.Reload, "shutdown": p.Shutdown} {
			if yes {
				tree[key] = true
			}
		}
		if err := putPreset(tree, p.Preset); err != nil {
			return nil, fmt.Errorf("phase %q: %w", p.Name, err)
		}
		var rules []any
		for _, r := range p.Rules {
			rule, err := r.Tree()
			if err != nil {
				return nil, err
			}
			rules = append(rules, rule)
		}
		if rules != nil {
			tree["rules"] = rules
		}
		phases = append(phases, tree)
	}
	tree := map[string]any{"phases": phases}
	if s.Name != "" {
		tree["name"] = s.Name
	}
	if err := putPreset(tree, s.Preset); err != nil {
		return nil, err
	}
	return tree, nil
}

// putPreset writes a preset, if that can be: [middlebox.Parse] has to read it back.
func putPreset(tree map[string]any, p *middlebox.Preset) error {
	if p == nil {
		return nil
	}
	text, err := p.Text()
	if err != nil {
		return err
	}
	tree["preset"] = text
	return nil
}
