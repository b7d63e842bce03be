package middlebox

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Reload returns the rules that do to a proxy, from the moment they are added on, what
// loading a new configuration does: p.Add(box.Reload()...). There are none if nobody
// notices.
//
// They are named "caddy/reload" and so on, and two rules of one name cannot be in force.
// Before another reload take them away with [faultproxy.Proxy.Remove], which also calls
// off ends that are still to come, as 240 s after a reload of ingress-nginx. To let
// those come give the rules of the other reload names of their own: rules[0].Name +=
// "-2".
func (p Preset) Reload() []faultproxy.Rule { return p.rules("reload", p.OnReload) }

// Shutdown returns the rules that do what stopping the middlebox does, as Reload.
func (p Preset) Shutdown() []faultproxy.Rule { return p.rules("shutdown", p.OnShutdown) }

// Drain returns the rules of a graceful stop that ends the connections which are still
// there after d. New ones are refused from the beginning. What relays packets stops in
// no such way: there are no rules.
func (p Preset) Drain(d time.Duration) []faultproxy.Rule { return p.rules("drain", p.drained(d)) }

// drained is what a graceful stop does that waits for d.
func (p Preset) drained(d time.Duration) Stop {
	s := p.OnShutdown
	if !s.Refuse && !s.Hang { // a relay
		return s
	}
	s.Survive, s.Refuse, s.Hang, s.After, s.Late = false, true, false, d, 0
	if p.DrainDo != nil {
		s.Do = p.DrainDo
	}
	return s
}

// rules are those of a Stop.
func (p Preset) rules(what string, s Stop) []faultproxy.Rule {
	var rules []faultproxy.Rule
	name := p.Name + "/" + what
	ends := !s.Survive && s.Do != nil
	if s.Refuse {
		rules = append(rules, faultproxy.Rule{Name: name + "-port", On: faultproxy.At(0), Do: faultproxy.Down{}})
	}
	if s.Hang {
		r := faultproxy.Rule{Name: name + "-port", On: faultproxy.Accepted, Do: faultproxy.Hang{}}
		if what == "reload" && ends {
			r.For = s.After + s.Late
		}
		rules = append(rules, r)
	}
	if !ends {
		return rules
	}
	rules = append(rules, faultproxy.Rule{Name: name, On: faultproxy.At(s.After + s.Late).Present(), Do: s.Do})
	return rules
}
