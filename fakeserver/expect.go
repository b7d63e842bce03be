package fakeserver

import (
	"errors"
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Wait is a step that waits for the client: an [Expect] or a [WaitFor].
type Wait struct {
	on     frame.Trigger
	skips  bool
	times  int
	source source
}

// Expect waits for the client's next frame, which has to be one that the match
// selects; any other is a failure. Frames are those that Expect, WaitFor and
// [Conn.Next] have not had yet. Beats that AnswerBeats answers, and what Session and
// Ignore take care of, are passed over; so are pings, pongs and Closes, which the
// server answers by itself, unless the match is about their opcodes, as
// frame.Op(frame.OpPing) is. Any Close is a failure unless it is what was expected.
func Expect(m frame.Match) Wait { return Wait{on: m, source: caller(0)} }

// WaitFor waits for a frame of the client that the match selects, and skips others;
// or for an event of package timeline, on any connection: one since this connection
// opened that no earlier WaitFor of the script was about, and for timeline.Ended
// also an earlier one. With frames, [Wait.Times] counts them.
func WaitFor(event frame.Trigger) Wait { return Wait{on: event, skips: true, source: caller(0)} }

// Times says how many it waits for; below 1 is 1.
func (w Wait) Times(n int) Wait { w.times = max(n, 1); return w }

// String returns the call that made it.
func (w Wait) String() string {
	verb := "Expect"
	if w.skips {
		verb = "WaitFor"
	}
	return fmt.Sprintf("%s(%s)%s", verb, show(w.on), timesText(w.times))
}

func timesText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(".Times(%d)", n)
}

func (w Wait) step() step {
	s := step{text: w.String(), source: w.source, kind: waits, do: w.run}
	if _, ok := w.on.(frame.Match); ok {
		s.kind = hears
	}
	if !canWait(w.on) {
		s.wrong = badTrigger(w.on)
	}
	return s
}

func (w Wait) run(r *run) error {
	for n := range max(w.times, 1) {
		r.rest()
		var err error
		if m, ok := w.on.(frame.Match); ok {
			err = w.frame(r, m)
		} else {
			err = w.event(r)
		}
		switch {
		case err == nil:
		case errors.Is(err, errOver) || w.times <= 1:
			return err
		default:
			return fmt.Errorf("%w, after %d of %d", err, n, w.times)
		}
		r.between = false
	}
	return nil
}

// frame waits for a frame.
func (w Wait) frame(r *run, m frame.Match) error {
	for {
		it, err := r.c.feed.await(r.c.over)
		if err != nil {
			return r.ended(err)
		}
		f := it.frame
		r.heard, r.moved = it.n, true
		if m.Match(r.c.viewOf(f)) && (w.skips || !it.hidden) {
			r.last = &f
			return nil
		}
		switch {
		case f.Opcode == frame.OpClose && it.answer:
			return errOver // of a Close that the test, or an order, sent
		case f.Opcode == frame.OpClose && r.between:
			return errOver
		case f.Opcode == frame.OpClose:
			return fmt.Errorf("the client sent %v instead", f)
		case w.skips, it.hidden, f.Opcode.IsControl() && !isAbout(m, f.Opcode):
		default:
			return fmt.Errorf("the client sent %v instead", f)
		}
	}
}

// isAbout reports whether a match is about control frames of this kind, rather than
// about frames of any kind.
func isAbout(m frame.Match, op frame.Opcode) bool {
	ops := m.Needs().Opcodes
	return ops.Has(op) && !(ops.Has(frame.OpText) && ops.Has(frame.OpPing) && ops.Has(frame.OpPong) && ops.Has(frame.OpClose))
}

// event waits for an event.
func (w Wait) event(r *run) error {
	from, once := r.seq, timeline.HappensOnce(w.on)
	if once {
		from = 0
	} else {
		r.moved = true
	}
	e, err := r.c.s.View().From(from).Wait(r.c.Context(), w.on)
	if err != nil {
		return r.ended(err)
	}
	if !once {
		r.seq = e.Seq + 1
	}
	r.heard = r.c.now()
	return nil
}

// ended says what the end of a connection, while a script waits on it, means.
func (r *run) ended(err error) error {
	var lost lostError
	if errors.As(err, &lost) {
		return err
	}
	c := r.c
	c.mu.Lock()
	left, pending := c.left, c.pending
	c.mu.Unlock()
	switch {
	case r.between || r.order:
		return errOver
	case left != "":
		return fmt.Errorf("the client left: %s", left)
	case pending:
		return errUnfinished
	case errors.Is(err, timeline.ErrOtherBubble):
		return err
	}
	return errOver
}

// canWait reports whether a script can wait for a trigger.
func canWait(on frame.Trigger) bool {
	if isNil(on) {
		return false
	}
	switch on.(type) {
	case frame.Match, timeline.Moment:
		return true
	}
	return false
}

// errUnfinished is what is wrong with a step that the server's end met.
var errUnfinished = errors.New("still waiting when the server closed: the client never did it")

// badTrigger is what is wrong with a trigger that no script can be hung on.
func badTrigger(on frame.Trigger) error {
	if isNil(on) {
		return errNothing
	}
	return fmt.Errorf("a script cannot wait for %v: use a frame match, or a moment of package timeline", on)
}
