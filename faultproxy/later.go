package faultproxy

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// later is a call of a [Proxy.AfterFunc] that has not been made yet.
type later struct {
	d     time.Duration
	f     func()
	timer *time.Timer // nil until the proxy starts
}

// AfterFunc calls f in a goroutine of its own when d has passed, counted from now or,
// before [Proxy.Start], from the start. A proxy that is closed first calls nothing;
// Close waits for a call in progress, so f must not call Close. stop takes a call back
// that has not begun.
func (p *Proxy) AfterFunc(d time.Duration, f func()) (stop func()) {
	l := &later{d: d, f: f}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closing {
		p.laters = append(p.laters, l)
	}
	if p.started && !p.closing {
		p.schedule(l)
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.takeBack(l)
	}
}

// schedule sets the timer of a call. The mutex is held.
func (p *Proxy) schedule(l *later) {
	l.timer = time.AfterFunc(l.d, func() {
		p.mu.Lock()
		taken := p.takeBack(l)
		p.mu.Unlock()
		if taken && p.enter() {
			defer p.leave()
			l.f()
		}
	})
}

// takeBack forgets a call, and reports whether it was still to be made. The mutex is
// held.
func (p *Proxy) takeBack(l *later) bool {
	i := slices.Index(p.laters, l)
	if i < 0 {
		return false
	}
	p.laters = slices.Delete(p.laters, i, i+1)
	if l.timer != nil {
		l.timer.Stop()
	}
	return true
}

// takeBackAll forgets all calls. The mutex is held.
func (p *Proxy) takeBackAll() {
	for len(p.laters) > 0 {
		p.takeBack(p.laters[0])
	}
}

// Check says what [Proxy.Add] would refuse of these rules, and why; nil if it would add
// each of them. It adds none, and does not ask for their names to differ. Before Start,
// it is not known whether the proxy will have what some rules need, such as TLS; so
// Start checks these rules once more, and fails.
func (p *Proxy) Check(rules ...Rule) error {
	var errs []error
	var good []*armed
	for _, r := range rules {
		r.Name = nameFor(r, nil)
		a, err := p.arm(r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		good = append(good, a)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("faultproxy: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		p.checked = append(p.checked, good...)
	}
	return nil
}
