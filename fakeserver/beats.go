package fakeserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// AnswerPolicy says how [AnswerBeats] departs from answering every beat at once.
// Policies add up. They print as the call that made them.
type AnswerPolicy struct {
	text  string
	wrong error
	plan  func(n int, a *answering) // n counts the connection's beats from 1
}

// answering is what becomes of a beat.
type answering struct {
	copies int
	late   time.Duration
	wrong  bool
}

// The policies that need no number.
var (
	// Never answers no beat: a server that is alive and mute.
	Never = AnswerPolicy{text: "Never", plan: func(_ int, a *answering) { a.copies = 0 }}
	// Wrong answers with what does not belong to the beat: another payload or
	// reference, or another text.
	Wrong = AnswerPolicy{text: "Wrong", plan: func(_ int, a *answering) { a.wrong = true }}
	// Twice gives every answer twice.
	Twice = AnswerPolicy{text: "Twice", plan: func(_ int, a *answering) { a.copies *= 2 }}
)

// Late gives every answer d after its beat.
func Late(d time.Duration) AnswerPolicy {
	p := AnswerPolicy{text: fmt.Sprintf("Late(%v)", d), plan: func(_ int, a *answering) { a.late += d }}
	if d <= 0 {
		p.wrong = errNoTime
	}
	return p
}

// EveryNth answers every k-th beat of a connection: the k-th, the 2k-th and so on.
func EveryNth(k int) AnswerPolicy {
	return counted(fmt.Sprintf("EveryNth(%d)", k), k, 1, func(n int) bool { return n%k == 0 })
}

// StopAfter answers the first n beats of a connection and no more.
func StopAfter(n int) AnswerPolicy {
	return counted(fmt.Sprintf("StopAfter(%d)", n), n, 0, func(beat int) bool { return beat <= n })
}

// counted is a policy that answers some beats, by their number.
func counted(text string, number, least int, answered func(n int) bool) AnswerPolicy {
	p := AnswerPolicy{text: text, plan: func(n int, a *answering) {
		if !answered(n) {
			a.copies = 0
		}
	}}
	if number < least {
		p.wrong = fmt.Errorf("%d is less than %d", number, least)
	}
	return p
}

// String returns the call that made it.
func (p AnswerPolicy) String() string {
	if p.plan == nil {
		return "AnswerPolicy{}"
	}
	return p.text
}

// AnswerBeats answers the client's beats of a dialect, as the policies say: without
// any, all of them at once. It is a standing order. Expect and Next do not see the
// beats; WaitFor and On do. What a policy withholds or spoils is on the timeline.
func AnswerBeats(d heartbeat.Dialect, policies ...AnswerPolicy) Step {
	s := step{text: "AnswerBeats(" + d.String(), source: caller(0), kind: sendsOrders, wrong: d.Validate()}
	for _, p := range policies {
		s.text += ", " + p.String()
		switch {
		case s.wrong != nil:
		case p.plan == nil:
			s.wrong = errors.New("an AnswerPolicy{} is no policy: use Never, Late, EveryNth, StopAfter, Wrong or Twice")
		default:
			s.wrong = p.wrong
		}
	}
	s.text += ")"
	switch {
	case s.wrong != nil:
	case d.By&heartbeat.Client == 0:
		s.wrong = fmt.Errorf("clients do not beat in %s, the server does: use Beat", d)
	case !d.Answered():
		s.wrong = fmt.Errorf("beats of %s are not answered: use Beat for those of the server, and Session to hide those of the client", d)
	}
	s.do = func(r *run) error {
		r.answerBeats(d, s.text, policies)
		return nil
	}
	return s
}

