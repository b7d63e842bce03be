package middlebox

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Configure makes a proxy behave like the middlebox, in the place of the one before;
// [faultproxy.Proxy.Use] calls it. Timers of live connections count from then.
func (p Preset) Configure(proxy *faultproxy.Proxy) error {
	rules := slices.Clone(p.Rules)
	for _, t := range p.Timers {
		if p.counts(t) {
			rules = append(rules, faultproxy.Rule{Name: p.Name + "/" + t.Name, On: t.trigger(), Do: t.Do})
		}
	}
	return proxy.Become(faultproxy.Box{Behavior: p.behavior(), Rules: rules})
}

// counts reports whether a timer is on.
func (p Preset) counts(t Timer) bool {
	other, _ := p.timer(t.Without)
	return t.For > 0 && other.For == 0
}

// timer returns the timer of that name, and whether there is one.
func (p Preset) timer(name string) (Timer, bool) {
	for _, t := range p.Timers {
		if t.Name == name {
			return t, true
		}
	}
	return Timer{}, false
}

// behavior is Behavior with the times that timers set.
func (p Preset) behavior() faultproxy.Behavior {
	b := p.Behavior
	b.Name = p.Name
	for _, t := range p.Timers {
		if t.Handshake && b.HandshakeTimeout == 0 && t.For > 0 {
			b.HandshakeTimeout = t.For + t.HandshakeLate
		}
		if t.Send && b.SendTimeout == 0 && t.For > 0 {
			b.SendTimeout = t.For + t.Delay
		}
	}
	return b
}

// trigger is when the timer fires.
func (t Timer) trigger() frame.Trigger {
	d := t.For + t.Delay
	on := faultproxy.Elapsed(d)
	if !t.Lifetime && t.Lazy < d {
		on = faultproxy.Idle(d).Lazy(t.Lazy)
		if t.ResetBy != 0 {
			on = on.ResetBy(t.ResetBy)
		}
	}
	if t.Early != 0 || t.Late != 0 {
		on = on.Off(min(t.Early, d-time.Nanosecond), t.Late)
	}
	return on
}

// WithIdle returns a copy whose timer "idle" runs for d. A preset without one gets
// one, which closes both sides without a Close frame when no byte has travelled
// either way for so long. 0 turns it off.
func (p Preset) WithIdle(d time.Duration) Preset {
	return p.with(Timer{Name: "idle", For: d, Do: upstreamFirst})
}

// WithLifetime returns a copy whose timer "lifetime" runs for d. A preset without one
// gets one, which closes both sides without a Close frame d after the 101, whatever
// the traffic. 0 turns it off.
func (p Preset) WithLifetime(d time.Duration) Preset {
	return p.with(Timer{Name: "lifetime", For: d, Lifetime: true, Do: upstreamFirst})
}

// with returns a copy in which the timer of that name runs for so long, or t itself is
// one more.
func (p Preset) with(t Timer) Preset {
	p.Timers = slices.Clone(p.Timers)
	for i := range p.Timers {
		if p.Timers[i].Name == t.Name {
			p.Timers[i].For = t.For
			return p
		}
	}
	p.Timers = append(p.Timers, t)
	return p
}
