package faultproxy

import (
	"errors"
	"fmt"
)

// Middlebox is a preset: what a real proxy or load balancer does by default. See
// package middlebox.
type Middlebox interface {
	// Configure makes the proxy behave like the middlebox, by [Proxy.Become].
	Configure(p *Proxy) error
}

// Use makes the proxy behave like a middlebox, in the place of the one it behaved like
// before.
func (p *Proxy) Use(m Middlebox) error {
	if m == nil {
		return p.report(errors.New("Use: the middlebox is nil; to behave like none, Become(Box{})"))
	}
	return p.report(m.Configure(p))
}

// Box is what a middlebox is to a proxy. The zero value is none.
type Box struct {
	Behavior Behavior
	// Rules are what it does besides. They are never accused of not having fired.
	Rules []Rule
}

// Become puts a box in the place of the one before, and leaves all other rules as they
// are. The new rules stand behind them. An error says what is wrong with each rule;
// then nothing has changed.
func (p *Proxy) Become(b Box) error {
	return p.report(p.change(func(list []*armed) ([]*armed, []note, error) {
		var kept []*armed
		var notes []note
		for _, a := range list {
			if a.boxed {
				notes = append(notes, note{"removed", a})
			} else {
				kept = append(kept, a)
			}
		}
		var errs []error
		taken := namesOf(kept)
		for _, r := range b.Rules {
			r.Name = nameFor(r, taken)
			a, err := p.arm(r)
			if err == nil && taken[r.Name] {
				err = fmt.Errorf("rule %q: there is one of this name besides; call that one otherwise", r.Name)
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			a.boxed = true
			taken[r.Name] = true
			kept = append(kept, a)
			notes = append(notes, note{"added", a})
		}
		if err := errors.Join(errs...); err != nil {
			return nil, nil, err
		}
		p.Behave(b.Behavior)
		return kept, notes, nil
	}))
}

// Box returns the middlebox that the proxy behaves like: what [Proxy.Become] and
// [Proxy.Behave] set, with what became of its rules since.
func (p *Proxy) Box() Box {
	b := Box{Behavior: *p.conduct()}
	if rules := p.rules.Load(); rules != nil {
		for _, a := range rules.all {
			if a.boxed {
				b.Rules = append(b.Rules, a.Rule)
			}
		}
	}
	return b
}
