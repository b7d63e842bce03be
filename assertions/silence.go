package assertions

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveDetectedSilenceWithin succeeds if the client noticed, no later than d, that
// nothing came from its peer any more. It is measured from the last byte that was
// delivered to the client on a connection (the 101, if there was none after it) to the
// first thing that the client then does about it: its Close, FIN or RST there, or a
// new attempt. Whether it recovers is another matter: see [HaveReconnected].
//
//	srv := fakeserver.Start(t, fakeserver.Script(fakeserver.Pause(time.Second), fakeserver.GoDark()), fakeserver.Echo)
//	…
//	Eventually(srv.Conn(1), 20*time.Second).Should(HaveDetectedSilenceWithin(15*time.Second))
//
// It judges every silence of the connections that are shown, needs one that was
// noticed, and fails for good once one has lasted longer than d. Give it the connection
// that goes silent, so that it does not judge others that merely have nothing to say. On
// what begins at a moment a silence begins no sooner than that, and those before do not
// count. A peer that ends the connection, or speaks again, in time was not silent; nor
// was it silence that the client noticed if it had sat through a longer one before.
//
// A client that leaves has not noticed anything for that reason alone. It may be done
// with the connection if it closes with 1000 or 1001, with no code or with a FIN, while
// no ping of its own and no text "ping" went unanswered, and makes no new attempt: then it
// cannot judge. Nor can it where the client program exits at the same time, by itself or
// by Session.Stop, within 100 ms.
//
// Where the server does not read (Freeze, StopReading) a Close or FIN is not seen, and
// it can only judge by a new attempt; GoDark reads on. It cannot judge where events are
// missing.
func HaveDetectedSilenceWithin(d time.Duration, clients ...Clients) Matcher {
	m := Matcher{call: call("HaveDetectedSilenceWithin", d, clients), outlives: true,
		judge: each(clients, func(s *scene) verdict { return s.detected(d) })}
	if d <= 0 {
		m.err = fmt.Errorf("no silence can be noticed within %s: give the time that the client has", span(d))
	}
	return m
}

// hush is a silence of a connection's peer, as the client met it: the first that lasted
// too long, or else the last one.
type hush struct {
	c       *conn
	last    timeline.Event // the last byte before it
	from    time.Duration  // when it begins: then, or where what is looked at does
	longest time.Duration  // the longest silence before it
	end     event          // what it ended with; if nothing, it lasts
	by      endedBy
	next    event // the first attempt after the end
	lost    event // events are missing
}

// endedBy is what ends a silence.
type endedBy uint8

const (
	byPeer   endedBy = iota // it ended the connection
	byClient                // it noticed, or left
	byData                  // the peer spoke again
)

func (s *scene) detected(within time.Duration) verdict {
	everyone := s.lives(s.all)
	var noticed *hush
	var left verdict // of a client that may have had other reasons
	pending := false
	for _, c := range s.conns() {
		if !c.opened.happened {
			continue
		}
		h := s.hush(c, everyone, within)
		if h.end.happened && !s.happens(h.end.Event) {
			continue
		}
		took := h.took(s.now)
		switch {
		case h.lost.happened:
			v := never("events are missing from the recording", raise)
			v.marks = []mark{at(h.lost.Event, "missing")}
			return v.about(c.n)
		case took > within && c.deaf.happened && h.by != byClient:
			return deafness(c, "its Close or FIN")
		case took > within:
			return h.verdict(no, took, within)
		case !h.end.happened:
			pending = true
		case h.by == byClient && h.end.At-h.last.At >= h.longest: // it had not sat through a longer one
			if v := s.parting(h); v.is == unclear {
				left = v
			} else {
				noticed = h
			}
		}
	}
	switch {
	case left.is == unclear:
		return left
	case noticed != nil:
		v := noticed.verdict(yes, noticed.took(s.now), within)
		v.final = s.conn > 0 && s.ended()
		return v
	case pending:
		return cannot("no silence"+s.where()+" has lasted for "+span(within)+", or been noticed", "")
	}
	v := cannot("the peer did not fall silent"+s.where(), "Have the server fall silent, as GoDark, Silent or AnswerBeats(dialect, Never) do.")
	v.final = s.conn > 0 && s.ended()
	return v
}

// took is how long the silence lasted, up to now.
func (h *hush) took(now time.Duration) time.Duration {
	if h.end.happened {
		now = h.end.At
	}
	return now - h.from
}

// parting is unclear if the client may have left for another reason than the silence.
func (s *scene) parting(h *hush) verdict {
	for e := range s.all.Lifecycle().All() {
		if e.Kind == timeline.KindExit && e.At >= h.end.At-settling && e.At <= h.end.At+settling {
			v := never(fmt.Sprintf("the client program exited when connection %d ended, so whether it noticed the silence does not show", h.c.n),
				"Let the client live longer than the silence.")
			v.marks = []mark{at(h.end.Event, "it left"), at(e, "")}
			return v.about(h.c.n)
		}
	}
	if h.end.Conn != h.c.n || h.next.happened || !isGoodbye(h.end.Event) || s.waited(h) {
		return verdict{}
	}
	v := cannot(fmt.Sprintf("the client left connection %d after %s of silence, but it was not waiting for an answer, and has made no attempt since, so it may have been done",
		h.c.n, span(h.end.At-h.last.At)), "Have the client beat, or connect again.")
	v.marks = []mark{at(h.last, "the last that it received"), at(h.end.Event, "it left")}
	return v.about(h.c.n)
}

