package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
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
			sent, unread := t.firstSent(m, deadline)
			switch {
			case sent != nil && sent.At <= deadline:
				n++
			case until <= deadline:
				e.nothing("no connection was open for long enough to have to subscribe")
			case t.blind(deadline) != "":
				e.blindTo(c, t, t.blind(deadline))
			case unread != "":
				e.blindTo(c, t, unread)
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
	for _, m := range t.messages(false) {
		if m.Header.Opcode.IsControl() || m.DoneAt > until {
			continue
		}
		switch {
		case m.Dir == frame.ToClient && asked:
			at, asked, answered = m.DoneAt, false, true
		case m.Dir == frame.ToServer:
			for _, x := range d.Session {
				if x.On != nil && x.On.Match(m.View()) && !e.subscribes(m.View()) {
					asked, answered = true, false
				}
			}
		}
	}
	return at, answered
}

// subscribes reports whether a message is one of those to be sent on every connection.
func (e *exam) subscribes(v frame.View) bool {
	for _, m := range e.policy.Resubscribe {
		if m.Match(v) {
			return true
		}
	}
	return false
}
