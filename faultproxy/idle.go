package faultproxy

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// lazyIdle is the deadline of an idle timer that is only moved when that is worth it.
type lazyIdle struct {
	by       frame.Direction
	d, lazy  time.Duration
	deadline atomic.Int64
}

func (z *lazyIdle) touch(dir frame.Direction, at time.Duration) {
	if !z.by.Has(dir) {
		return
	}
	if next := at + z.d; next-time.Duration(z.deadline.Load()) >= z.lazy {
		z.deadline.Store(int64(next))
	}
}

// A rule that an idle time pulls and whose fault lasts has nothing to add to it while
// the connection stays as idle as it is. So it rests: until a silence or the like has
// ended, and for good if it ended a side. One that only sent something does not.

// ends reports whether something that was done ends a side, sooner or later.
func ends(acts []act) bool {
	return slices.ContainsFunc(acts, func(a act) bool { return a.kind == actEnd || a.kind == actClose })
}

// idleAgain makes idle rules of a name count from a time on, unless what they did to
// the connection lasts.
func (l *link) idleAgain(rule ruleRef, from time.Duration) {
	lasts := false
	l.each(frame.Both, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		lasts = lasts || len(ln.out.rulesOf(func(e effect) bool { return e.rule == rule })) > 0
	})
	if lasts {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.timed {
		if s.rests && s.a.id == rule {
			s.rests, s.base = false, max(s.base, from)
			l.setTimer()
		}
	}
}

// rulesOf returns the rules behind effects that last. The mutex is held.
func (o *outlet) rulesOf(which func(effect) bool) []ruleRef {
	var rules []ruleRef
	for _, list := range [3][]effect{o.holds, o.discards, o.frozen} { // what is forgotten is held
		for _, e := range list {
			if which(e) {
				rules = append(rules, e.rule)
			}
		}
	}
	return rules
}