// isGoodbye reports whether the event with which a client ends a connection may be a
// normal end.
func isGoodbye(e timeline.Event) bool {
	switch e.Kind {
	case timeline.KindFIN:
		return true
	case timeline.KindFrame:
		code, _, ok := frame.ParseClose(e.Payload)
		return ok && (code == frame.CodeNormalClosure || code == frame.CodeGoingAway || code == frame.CodeNoStatus)
	}
	return false
}

// waited reports whether a beat of the client's was not answered in the silence.
func (s *scene) waited(h *hush) bool {
	for _, b := range diagnosis.Diagnose(s.all.Conn(h.c.n), h.c.n).Unanswered {
		if b.By == heartbeat.Client && b.At >= h.last.At && b.At <= h.end.At {
			return true
		}
	}
	return false
}

func (h *hush) verdict(is answer, took, within time.Duration) verdict {
	v := verdict{is: is, final: is == no, expected: "expected it to within " + span(within), unexpected: "expected it not to within " + span(within),
		marks: []mark{at(h.last, "the last that it received")}}
	if h.from > h.last.At {
		v.marks = append(v.marks, missing(h.from, "what is looked at begins"))
	}
	if h.by == byClient && h.end.happened {
		v.said = fmt.Sprintf("The client noticed the silence on connection %d after %s", h.c.n, exact(took, within))
		v.marks = append(v.marks, at(h.end.Event, "it noticed, "+exact(took, within)+" later"))
		return v.about(h.c.n, h.end.Conn)
	}
	v.said = fmt.Sprintf("The client did not notice the silence on connection %d for %s", h.c.n, exact(took, within))
	v.marks = append(v.marks, missing(h.from+within, "no Close, FIN, RST or new attempt by now"))
	if h.end.happened {
		v.marks = append(v.marks, at(h.end.Event, "the silence ended"))
	}
	return v.about(h.c.n)
}

// hush finds the silence of a connection that counts.
func (s *scene) hush(c *conn, everyone []*conn, within time.Duration) *hush {
	h := &hush{c: c, last: c.opened.Event, from: max(c.opened.At, s.began)}
	for e := range s.all.Conn(c.n).All() {
		client, peer := endsIt(e)
		tooLong := s.happens(e) && e.At-h.from > within
		switch {
		case e.Kind == timeline.KindLost:
			h.lost.first(e)
		case e.Seq <= c.opened.Seq || h.end.happened:
		case client:
			h.end.first(e)
			h.by = byClient
		case peer:
			h.end.first(e)
		case delivers(e) && tooLong && c.reaction(everyone, h.last, e).happened:
			h.end, h.by = c.reaction(everyone, h.last, e), byClient
		case delivers(e) && tooLong:
			h.end.first(e)
			h.by = byData
		case delivers(e):
			h.longest = max(h.longest, e.At-h.last.At)
			h.last, h.from = e, max(e.At, s.began)
		}
	}
	if r := c.reaction(everyone, h.last, h.end.Event); r.happened {
		h.end, h.by = r, byClient
	}
	if h.end.happened {
		h.next = c.reaction(everyone, h.end.Event, timeline.Event{})
	}
	return h
}

// reaction is the first attempt of the client's between two events that is not that of
// this connection. The second event may be none.
func (c *conn) reaction(everyone []*conn, after, before timeline.Event) (first event) {
	for _, other := range everyone {
		r := other.requested
		if other.n != c.n && r.happened && r.Seq > after.Seq && (before.Seq == 0 || r.Seq < before.Seq) && (!first.happened || r.Seq < first.Seq) {
			first = r
		}
	}
	return first
}

// delivers reports whether bytes reach the client with the event.
func delivers(e timeline.Event) bool {
	switch e.Kind {
	case timeline.KindFrameStart, timeline.KindFrame, timeline.KindBytes:
		return e.Dir == frame.ToClient && e.OfClient()
	}
	return false
}

// endsIt reports whether the client, or its peer, begins to end the connection with
// the event.
func endsIt(e timeline.Event) (client, peer bool) {
	ends := false
	switch e.Kind {
	case timeline.KindFrame:
		ends = e.Header.Opcode == frame.OpClose && e.OfClient()
	case timeline.KindFIN, timeline.KindRST:
		ends = e.OfClient()
	case timeline.KindClosed:
		return false, e.Dir != frame.ToServer
	case timeline.KindEnded:
		return false, true
	}
	return ends && e.Dir == frame.ToServer, ends && e.Dir == frame.ToClient
}
