package faultproxy

import (
	"math"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// effect is something lasting that a rule did to a direction.
type effect struct {
	rule  ruleRef
	until time.Duration
}

// forGood is the end of an effect that lasts until it is healed.
const forGood = time.Duration(math.MaxInt64)

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
	until := l.until(d)
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		o := &ln.out
		if len(o.holds) == 0 {
			l.record(timeline.Record{Kind: timeline.KindSilence, Dir: ln.dir, Rule: rule})
		}
		o.holds = with(o.holds, effect{rule, until})
	})
	l.lasts(dir, rule, d)
}

// discard swallows a direction's frames on behalf of a rule, for d if d is above zero.
func (l *link) discard(dir frame.Direction, rule ruleRef, d time.Duration) {
	until := l.until(d)
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		ln.out.discards = with(ln.out.discards, effect{rule, until})
	})
	l.lasts(dir, rule, d)
}

// freeze stops reading what travels in a direction on behalf of a rule, for d if d is
// above zero.
func (l *link) freeze(dir frame.Direction, rule ruleRef, d time.Duration) {
	until := l.until(d)
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		if len(ln.out.frozen) == 0 {
			l.record(timeline.Record{Kind: timeline.KindSilence, Dir: ln.dir, Rule: rule,
				Fields: []timeline.Field{{Name: "how", Value: "frozen"}}})
		}
		ln.out.frozen = with(ln.out.frozen, effect{rule, until})
	})
	l.lasts(dir, rule, d)
}

func (l *link) until(d time.Duration) time.Duration {
	if d > 0 {
		return l.tl.Now() + d
	}
	return forGood
}

// lasts sees to the end of an effect that began just now.
func (l *link) lasts(dir frame.Direction, rule ruleRef, d time.Duration) {
	if d > 0 {
		l.after(d, func() {
			now := l.tl.Now()
			l.end(dir, func(e effect) bool { return e.rule == rule && e.until <= now })
		})
	}
	if !l.p.inForce(rule) { // removed meanwhile, when there was nothing to heal yet
		l.heal(dir, rule)
	}
}

// heal takes back what a rule did to a direction; rule 0 stands for all rules.
func (l *link) heal(dir frame.Direction, rule ruleRef) {
	l.end(dir, func(e effect) bool { return rule == 0 || e.rule == rule })
}

// end ends effects. What was held goes out, in order, when nothing holds it any more.
func (l *link) end(dir frame.Direction, over func(effect) bool) {
	var ended []ruleRef
	l.each(dir, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		o := &ln.out
		ended = append(ended, o.rulesOf(over)...)
		o.remember(func(r ruleRef) bool { return over(effect{r, forGood}) })
		held, discarded, frozen := ln.lift(&o.holds, over), ln.lift(&o.discards, over), ln.lift(&o.frozen, over)
		if held || discarded || frozen {
			o.makeRoom()
			ln.kick()
		}
	})
	for _, rule := range ended {
		l.idleAgain(rule, l.tl.Now())
	}
}

// lift takes effects off a list and reports, and records, that it became empty.
// The mutex is held.
func (ln *lane) lift(list *[]effect, over func(effect) bool) bool {
	var rest []effect
	var last ruleRef
	for _, e := range *list {
		if over(e) {
			last = e.rule
		} else {
			rest = append(rest, e)
		}
	}
	empty := len(*list) > 0 && len(rest) == 0
	*list = rest
	if empty {
		ln.l.record(timeline.Record{Kind: timeline.KindHeal, Dir: ln.dir, Rule: last})
	}
	return empty
}

// with adds an effect to a list; a rule that is on it already lasts as long as the
// longer of the two.
func with(list []effect, e effect) []effect {
	for i := range list {
		if list[i].rule == e.rule {
			list[i].until = max(list[i].until, e.until)
			return list
		}
	}
	return append(list, e)
}

// arrival returns when the bytes that were just read count as arrived: when nothing
// keeps them from being read.
func (ln *lane) arrival() time.Duration {
	for {
		at := ln.l.tl.Now()
		ln.l.overtaken(at)
		if ln.touch(at) {
			return at
		}
		ln.awaitSpace()
	}
}

// awaitThaw keeps the end of a source that is frozen from being noticed.
func (ln *lane) awaitThaw() {
	ln.mu.Lock()
	frozen := len(ln.out.frozen) > 0
	ln.mu.Unlock()
	if frozen {
		ln.awaitSpace()
	}
}

// touch notes that bytes arrived from the lane's source, unless it is silenced; false
// means that it is frozen.
func (ln *lane) touch(at time.Duration) bool {
	ln.mu.Lock()
	silenced := len(ln.out.holds) > 0
	frozen := len(ln.out.frozen) > 0 && !ln.out.sink
	ln.mu.Unlock()
	if silenced || frozen {
		return !frozen
	}
	ln.l.active[dirIndex(ln.dir)].Store(int64(at))
	if lazies := ln.l.lazies.Load(); lazies != nil {
		for _, z := range *lazies {
			z.touch(ln.dir, at)
		}
	}
	return true
}