// answerBeats answers beats from here on.
func (r *run) answerBeats(d heartbeat.Dialect, text string, policies []AnswerPolicy) {
	c, n, rank := r.c, 0, r.c.newOrder()
	c.addOrder(&order{match: d.Beats(), replaces: true, hides: true, act: func(it *item) {
		n++
		a := answering{copies: 1}
		for _, p := range policies {
			p.plan(n, &a)
		}
		beat := c.viewOf(it.frame)
		answer, ok := d.AnswerTo(beat)
		switch {
		case !ok:
			c.s.fail(c.num, text, fmt.Errorf("%v has not what its answer needs", it.frame))
			return
		case a.copies == 0:
			c.did(text, "no answer")
			return
		case a.wrong:
			c.did(text, "a wrong answer")
			answer = d.WrongAnswer(answer)
		}
		frames := make([]frame.Frame, 0, 2)
		for range a.copies {
			frames = append(frames, answer)
		}
		if a.late == 0 {
			_ = c.Send(frames...) // a connection that is ending answers nothing
			return
		}
		c.did(text, fmt.Sprintf("an answer in %v", a.late))
		c.goes(text, func() {
			late := &run{c: c, order: true, rank: rank}
			defer late.rest()
			if late.sleep(a.late) == nil {
				_ = c.Send(frames...)
			}
		})
	}}, r.heard)
}

// did records what a standing order does to a beat.
func (c *Conn) did(order, what string) {
	c.record(timeline.Record{Kind: timeline.KindFault, Rule: c.s.Timeline.Intern(order), Dir: frame.ToClient,
		Fields: []timeline.Field{{Name: "does", Value: what}}})
}

// Beat sends the server's beats of a dialect every d, the first one after d. It is
// a standing order.
func Beat(d heartbeat.Dialect, every time.Duration) Step {
	s := step{text: fmt.Sprintf("Beat(%v, %v)", d, every), source: caller(0), kind: sendsOrders, wrong: d.Validate()}
	_, canBeat := d.NewBeat(1)
	switch {
	case s.wrong != nil:
	case every <= 0:
		s.wrong = errNoTime
	case d.By&heartbeat.Server == 0:
		s.wrong = fmt.Errorf("servers do not beat in %s, the client does: use AnswerBeats", d)
	case !canBeat:
		s.wrong = fmt.Errorf("the dialect %s does not say how a beat is made", d)
	}
	s.do = func(r *run) error {
		r.c.every(s.text, every, func(order *run, n int) error {
			f, _ := d.NewBeat(n)
			return order.c.sent(order.c.Send(f))
		})
		return nil
	}
	return s
}

// Session plays the server's part in a dialect's opening and housekeeping: it sends
// the greeting where it stands, and then replies to what the client asks, as far as
// the dialect knows it. Beats are neither sent nor answered: see [Beat] and
// [AnswerBeats]. What the protocol fetches over plain HTTP is answered from Start on,
// unless [Server.HTTP] says otherwise. It is a standing order. Expect and Next see
// neither beats nor what was replied to; WaitFor and On do.
func Session(d heartbeat.Dialect) Step {
	s := step{text: fmt.Sprintf("Session(%v)", d), source: caller(0), kind: sendsOrders, wrong: d.Validate()}
	s.do = func(r *run) error {
		c := r.c
		if greeting := d.Greet(c.num); len(greeting) > 0 {
			if err := c.sent(c.Send(greeting...)); err != nil {
				return err
			}
		}
		player, beats := heartbeat.NewPlayer(d), d.Beats()
		c.addOrder(&order{match: frame.Any, act: func(it *item) {
			v := c.viewOf(it.frame)
			replies := player.Replies(v)
			if len(replies) > 0 {
				_ = c.Send(replies...)
			}
			it.hidden = it.hidden || len(replies) > 0 || beats.Match(v)
		}}, r.heard)
		return nil
	}
	return sessionStep{s, d}
}

// sessionStep is a Session, whose HTTP side the server has to know before.
type sessionStep struct {
	played  step
	dialect heartbeat.Dialect
}

func (s sessionStep) String() string { return s.played.text }
func (s sessionStep) step() step     { return s.played }
