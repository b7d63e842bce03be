package diagnosis

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// deafness is a time in which nothing came to the client.
type deafness struct {
	from, to time.Duration
	begin    *timeline.Event // what came last, or the opening
	end      *timeline.Event // with which the client ended it; nil if it did not
	deadline time.Duration   // by when it had to
	beats    []*timeline.Event
	broken   bool   // it was over when something came again
	unsure   string // why it may have been none
}

// deafnesses are the times in which nothing came to the client while it had the
// connection open, up to a time.
func (e *exam) deafnesses(c *client, t *track, until time.Duration) (list []deafness) {
	p := e.policy
	isBeat := map[int]bool{}
	for _, b := range t.ownBeats(p.Dialect) {
		isBeat[b.Tag] = true
	}
	d := deafness{from: t.opened.At, begin: t.opened, deadline: sum(t.opened.At, p.DetectWithin())}
	heard, inside := false, false
	for i := range t.events {
		ev := &t.events[i]
		dir, moved := moves(ev)
		if ev == t.acted {
			break
		}
		if !moved || ev.At > until || dir == frame.ToClient && !t.hears(ev) {
			continue
		}
		if dir == frame.ToClient {
			d.to, d.broken = ev.At, true
			list = append(list, d)
			d = deafness{from: ev.At, begin: ev, deadline: sum(ev.At, p.DetectWithin())}
			heard, inside = true, ev.Kind == timeline.KindFrameStart
			continue
		}
		switch {
		case isBeat[i]:
			d.beats = append(d.beats, ev)
		case (p.Rearm == RearmSent || p.Rearm == RearmAny) && ev.At <= d.deadline:
			d.deadline = sum(ev.At, p.DetectWithin()) // its beat was not due
		}
	}
	d.to = until
	if t.acted != nil && t.acted.At <= until {
		d.to, d.end = t.acted.At, t.acted
	}
	if next := e.nextRequest(c, t); next != nil && next.At >= d.from && (next.At < d.to || next.At == d.to && d.end == nil) {
		d.to, d.end = next.At, next
	}
	switch {
	case inside:
		d.unsure = "a message was on its way whose bytes are not recorded one by one"
	case !heard && d.end == nil && (len(p.Dialect.Session) > 0 || len(p.Dialect.Greeting) > 0):
		d.unsure = "the session of its protocol had not begun, so neither had its heartbeat"
	}
	return append(list, d)
}

// nextRequest is the client's next attempt after a connection; nil if there is none.
func (e *exam) nextRequest(c *client, t *track) *timeline.Event {
	for _, other := range c.tracks[slices.Index(c.tracks, t)+1:] {
		if other.request != nil {
			return other.request
		}
	}
	return nil
}

// deadPeer: a silence that lasts is ended by the client, in time.
func (e *exam) deadPeer() {
	if e.policy.DetectWithin() == 0 {
		e.unpromisedDeadPeer()
		return
	}
	n, slowest := 0, time.Duration(0)
	e.overdue(func(c *client, t *track, d deafness, late bool) {
		if !late {
			n++
			slowest = max(slowest, d.to-d.from)
			return
		}
		f := Finding{Text: "the client did not notice in time that nothing came any more", Expected: e.policy.silentText(),
			Measured: "ended after " + span(d.to-d.from)}
		switch {
		case d.broken:
			f.Text = "the client went on although nothing had come for longer than it promises to wait"
			f.Measured = "nothing for " + span(d.to-d.from)
		case d.end == nil:
			f.Text = "the client did not notice that nothing came any more"
			f.Measured = "not ended for " + span(d.to-d.from)
		}
		e.fault(c, t, f, d.begin, d.end)
	})
	e.kept(n, "silent peer", "%s noticed, the slowest after "+span(slowest))
	e.nothing("no silence lasted for %s", limitWords(e.policy.DetectWithin()))
}

// overdue calls f for the silences that were long enough: those the client ended, and
// those it should have.
func (e *exam) overdue(f func(c *client, t *track, d deafness, late bool)) {
	e.opened(func(c *client, t *track, until time.Duration) {
		if until-t.opened.At <= e.policy.DetectWithin()-e.tolerance {
			return
		}
		if t.unreadable(e.policy.Dialect) && e.policy.Rearm >= RearmSent {
			e.blindTo(c, t, "its messages are compressed and cannot be told from beats")
			return
		}
		for _, d := range e.deafnesses(c, t, until) {
			deadline, ended := sum(d.deadline, e.tolerance), d.to
			if d.end != nil && d.end != t.acted { // it waited before it tried again
				ended = max(ended-e.policy.ReconnectWithin(1), d.from)
			}
			switch {
			case d.end != nil && ended <= deadline && d.to+e.tolerance >= d.from+e.policy.DetectWithin():
				f(c, t, d, false)
			case ended <= deadline:
			case d.unsure != "":
				e.blindTo(c, t, d.unsure)
			case e.r.alone && d.end == nil:
				e.blindTo(c, t, c.unsure) // it may have opened another one
			case t.blind(d.to) != "" && t.sight() <= deadline:
				e.blindTo(c, t, t.blind(d.to))
			case d.broken && e.unasked(d):
				e.nothing("the peer was silent for as long as it was not asked, which the rules about beats judge")
			default:
				f(c, t, d, true)
			}
		}
	})
}

