package fakeserver

import (
	"slices"
	"time"
)

// Script is a handler made of steps, which run in order on each connection it
// serves. What [Handshake] brings has to come first: it runs before the 101.
//
// Standing orders ([On], [Every], [WhenIdle], [Beat], [AnswerBeats], [Session],
// [Ignore]) take effect where they stand, return at once and last until the
// connection ends. What a script begins with, up to the first step that waits, is
// done before the client can send anything.
//
// A script that has run out serves on: it reads, answers pings and Closes, and
// keeps its orders. A client that leaves during [Pause] or a sending step ends the
// script, and nothing is wrong. A step that sees the wrong frame, or that the
// client leaves waiting, is a failure at the line of the step, and closes the
// connection with 1011. An Expect or WaitFor that is still waiting when the server
// closes is a failure, too: the client never did what was expected.
//
// A script that could never work (an Expect behind a Reset, a Repeat without end
// that never waits) is refused by Start, with the reason.
func Script(steps ...Step) Handler {
	h := Handler{text: "Script(" + join(steps) + ")", source: caller(0), steps: steps}
	for len(h.steps) > 0 {
		first, ok := h.steps[0].(Handler)
		if !ok || len(first.before) == 0 {
			break
		}
		h.before = append(h.before, first.before...)
		h.steps = h.steps[1:]
	}
	later := slices.IndexFunc(h.steps, func(s Step) bool { return isNil(s) || !s.step().isPrompt() })
	if later < 0 {
		later = len(h.steps)
	}
	first, rest := h.steps[:later], h.steps[later:]
	h.open = func(c *Conn) { c.judge(c.script.play(first)) }
	if len(rest) > 0 {
		h.serve = func(c *Conn) { c.script.finish(rest) }
	}
	return h
}

// isPrompt reports whether a step can be played before the 101 goes out.
func (s step) isPrompt() bool {
	switch s.kind {
	case sends, orders, sendsOrders, ends, passes:
		return true
	case nests:
		return !slices.ContainsFunc(s.inner, func(i Step) bool { return isNil(i) || !i.step().isPrompt() })
	}
	return false
}

// step makes a handler a step of a script: a nested Script, Echo and Silent from
// there on, or a function.
func (h Handler) step() step {
	s := step{text: h.String(), source: h.source, kind: nests, inner: h.steps, wrong: h.wrong}
	switch {
	case s.wrong != nil:
	case len(h.before) > 0:
		s.wrong = errNotFirst
	case h.times > 0, h.waits, h.timed:
		s.wrong = errNested
	case h.pick != nil:
		s.wrong = errChoice
	}
	switch {
	case h.steps != nil:
		s.do = func(r *run) error { return r.play(h.steps) }
	case h.serve != nil:
		s.kind = waits
		s.do = func(r *run) error {
			r.rest()
			h.serve(r.c)
			r.heard = r.c.now()
			return nil
		}
	default:
		s.kind = orders
		s.do = func(r *run) error {
			if h.open != nil {
				h.open(r.c)
			}
			return nil
		}
	}
	return s
}

// PauseStep is a [Pause], for scripts and for handshakes.
type PauseStep struct {
	d      time.Duration
	source source
}

// Pause waits, in a script or, within [Handshake], before the 101. A client that
// leaves meanwhile ends the script or the attempt.
func Pause(d time.Duration) PauseStep { return PauseStep{d, caller(0)} }

// String returns the call that made it.
func (p PauseStep) String() string { return "Pause(" + p.d.String() + ")" }

func (p PauseStep) step() step {
	s := step{text: p.String(), source: p.source, kind: waits, do: p.run}
	switch {
	case p.d < 0:
		s.wrong = errNegative
	case p.d == 0:
		s.kind = passes
	}
	return s
}

func (p PauseStep) run(r *run) error {
	err := r.sleep(p.d)
	r.heard, r.moved = r.c.now(), true
	return err
}

func (p PauseStep) shake(a *attempt) bool {
	a.note(p.String())
	return a.wait(max(p.d, 0))
}

// Loop is a [Repeat].
type Loop struct {
	steps  []Step
	times  int
	source source
}

// Repeat runs its steps again and again until the connection ends, or as often as
// [Loop.Times] says. One without end has to wait somewhere, and nothing can stand
// behind it; a client that leaves between two rounds does not leave it unfinished.
func Repeat(steps ...Step) Loop { return Loop{steps: steps, source: caller(0)} }

// Times says how often the steps run; below 1 is 1.
func (l Loop) Times(n int) Loop { l.times = max(n, 1); return l }

// String returns the call that made it.
func (l Loop) String() string { return "Repeat(" + join(l.steps) + ")" + timesText(l.times) }

func (l Loop) step() step {
	s := step{text: l.String(), source: l.source, kind: loops, inner: l.steps, do: l.run}
	if l.times > 0 {
		s.kind = nests
	}
	if len(l.steps) == 0 {
		s.wrong = errEmpty
	}
	return s
}

func (l Loop) run(r *run) error {
	still := 0 // rounds without end that took no time and heard nothing
	for n := 0; l.times == 0 || n < l.times; n++ {
		begun := time.Now()
		r.between, r.moved = l.times == 0, false
		if err := r.play(l.steps); err != nil {
			return err
		}
		if r.c.Context().Err() != nil {
			return errOver
		}
		if still++; r.moved || time.Now().After(begun) {
			still = 0
		}
		if l.times == 0 && still > maxStill {
			return errSpins
		}
	}
	return nil
}

// maxStill is how many rounds a Repeat without end may stand still. A function in it
// may hear something that a script does not see.
const maxStill = 10_000
