package randomfaults

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// step is something that is done to the client, or that it is made to do.
type step struct {
	at time.Duration
	do func(*run) string // says what it did to it; empty: nothing
}

// plan draws what will happen: faults, which may overlap, and messages.
func plan(chance *rand.Rand) []step {
	p := planner{chance: chance}
	for at := p.pause(); at < length; at += p.pause() {
		p.at = at
		pick(chance, kinds)(&p)
	}
	p.messages()
	slices.SortFunc(p.steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return p.steps
}

// planner draws one fault after the other.
type planner struct {
	chance *rand.Rand
	steps  []step
	at     time.Duration // when the fault in hand happens
	rules  int
}

func (p *planner) pause() time.Duration { return between(p.chance, 3*time.Second, 50*time.Second) }

// then adds a step, that much later than the fault began.
func (p *planner) then(after time.Duration, do func(*run) string) {
	if at := p.at + after; at < length {
		p.steps = append(p.steps, step{at, do})
	}
}

// messages has the client talk: now a lot, now for minutes not at all.
func (p *planner) messages() {
	n := 0
	for at := time.Second; at < length; at += between(p.chance, 0, 2*time.Minute) {
		for range p.chance.IntN(12) {
			n++
			text := fmt.Sprint("message ", n)
			p.at = at
			p.then(0, func(r *run) string { r.client.Send(text); return "" })
			at += between(p.chance, 50*time.Millisecond, 4*time.Second)
		}
	}
}

// now does something to every connection there is.
func (p *planner) now(text string, do func(faultproxy.Conn) error) {
	p.then(0, func(r *run) string {
		done := ""
		for _, c := range r.proxy.Conns() {
			if do(c) == nil {
				done = text
			}
		}
		return done
	})
}

// rule puts a rule in force for some time. With cut, connections are reset then, so
// that the client has to make an attempt.
func (p *planner) rule(most time.Duration, cut bool, rule faultproxy.Rule) {
	p.rules++
	rule.Name = fmt.Sprintf("fault %d", p.rules)
	lasts := between(p.chance, time.Second, most)
	p.then(0, func(r *run) string {
		if err := r.proxy.Add(rule); err != nil {
			panic(err) // the kinds are all valid
		}
		return fmt.Sprintf("%v for %v", rule, lasts.Round(time.Millisecond))
	})
	p.then(lasts, func(r *run) string { r.proxy.Remove(rule.Name); return "" })
	if cut {
		p.now("cut", faultproxy.Conn.Reset)
	}
}

// silence holds a direction of what is connected, and heals it later.
func (p *planner) silence(dir frame.Direction) {
	lasts := between(p.chance, time.Second, time.Minute)
	p.now(fmt.Sprintf("silence %v for %v", dir, lasts.Round(time.Millisecond)),
		func(c faultproxy.Conn) error { return c.Silence(dir) })
	p.then(lasts, func(r *run) string {
		for _, c := range r.proxy.Conns() {
			_ = c.Heal()
		}
		return ""
	})
}
