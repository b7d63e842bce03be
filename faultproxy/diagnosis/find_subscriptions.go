package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// resubscribed: what must be sent on every connection is.
func (e *exam) resubscribed() {
	if len(e.policy.Resubscribe) == 0 {
		e.nothing("the policy names nothing that is sent on every connection")
		return
	}
	n := 0
	e.opened(func(c *client, t *track, until time.Duration) {
		start, ready := e.sessionBegins(t, until)
		if !ready {
			e.nothing("the session of the protocol did not begin")
			return
		}
		deadline := sum(start, sum(e.policy.resubscribeWithin(), e.tolerance))
		for _, m := range e.policy.Resubscribe {
			sent := t.firstSent(m)
			switch {
			case sent != nil && sent.At <= deadline:
				n++
			case until <= deadline:
				e.nothing("no connection was open for long enough to have to subscribe")
			case t.blind(deadline) != "":
				e.blindTo(c, t, t.blind(deadline))
			case m.Needs().Payload && t.compressed():
				e.blindTo(c, t, "its messages are compressed, so that what was sent is not known")
			default:
				measured := "not sent within " + span(until-start)
				if sent != nil {
					measured = "sent after " + span(sent.At-start)
				}
				e.fault(c, t, Finding{Text: fmt.Sprintf("the client did not send %v on the new connection in time", m),
					Measured: measured, Expected: "within " + limitWords(e.policy.resubscribeWithin())}, t.opened, sent)
			}
		}
	})
	e.kept(n, "subscription", "%s, on each connection in time")
}

// firstSent is the first frame of the client that a match selects; nil if there is none.
func (t *track) firstSent(m frame.Match) *timeline.Event {
	for i := range t.events {
		if ev := &t.events[i]; ev.Dir == frame.ToServer && timeline.Selects(m, *ev) {
			return ev
		}
	}
	return nil
}

// compressed reports whether the client sent a message that could not be read.
func (t *track) compressed() bool {
	found := false
	t.frames(frame.ToServer, func(ev *timeline.Event) { found = found || ev.Opaque })
	return found
}

// sessionBegins is when the client can use the connection: at its opening, or, if the
// dialect has a session, when the server answered what opens it. ready is false if it
// did not, or if something toward the client was held up, which may have been that.
func (e *exam) sessionBegins(t *track, until time.Duration) (at time.Duration, ready bool) {
	d := e.policy.Dialect
	at = t.opened.At
	if len(d.Session) == 0 && len(d.Greeting) == 0 {
		return at, true
	}
	if t.stopped(0, until) {
		return 0, false
	}
	asked := len(d.Greeting) > 0 // for what the next message from the server is an answer to
	answered := !asked
	for i := range t.events {
		ev := &t.events[i]
		if ev.Kind != timeline.KindFrame || !ev.OfClient() || ev.Header.Opcode.IsControl() || ev.At > until {
			continue
		}
		switch {
		case ev.Dir == frame.ToClient && asked:
			at, asked, answered = ev.At, false, true
		case ev.Dir == frame.ToServer:
			for _, x := range d.Session {
				if x.On != nil && x.On.Match(ev.View()) && !e.subscribes(ev) {
					asked, answered = true, false
				}
			}
		}
	}
	return at, answered
}

// subscribes reports whether a frame is one of those to be sent on every connection.
func (e *exam) subscribes(ev *timeline.Event) bool {
	for _, m := range e.policy.Resubscribe {
		if m.Match(ev.View()) {
			return true
		}
	}
	return false
}
