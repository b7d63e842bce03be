package faultproxy

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Rules of the proxy's own time that need no connection.

// wind sets the proxy's timer to the next rule of its own time. The mutex is held.
func (p *Proxy) wind() {
	if !p.started || p.closing {
		return
	}
	next := time.Duration(-1)
	for _, a := range p.rules.Load().proxied {
		if d := p.nextTurn(a); d >= 0 && (next < 0 || d < next) {
			next = d
		}
	}
	if p.clock != nil {
		p.clock.Stop()
	}
	if next >= 0 {
		p.clock = time.AfterFunc(max(next-p.Timeline.Now(), 0), p.strike)
	}
}

// nextTurn says when a rule comes next; negative is never. The mutex is held.
func (p *Proxy) nextTurn(a *armed) time.Duration {
	return a.On.(Timing).turn(p.zero(a), p.zero(a), a.turns)
}

// zero is when a rule of the proxy's time begins to count.
func (p *Proxy) zero(a *armed) time.Duration { return max(p.startedAt, a.added) }

// strike asks the rules whose time has come.
func (p *Proxy) strike() {
	if !p.enter() {
		return
	}
	defer p.leave()
	now := p.Timeline.Now()
	var due []*armed
	p.mu.Lock()
	for _, a := range p.rules.Load().proxied {
		if d := p.nextTurn(a); d >= 0 && d <= now {
			a.turns++
			due = append(due, a)
		}
	}
	p.mu.Unlock()
	for _, a := range due {
		plan := &Plan{stage: StageProxy, at: now, proxy: p}
		if p.askOne(a, plan, 0) && a.Final {
			break
		}
	}
	p.mu.Lock()
	p.wind()
	p.mu.Unlock()
}

// askOne asks a rule of a moment that is no connection's, and reports whether it acted.
func (p *Proxy) askOne(a *armed, plan *Plan, dir frame.Direction) bool {
	if !a.inWindow(plan.at) {
		return false
	}
	a.seen.Add(1)
	a.mu.Lock()
	if a.chance == nil {
		a.chance = p.stream(a.Name, 0, 2)
	}
	chance := a.chance
	ok := a.admits(&a.counter, chance) && plan.apply(a, chance)
	if ok {
		a.counter.fired++
	}
	a.mu.Unlock()
	r := timeline.Record{At: plan.at, Rule: a.id, Dir: dir}
	switch {
	case ok:
		a.fired.Add(1)
		r.Kind, r.Fields = timeline.KindFault, []timeline.Field{{Name: "does", Value: a.Do.String()}}
	case plan.why != "":
		r.Kind, r.Fields = timeline.KindNotApplied, []timeline.Field{{Name: "why", Value: plan.why}}
	default:
		return false
	}
	p.Timeline.Append(r)
	for _, act := range plan.acts {
		p.takeDown(act.down, a.id)
	}
	plan.acts = nil
	return ok
}

// apply lets a rule edit the plan of a moment that is no connection's, and reports
// whether that changed anything.
func (p *Plan) apply(a *armed, chance *rand.Rand) bool {
	before := *p
	p.rule, p.why, p.changed = a.id, "", false
	p.rand = func() *rand.Rand { return chance }
	a.Do.Apply(p)
	if why := p.why; why != "" {
		*p = before
		p.why = why
		return false
	}
	return p.changed
}

// rank is a connection's place among those that a rule acts on at a time, in the order
// of their numbers. The first that asks takes the roll, before any of them has acted.
func (p *Proxy) rank(a *armed, turn int, l *link) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.roll == nil || a.rollOf != turn {
		a.roll, a.rollOf = nil, turn
		for _, other := range p.live() {
			if other.refs.Load() > 0 && other.selected(a) {
				a.roll = append(a.roll, other.num)
			}
		}
		slices.Sort(a.roll)
	}
	return max(slices.Index(a.roll, l.num), 0)
}