// unasked reports whether a silence that the peer broke was for want of a beat: none
// was unanswered for as long as an answer may take.
func (e *exam) unasked(d deafness) bool {
	if !e.policy.Beats() || !e.policy.Dialect.Answered() {
		return false
	}
	return !slices.ContainsFunc(d.beats, func(beat *timeline.Event) bool { return d.to-beat.At > sum(e.policy.AnswerTimeout, e.tolerance) })
}

// unpromisedDeadPeer warns of a client whose own beat goes unanswered for long.
func (e *exam) unpromisedDeadPeer() {
	n := 0
	e.opened(func(c *client, t *track, until time.Duration) {
		wait, beat := t.unansweredFor(e.dialects(), until)
		switch {
		case t.blind(until) != "":
			e.blindTo(c, t, t.blind(until))
		case wait > deadWait:
			e.fault(c, t, Finding{Text: "the client went on although its beat was not answered and nothing else came",
				Measured: "no answer for " + span(wait), Expected: "the end of the connection, or another, within " + limitWords(deadWait)}, beat)
		case wait > 0 && t.acted != nil && t.acted.At == until && wait >= shortestWait:
			n++
		}
	})
	e.kept(n, "connection", "%s ended by the client while its beat was unanswered")
	e.nothing("the policy does not say how soon a silent peer is noticed, and no beat went unanswered for %s", limitWords(deadWait))
}

// rearmed: a client that beats on into the silence must not postpone the end with each
// beat. Only an end that follows the last of them shows that it does: where none comes,
// or at another time, it may be for any reason.
func (e *exam) rearmed() {
	if e.policy.DetectWithin() == 0 {
		e.nothing("the policy does not say how long an answer may take")
		return
	}
	n := 0
	e.overdue(func(c *client, t *track, d deafness, late bool) {
		if !late {
			n++
			return
		}
		if len(d.beats) == 0 || d.end == nil || d.end != t.acted {
			e.nothing("the silence was not noticed, so that no end shows what the client's own beats have to do with it")
			return
		}
		first, last := d.beats[0], d.beats[len(d.beats)-1]
		if last.At <= sum(first.At, e.policy.AnswerTimeout) || !near(d.to-last.At, e.policy.AnswerTimeout, e.tolerance) {
			e.nothing("the silence was noticed late, but no end shows that it was for the client's own beats")
			return
		}
		e.fault(c, t, Finding{Text: "each unanswered beat of the client's postponed the end of the silent connection",
			Measured: "the end " + span(d.to-last.At) + " after the last of " + count(len(d.beats), "unanswered beat"),
			Expected: limitWords(e.policy.AnswerTimeout) + " after the first of them"}, first, last, d.end)
	})
	e.kept(n, "silent peer", "%s noticed in spite of the client's own beats")
	e.nothing("no silence lasted for %s in which the client beat", limitWords(e.policy.DetectWithin()))
}

// alive: a client to which everything received is a sign of life does not end a
// connection, for want of an answer to its beat, on which something came after it.
func (e *exam) alive() {
	p := e.policy
	if !p.promised(RuleAlive) || p.AnswerTimeout == 0 || !p.Dialect.Answered() || !p.Beats() {
		e.nothing("the policy does not say that everything received is a sign of life, or how long answers may take")
		return
	}
	n := 0
	e.opened(func(c *client, t *track, until time.Duration) {
		if t.acted == nil || t.acted.At != until || precedes(t.told, t.acted) {
			n += e.unansweredAlive(t, until)
			return
		}
		code := closeCode(t.acted)
		if code == frame.CodeNormalClosure || code == frame.CodeGoingAway || e.nextRequest(c, t) == nil || t.blind(until) != "" {
			return
		}
		for _, b := range t.ownBeats(p.Dialect) {
			after := t.heardAfter(b, until)
			if !b.Answered && after != nil && near(until-b.At, p.AnswerTimeout, e.tolerance) {
				e.fault(c, t, Finding{Text: "the client ended a connection for want of an answer to its beat, although something came after it",
					Measured: "the last came " + span(until-after.At) + " before", Expected: "the connection kept for as long as anything comes"},
					&t.events[b.Tag], after, t.acted)
				return
			}
		}
	})
	e.kept(n, "unanswered beat", "%s after which something else came, and the connection was kept")
	e.nothing("no beat went unanswered on a connection on which something else came")
}

// unansweredAlive counts the beats without an answer after whose timeout the client
// still kept a connection on which something came.
func (e *exam) unansweredAlive(t *track, until time.Duration) int {
	n := 0
	for _, b := range t.ownBeats(e.policy.Dialect) {
		if deadline := sum(b.At, e.policy.AnswerTimeout); !b.Answered && until > sum(deadline, e.tolerance) && t.heardAfter(b, deadline) != nil {
			n++
		}
	}
	return n
}

// heardAfter is the last thing that came to the client after a beat, up to a time.
func (t *track) heardAfter(b heartbeat.Beat, until time.Duration) *timeline.Event {
	var last *timeline.Event
	for i := b.Tag + 1; i < len(t.events); i++ {
		if ev := &t.events[i]; ev.At > b.At && ev.At < until && t.hears(ev) {
			last = ev
		}
	}
	return last
}
