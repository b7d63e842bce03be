package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// effect is something lasting that a rule did to a direction.
type effect struct{ rule ruleRef }

func deadline(d time.Duration) time.Time { return time.Now().Add(d) }

// each calls f for every direction in dir.
func (l *link) each(dir frame.Direction, f func(*lane)) {
	if dir.Has(frame.ToServer) {
		f(&l.up)
	}
	if dir.Has(frame.ToClient) {
		f(&l.down)
	}
}

// hold silences a direction on behalf of a rule, for d if d is above zero.
func (l *link) hold(dir frame.Direction, rule ruleRef, d time.Duration) {
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		o := &ln.out
		first := len(o.holds) == 0
		if had(o.holds, rule) {
			ln.mu.Unlock()
			return
		}
		o.holds = append(o.holds, effect{rule})
		if first {
			l.record(timeline.Record{Kind: timeline.KindSilence, Dir: ln.dir, Rule: rule})
		}
		ln.mu.Unlock()
	})
	if d > 0 {
		l.after(d, func() { l.heal(dir, rule) })
	}
}

// discard swallows a direction's frames on behalf of a rule, for d if d is above zero.
func (l *link) discard(dir frame.Direction, rule ruleRef, d time.Duration) {
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		if !had(ln.out.discards, rule) {
			ln.out.discards = append(ln.out.discards, effect{rule})
		}
	})
	if d > 0 {
		l.after(d, func() { l.heal(dir, rule) })
	}
}

// heal takes back what a rule did to a direction; rule 0 stands for all rules.
// What was held goes out, in order.
func (l *link) heal(dir frame.Direction, rule ruleRef) {
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		o := &ln.out
		o.discards = without(o.discards, rule)
		if len(o.holds) == 0 {
			return
		}
		if o.holds = without(o.holds, rule); len(o.holds) > 0 {
			return
		}
		l.record(timeline.Record{Kind: timeline.KindHeal, Dir: ln.dir, Rule: rule})
		o.makeRoom()
		ln.kick()
	})
}

func had(list []effect, rule ruleRef) bool {
	for _, e := range list {
		if e.rule == rule {
			return true
		}
	}
	return false
}

func without(list []effect, rule ruleRef) []effect {
	var rest []effect
	for _, e := range list {
		if rule != 0 && e.rule != rule {
			rest = append(rest, e)
		}
	}
	return rest
}

// touch notes that bytes arrived from the lane's source, unless it is silenced.
func (ln *lane) touch(at time.Duration) {
	ln.mu.Lock()
	silenced := len(ln.out.holds) > 0
	ln.mu.Unlock()
	if silenced {
		return
	}
	ln.l.active[dirIndex(ln.dir)].Store(int64(at))
	if lazies := ln.l.lazies.Load(); lazies != nil {
		for _, z := range *lazies {
			z.touch(ln.dir, at)
		}
	}
}
