package diagnosis

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// How long is too long where the policy promises nothing: by judgement. Browsers wait
// for 240 s for a handshake, and for 60 s for the end of a closing one.
const (
	handshakePatience = 60 * time.Second
	closePatience     = 65 * time.Second
)

// handshakeTimeout: an attempt that is not answered is given up in time.
func (e *exam) handshakeTimeout() {
	limit, promised := e.policy.ConnectTimeout, e.policy.ConnectTimeout > 0
	if !promised {
		limit = handshakePatience
	}
	n, slowest := 0, time.Duration(0)
	for _, c := range e.clients {
		for _, t := range c.tracks {
			if t.conn > 0 && t.partial() {
				e.blindTo(c, t, t.blind(0))
				continue
			}
			begun := t.events[0].At
			until, what := t.pending(e.r.now)
			waited := until - begun
			switch {
			case waited <= sum(limit, e.tolerance):
				gaveUp := what != nil && (what == t.acted || t.conn == 0)
				if promised && gaveUp && waited+e.tolerance >= limit {
					n++
					slowest = max(slowest, waited)
				}
			case t.blind(until) != "":
				e.blindTo(c, t, t.blind(until))
			default:
				text := "the client waited too long for a handshake that was not answered"
				if what == nil {
					text = "the client still waits for a handshake that is not answered"
				}
				e.fault(c, t, Finding{Text: text, Measured: span(waited), Expected: "no longer than " + limitWords(limit)}, &t.events[0], what)
			}
		}
	}
	e.kept(n, "stalled handshake", "%s given up, the slowest after "+span(slowest))
	e.nothing("no handshake took %s", limitWords(limit))
}

// closeTimeout: once the client has sent its Close, the end of TCP, or another
// attempt, follows in time.
func (e *exam) closeTimeout() {
	limit, promised := e.policy.CloseTimeout, e.policy.CloseTimeout > 0
	if !promised {
		limit = closePatience
	}
	n, slowest := 0, time.Duration(0)
	e.opened(func(c *client, t *track, _ time.Duration) {
		if t.said == nil {
			return
		}
		begun, until, what := t.said.At, e.r.now, t.tcp
		if t.tcp != nil {
			until = t.tcp.At
		}
		if next := e.nextRequest(c, t); next != nil && next.At > begun {
			if at := next.At - e.policy.ReconnectWithin(1); at < until {
				until, what = max(at, begun), next
			}
		}
		took := until - begun
		switch {
		case took <= sum(limit, e.tolerance):
			if promised && what != nil && what.Dir == frame.ToServer && took+e.tolerance >= limit {
				n++
				slowest = max(slowest, took)
			}
		case t.blind(until) != "":
			e.blindTo(c, t, t.blind(until))
		case e.r.alone:
			e.blindTo(c, t, c.unsure) // it may have opened another one meanwhile
		default:
			e.fault(c, t, Finding{Text: "the client waited too long for the end of its closing handshake", Measured: span(took),
				Expected: "the end of TCP, or another attempt, within " + limitWords(limit)}, t.said, what)
		}
	})
	e.kept(n, "closing handshake", "%s cut short, the slowest after "+span(slowest))
	e.nothing("no closing handshake took %s", limitWords(limit))
}
