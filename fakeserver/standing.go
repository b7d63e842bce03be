package fakeserver

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// On runs its steps for every frame that the match selects, or every time that an
// event of package timeline happens, as long as the connection lasts. It is a
// standing order: it sees frames without consuming them, and its steps run in a
// queue of their own, beside the script. An On that is about Closes by opcode takes
// the place of the automatic echo; [EchoClose] sends it. What came before the place
// where it stands is none of its business.
func On(event frame.Trigger, steps ...Step) Step {
	s := step{text: "On(" + show(event), source: caller(0), kind: orders, inner: steps}
	if len(steps) > 0 {
		s.text += ", " + join(steps)
	}
	s.text += ")"
	if !canWait(event) {
		s.wrong = badTrigger(event)
	} else if on, ok := event.(frame.Match); ok {
		s.do = func(r *run) error { r.onFrame(on, s.text, steps); return nil }
	} else if on, ok := event.(timeline.Moment); ok {
		s.do = func(r *run) error {
			rank, seq := r.c.newOrder(), r.seq
			r.c.goes(s.text, func() { r.c.onEvent(on, rank, seq, steps) })
			return nil
		}
	}
	return onStep{s, event}
}

// onStep is an On, whose steps answer what it is about.
type onStep struct {
	played step
	event  frame.Trigger
}

func (s onStep) String() string { return s.played.text }
func (s onStep) step() step     { return s.played }

// onFrame has the steps run for frames: at once where none of them waits.
func (r *run) onFrame(m frame.Match, text string, steps []Step) {
	c, rank := r.c, r.c.newOrder()
	o := &order{match: m, replaces: isAbout(m, frame.OpClose) && m.Needs().Opcodes.Has(frame.OpClose)}
	prompt := !slices.ContainsFunc(steps, func(s Step) bool { return !s.step().isInline() })
	answer := func(it item) bool {
		return (&run{c: c, order: true, rank: rank, last: &it.frame, heard: it.n, seq: c.s.Timeline.Last() + 1}).finish(steps)
	}
	switch {
	case len(steps) == 0:
	case prompt:
		o.act = func(it *item) { answer(*it) }
	default:
		queue := newFeed()
		o.act = func(it *item) { queue.push(item{frame: it.frame, n: it.n}) }
		c.goes(text, func() {
			for {
				it, err := queue.await(c.over)
				var lost lostError
				if errors.As(err, &lost) {
					c.judge(fmt.Errorf("%s: %w", text, err))
				}
				if err != nil || !answer(it) {
					return
				}
			}
		})
	}
	c.addOrder(o, r.heard)
}

// isInline reports whether a step can run while a frame is handed out.
func (s step) isInline() bool {
	switch s.kind {
	case sends, answers, hearsClose, ends:
		return true
	}
	return false
}

// onEvent runs the steps for every event from that one on.
func (c *Conn) onEvent(m timeline.Moment, rank, seq int, steps []Step) {
	for {
		e, err := c.s.View().From(seq).Wait(c.Context(), m)
		if err != nil {
			return
		}
		seq = e.Seq + 1
		if !(&run{c: c, order: true, rank: rank, seq: seq, heard: c.now()}).finish(steps) {
			return
		}
	}
}

// Every runs its steps every d, the first time after d. It is a standing order.
// When the steps take longer than d, they run again at once.
func Every(d time.Duration, steps ...Step) Step {
	s := step{text: fmt.Sprintf("Every(%v, %s)", d, join(steps)), source: caller(0), kind: orders, inner: steps}
	switch {
	case d <= 0:
		s.wrong = errNoTime
	case len(steps) == 0:
		s.wrong = errEmpty
	}
	s.do = func(r *run) error {
		r.c.every(s.text, d, func(order *run, _ int) error { return order.play(steps) })
		return nil
	}
	return s
}

// every runs f, with its number, every d until it fails or the connection is over.
func (c *Conn) every(text string, d time.Duration, f func(r *run, n int) error) {
	r := &run{c: c, order: true, rank: c.newOrder()}
	next := time.Now()
	c.goes(text, func() {
		defer r.rest()
		for n := 1; ; n++ {
			next = next.Add(d)
			if r.sleep(time.Until(next)) != nil {
				return
			}
			if err := f(r, n); err != nil {
				c.judge(err)
				return
			}
		}
	})
}

// WhenIdle runs its steps, once, when for d no byte has passed in the directions
// that count: frame.ToServer for what the client sends, frame.ToClient for what the
// server sends, frame.Both for either. It is a standing order; the time runs from
// where it stands. WhenIdle(time.Minute, frame.ToServer, Fin()) cuts a client that
// only listens, whatever the server sends.
func WhenIdle(d time.Duration, counts frame.Direction, steps ...Step) Step {
	s := step{text: fmt.Sprintf("WhenIdle(%v, %v, %s)", d, counts, join(steps)), source: caller(0), kind: orders, inner: steps}
	switch {
	case d <= 0:
		s.wrong = errNoTime
	case counts == 0:
		s.wrong = errors.New("nothing counts: use frame.ToServer, frame.ToClient or frame.Both")
	case len(steps) == 0:
		s.wrong = errEmpty
	}
	s.do = func(r *run) error {
		c, begun := r.c, r.c.s.Timeline.Now()
		order := &run{c: c, order: true, rank: c.newOrder()}
		c.goes(s.text, func() {
			defer order.rest()
			for {
				idle := c.s.Timeline.Now() - max(begun, c.lastActive(counts))
				if idle >= d {
					order.finish(steps)
					return
				}
				if order.sleep(d-idle) != nil {
					return
				}
			}
		})
		return nil
	}
	return s
}

// lastActive is when a byte last passed in one of the directions.
func (c *Conn) lastActive(counts frame.Direction) time.Duration {
	var last int64
	if counts.Has(frame.ToServer) {
		last = c.lastIn.Load()
	}
	if counts.Has(frame.ToClient) {
		last = max(last, c.lastOut.Load())
	}
	return time.Duration(last)
}

// Ignore has the server take no notice of the frames that the match selects: no
// automatic answer, and neither Expect, WaitFor nor Next sees them. It is a standing
// order.
func Ignore(m frame.Match) Step {
	s := step{text: fmt.Sprintf("Ignore(%s)", show(m)), source: caller(0), kind: orders, do: func(r *run) error {
		r.c.addOrder(&order{match: m, replaces: true, drops: true}, r.heard)
		return nil
	}}
	if isNil(m) {
		s.wrong = errNothing
	}
	return s
}
