package faultproxy

import (
	"fmt"
	"slices"
)

// Summary says, in lines for a person, what should be known of a proxy's run
// besides its timeline: the seed, the rules that never fired, and whether clients
// seem to have gone past it.
func (p *Proxy) Summary() []string {
	lines := []string{fmt.Sprintf("seed %d", p.Seed)}
	for _, s := range p.unfired() {
		if accusable(s) {
			lines = append(lines, fmt.Sprintf("rule %q never fired: %s", s.Rule.Name, reason(s)))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plain > 0 && !p.upgraded {
		lines = append(lines, fmt.Sprintf("%d plain HTTP requests came through and no WebSocket upgrade: "+
			"does the client look its socket's URL up, and connect past the proxy?", p.plain))
	}
	return lines
}

// accusable reports whether a rule that never fired deserves a line. Rules that
// wait for time are right not to fire on a connection that behaves.
func accusable(s Status) bool {
	stage, _ := stageOf(s.Rule.On)
	return s.Rule.Expect == Fired || stage != StageTime
}

// unfired lists the rules that never acted, those that are no longer in force last, and
// none of a middlebox.
func (p *Proxy) unfired() (list []Status) {
	var all []*armed
	if rules := p.rules.Load(); rules != nil {
		all = append(all, rules.all...)
	}
	p.mu.Lock()
	all = append(all, p.parted...)
	p.mu.Unlock()
	for _, a := range all {
		if a.fired.Load() == 0 && !a.boxed {
			list = append(list, Status{a.Rule, int(a.seen.Load()), 0})
		}
	}
	return list
}

// part remembers the rules that are taken away without having acted, once for each
// name. The mutex is held.
func (p *Proxy) part(notes []note) {
	for _, n := range notes {
		p.parted = slices.DeleteFunc(p.parted, func(a *armed) bool { return a.Name == n.a.Name })
		if n.word == "removed" && n.a.fired.Load() == 0 {
			p.parted = append(p.parted, n.a)
		}
	}
}

// unmet lists the rules that had to fire and did not.
func (p *Proxy) unmet() (errs []error) {
	for _, s := range p.unfired() {
		if s.Rule.Expect == Fired {
			errs = append(errs, &UnmetError{s.Rule.Name, reason(s)})
		}
	}
	return errs
}

// UnmetError says that a rule that had to fire never did.
type UnmetError struct {
	Rule string // its name
	Why  string // in words
}

func (e *UnmetError) Error() string {
	return fmt.Sprintf("faultproxy: rule %q had to fire and never did: %s", e.Rule, e.Why)
}

func reason(s Status) string {
	t, timed := s.Rule.On.(Timing)
	switch {
	case s.Seen > 0:
	case timed && t.kind == at:
		return fmt.Sprintf("the proxy did not run that long (%v), or had no connection then (%v)", s.Rule.On, s.Rule.Conns)
	case timed:
		return fmt.Sprintf("no connection got as far as %v (%v)", s.Rule.On, s.Rule.Conns)
	case s.Rule.On == nil:
		return fmt.Sprintf("there was nothing it could act on (%v)", s.Rule.Conns)
	default:
		return fmt.Sprintf("nothing matched %v on %v", s.Rule.On, s.Rule.Conns)
	}
	return fmt.Sprintf("it matched %s, but Skip, Times, OneIn, Spare or its window kept it from acting", times(s.Seen))
}
