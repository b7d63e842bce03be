package assertions

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
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
// that goes silent, so that it does not judge others that merely have nothing to say.
// A peer that ends the connection, or speaks again, in time was not silent; nor was it
// silence that the client noticed if it had sat through a longer one before.
//
// Where the server does not read (Freeze, StopReading) a Close or FIN is not seen, and
// it can only judge by a new attempt; GoDark reads on. It cannot judge where events are
// missing.
func HaveDetectedSilenceWithin(d time.Duration, clients ...Clients) Matcher {
	return Matcher{call: call("HaveDetectedSilenceWithin", d, clients),
		judge: each(clients, func(s *scene) verdict { return s.detected(d) })}
}

// hush is a silence of a connection's peer, as the client met it: the first that lasted
// too long, or else the last one.
type hush struct {
	c       *conn
	last    timeline.Event // the last byte before it
	longest time.Duration  // the longest silence before it
	end     event          // what it ended with; if nothing, it lasts
	by      endedBy
	lost    event // events are missing
}

// endedBy is what ends a silence.
type endedBy uint8

const (
	byPeer   endedBy = iota // it ended the connection
	byClient                // it noticed
	byData                  // the peer spoke again
)

func (s *scene) detected(within time.Duration) verdict {
	everyone := s.lives(s.all)
	var noticed *hush
	pending := false
	for _, c := range s.conns() {
		if !c.opened.happened {
			continue
		}
		h := s.hush(c, everyone, within)
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
		case h.by == byClient && took >= h.longest: // it had not sat through a longer one
			noticed = h
		}
	}
	switch {
	case noticed != nil:
		return noticed.verdict(yes, noticed.took(s.now), within)
	case pending:
		return cannot("no silence has lasted for "+span(within)+s.where()+", or been noticed", "")
	}
	return cannot("the peer fell silent on no connection"+s.where(), "Have the server fall silent, as GoDark, Silent or AnswerBeats(dialect, Never) do.")
}

// took is how long the silence lasted, up to now.
func (h *hush) took(now time.Duration) time.Duration {
	if h.end.happened {
		now = h.end.At
	}
	return now - h.last.At
}

func (h *hush) verdict(is answer, took, within time.Duration) verdict {
	v := verdict{is: is, final: is == no, expected: "expected it to within " + span(within), unexpected: "expected it not to within " + span(within),
		marks: []mark{at(h.last, "the last that it received")}}
	if h.by == byClient && h.end.happened {
		v.said = fmt.Sprintf("The client noticed the silence on connection %d after %s", h.c.n, span(took))
		v.marks = append(v.marks, at(h.end.Event, "it noticed, "+span(took)+" later"))
		return v.about(h.c.n, h.end.Conn)
	}
	v.said = fmt.Sprintf("The client did not notice the silence on connection %d for %s", h.c.n, span(took))
	v.marks = append(v.marks, missing(h.last.At+within, "no Close, FIN, RST or new attempt by now"))
	if h.end.happened {
		v.marks = append(v.marks, at(h.end.Event, "the silence ended"))
	}
	return v.about(h.c.n)
}

// hush finds the silence of a connection that counts.
func (s *scene) hush(c *conn, everyone []*conn, within time.Duration) *hush {
	h := &hush{c: c, last: c.opened.Event}
	for e := range s.all.Conn(c.n).All() {
		client, peer := endsIt(e)
		switch {
		case e.Kind == timeline.KindLost:
			h.lost.first(e)
		case e.Seq <= c.opened.Seq || h.end.happened:
		case client:
			h.end.first(e)
			h.by = byClient
		case peer:
			h.end.first(e)
		case delivers(e) && e.At-h.last.At > within && c.reaction(everyone, h.last, e).happened:
			h.end, h.by = c.reaction(everyone, h.last, e), byClient
		case delivers(e) && e.At-h.last.At > within:
			h.end.first(e)
			h.by = byData
		case delivers(e):
			h.longest = max(h.longest, e.At-h.last.At)
			h.last = e
		}
	}
	if r := c.reaction(everyone, h.last, h.end.Event); r.happened {
		h.end, h.by = r, byClient
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
