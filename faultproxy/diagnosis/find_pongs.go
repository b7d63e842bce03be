package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// answers matches the client's pongs to the pings that it received.
func (t *track) answers() (pings []heartbeat.Beat, unsolicited int) {
	tracker := heartbeat.NewTracker(heartbeat.Protocol(), heartbeat.Server)
	for i := range t.events {
		ev := &t.events[i]
		if ev.Kind == timeline.KindFrame && ev.OfClient() && isLegalControl(ev.Header) {
			tracker.See(ev.At, i, ev.View())
		}
	}
	return tracker.Beats(), tracker.Unsolicited()
}

func isLegalControl(h frame.Header) bool {
	return h.Opcode.IsControl() && h.Fin && h.RSV == 0 && h.Length <= frame.MaxControlPayload
}

// pongs: a ping must be answered, unless a Close was received before (RFC 6455 section
// 5.5.2). A client that is closing by itself is let off, too: browsers then answer
// no pings.
func (e *exam) pongs() {
	n := 0
	limit := max(e.policy.pongWithin(), defaultPongWithin)
	e.opened(func(c *client, t *track, until time.Duration) {
		pings, unsolicited := t.answers()
		for _, ping := range pings {
			ev, deadline := &t.events[ping.Tag], sum(ping.At, sum(limit, e.tolerance))
			switch {
			case ping.Answered:
				n++
			case ping.At >= until || until < deadline:
			case t.blind(deadline) != "":
				e.blindTo(c, t, t.blind(deadline))
			default:
				text := "a ping was not answered, although the connection went on"
				if unsolicited > 0 {
					text += "; " + count(unsolicited, "pong") + " with another payload came"
				}
				e.fault(c, t, Finding{Text: text, Measured: "no pong for " + span(until-ping.At),
					Expected: fmt.Sprintf("a pong with payload %s", payloadText(ev.Payload))}, ev)
			}
		}
	})
	e.kept(n, "ping", "%s, each answered with its payload")
	e.nothing("no ping reached the client early enough to be answered")
}

// payloadText writes the payload of a ping.
func payloadText(b []byte) string {
	if len(b) == 0 {
		return "empty"
	}
	return frame.Frame{Fin: true, Opcode: frame.OpPing, Payload: b}.String()[len("ping "):]
}

// pongLatency: soon. What the RFC leaves open the policy may say.
func (e *exam) pongLatency() {
	n, worst := 0, time.Duration(0)
	limit := e.policy.pongWithin()
	e.opened(func(c *client, t *track, until time.Duration) {
		pings, _ := t.answers()
		for _, ping := range pings {
			ev := &t.events[ping.Tag]
			text, took, how := "a ping was answered late", ping.Latency(), span(ping.Latency())
			seen := ping.AnsweredAt
			if !ping.Answered {
				text, took = "a ping was not answered in time", until-ping.At
				how, seen = "no pong for "+span(took), until
			}
			switch {
			case !ping.Answered && took >= sum(max(limit, defaultPongWithin), e.tolerance): // the business of pongs
			case t.blind(seen) != "":
				e.blindTo(c, t, t.blind(seen))
			case took > sum(limit, e.tolerance):
				e.fault(c, t, Finding{Text: text, Measured: how, Expected: "a pong within " + span(limit)}, ev, t.eventAt(ping))
			case ping.Answered:
				n++
				worst = max(worst, took)
			}
		}
	})
	e.kept(n, "ping", "%s, the slowest answered after "+span(worst))
	e.nothing("no ping of the server's was answered")
}

// eventAt is the answer to a beat, nil if there was none.
func (t *track) eventAt(b heartbeat.Beat) *timeline.Event {
	if !b.Answered {
		return nil
	}
	return &t.events[b.AnswerTag]
}

// closeAnswered: a Close that is received must be answered with a Close if none was
// sent (RFC 6455 section 5.5.1). A client that fails the connection may leave it out
// (section 7.1.7).
func (e *exam) closeAnswered() {
	n := 0
	e.opened(func(c *client, t *track, _ time.Duration) {
		if t.heard == nil {
			return
		}
		if t.said != nil {
			n++
			return
		}
		at := t.heard.At
		if t.clientTCP != nil && t.clientTCP.At <= sum(at, e.tolerance) || t.failedBefore(t.heard) {
			return // it may have left before it read the Close, or failed the connection
		}
		// Until when an answer could have been seen, and whether the client is why not.
		until, left := e.r.now, false
		if t.clientTCP != nil {
			until, left = t.clientTCP.At, true
		}
		for i := range t.events {
			ev := &t.events[i]
			cut := ev.Kind == timeline.KindEnded || ev.Dir == frame.ToClient &&
				(ev.Kind == timeline.KindClosed || ev.Kind == timeline.KindRST && ev.Seen&timeline.Left != 0)
			if cut && ev.At <= until && (!left || ev.Seq < t.clientTCP.Seq) {
				until, left = ev.At, false
				break
			}
		}
		switch deadline := sum(at, sum(defaultPongWithin, e.tolerance)); {
		case t.blind(until) != "":
			e.blindTo(c, t, t.blind(until))
		case e.exits(c, at, until):
		case left:
			e.fault(c, t, Finding{Text: "the client ended TCP without answering the server's Close",
				Measured: withArticle(endOf(*t.clientTCP)) + " after " + span(until-at), Expected: "a Close before it"}, t.heard, t.clientTCP)
		case until > deadline:
			e.fault(c, t, Finding{Text: "the client did not answer the server's Close",
				Measured: "no Close for " + span(until-at), Expected: "a Close as soon as practical"}, t.heard)
		}
	})
	e.kept(n, "Close", "%s of the server's, each answered or crossed by one of the client's")
	e.nothing("no Close reached the client that it could have answered")
}

// failedBefore reports whether the client received something before ev, or in it, for
// which it has to fail the connection.
func (t *track) failedBefore(ev *timeline.Event) bool {
	check := inspector{deflate: deflated(t.events)}
	for i := range t.events {
		got := &t.events[i]
		if got.Dir == frame.ToClient && got.Kind == timeline.KindOpaque {
			return true
		}
		if got.Dir != frame.ToClient || got.Seen&timeline.Left == 0 {
			continue
		}
		if got.Kind == timeline.KindBytes {
			return true
		}
		if (got.Kind == timeline.KindFrame || got.Kind == timeline.KindFrameStart) && check.see(*got) != nil {
			return true
		}
		if got.Seq == ev.Seq && got == ev {
			return false
		}
	}
	return false
}

// exits reports whether the client's program ended between two times, or within a
// second after: then the end of its connections is that of a process.
func (e *exam) exits(c *client, from, to time.Duration) bool {
	for _, run := range e.r.runs {
		if run.exit != nil && run.exit.At >= from && run.exit.At <= sum(to, time.Second) {
			return true
		}
	}
	return false
}
