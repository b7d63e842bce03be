package assertions

import (
	"fmt"
	"time"
)

// HaveReconnected succeeds if the client has connected again: a 101 was sent to it
// after an earlier connection in the part that is looked at. How that one ended does
// not matter, nor whether it has.
//
//	Eventually(srv, 5*time.Second).Should(HaveReconnected())
//
// On what begins at a moment ([timeline.Timeline.Since]) the earlier connection has to
// show there, too, if only by its end. For what follows an end, ask for
// HaveConnected(1).
func HaveReconnected(clients ...Clients) Matcher {
	return Matcher{call: call("HaveReconnected", clients),
		judge: each(clients, func(s *scene) verdict { return s.reconnected(nil) })}
}

// HaveReconnectedWithin succeeds if the client has connected again, at least once, and
// each time no later than d after the connection before was over for it: after the
// first Close, FIN or RST that it sent or that was sent to it. A connection that was
// replaced before it ended took no time.
//
// It fails for good as soon as one reconnect took longer, or as the first has not come
// in time.
func HaveReconnectedWithin(d time.Duration, clients ...Clients) Matcher {
	m := Matcher{call: call("HaveReconnectedWithin", d, clients),
		judge: each(clients, func(s *scene) verdict { return s.reconnected(&d) })}
	if d < 0 {
		m.err = fmt.Errorf("nobody connects again within %s: give 0 or more", span(d))
	}
	return m
}

func (s *scene) reconnected(within *time.Duration) verdict {
	if v := s.incomplete(); v.is == unclear {
		return v
	}
	var former *conn // the last connection that opened and shows
	again := 0
	var marks []mark
	var slowest time.Duration
	var slow [2]*conn
	seen := map[int]bool{}
	for e := range s.events(s.view.Lifecycle()) {
		seen[e.Conn] = true
	}
	for _, c := range s.conns() {
		if !c.opened.happened || !seen[c.n] {
			continue
		}
		if former != nil && s.happens(c.opened.Event) {
			again++
			took := max(c.opened.At-former.endingAt(c.opened.At), 0)
			if took > slowest || again == 1 {
				slowest, slow = took, [2]*conn{former, c}
			}
			marks = append(marks, at(c.opened.Event, ""))
		}
		former = c
	}
	switch {
	case former == nil && s.conn == 0:
		return cannot("the client has not connected"+s.where()+" at all, so it could not connect again", "")
	case s.conn > 0:
		return never(fmt.Sprintf("connection %d is one connection, which does not come again", s.conn), "Look at the server or the proxy.")
	case again == 0:
		return s.stayedAway(former, within)
	case within == nil:
		return verdict{is: yes, final: true, said: fmt.Sprintf("The client reconnected %s%s", times(again), s.where()),
			expected: "expected it to", unexpected: "expected it not to", marks: marks}
	}
	v := verdict{is: is(slowest <= *within), final: slowest > *within,
		said:     fmt.Sprintf("The client took %s to connect again after connection %d", exact(slowest, *within), slow[0].n),
		expected: "expected no more than " + span(*within), unexpected: "expected more than " + span(*within)}
	if slow[0].ending.happened {
		v.marks = append(v.marks, at(slow[0].ending.Event, "it was over"))
	}
	v.marks = append(v.marks, at(slow[1].opened.Event, exact(slowest, *within)+" later"))
	return v.about(slow[0].n, slow[1].n)
}

// stayedAway is the verdict on a client that did not reconnect.
func (s *scene) stayedAway(last *conn, within *time.Duration) verdict {
	v := verdict{is: no, expected: "expected it to", unexpected: "expected it not to"}
	if within != nil {
		v.expected += " within " + span(*within)
		v.final = last.ending.happened && s.now-last.ending.At > *within
	}
	tried := 0
	for _, c := range s.conns() {
		if c.n > last.n && c.requested.happened {
			tried++
		}
	}
	away := span(max(s.now-last.ending.At, 0))
	switch {
	case s.view.Beginning() != "" && s.happens(last.opened.Event):
		v.said = fmt.Sprintf("The client connected, but did not reconnect%s: no connection before its connection %d shows there", s.where(), last.n)
		v.marks = []mark{at(last.opened.Event, "the first that shows")}
	case !last.ending.happened:
		v.said = fmt.Sprintf("The client did not reconnect%s: its connection %d has not ended", s.where(), last.n)
		v.marks = []mark{missing(s.now, "still connected")}
	case tried > 0:
		v.said = fmt.Sprintf("The client did not reconnect%s: it asked for an upgrade %s in the %s since connection %d was over, and got none",
			s.where(), times(tried), away, last.n)
		v.marks = []mark{at(last.ending.Event, "it was over")}
	default:
		v.said = fmt.Sprintf("The client did not reconnect%s: it made no attempt in the %s since connection %d was over",
			s.where(), away, last.n)
		v.marks = []mark{at(last.ending.Event, "it was over"), missing(s.now, "no attempt by now")}
	}
	return v
}
