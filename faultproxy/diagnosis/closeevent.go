package diagnosis

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// lost is what a client reports when a connection ends without a Close frame (RFC
// 6455 section 7.1.5), failed when it fails the connection itself.
var (
	lost   = frame.CloseEvent{Code: frame.CodeAbnormalClosure}
	failed = frame.CloseEvent{Code: frame.CodeAbnormalClosure, Error: true}
)

// closeEvent returns what a client reports for a connection, from its events in
// order, and whether it has learnt of the end. Error events and codes follow
// measurements of both clients, not the RFC, where these differ.
func closeEvent(kind ClientKind, events []timeline.Event, now time.Duration) (e frame.CloseEvent, reported bool) {
	c := clientSide{kind: kind, check: inspector{deflate: deflated(events)}}
	for _, ev := range events {
		if e, reported = c.see(ev); reported {
			return e, true
		}
	}
	if c.half && now >= c.halfAt+halfFor {
		return c.end(false)
	}
	return frame.CloseEvent{}, false
}

// halfFor is how long ws waits for the server's FIN behind a closing handshake and
// its own FIN.
const halfFor = 30 * time.Second

// clientSide follows a connection as its client sees it.
type clientSide struct {
	kind     ClientKind
	request  *timeline.Event
	opened   bool
	check    inspector        // of what it receives
	received bool             // a Close that it accepts
	got      frame.CloseEvent // what that Close says
	sent     bool             // its own Close
	lateText bool             // ws found bad UTF-8, which it reports at the end of the message
	giant    bool             // the frame that arrives is longer than Chromium takes
	half     bool             // ws sent its FIN behind the closing handshake, at halfAt
	halfAt   time.Duration
}

// see returns what the client reports upon an event, if it does.
func (c *clientSide) see(ev timeline.Event) (frame.CloseEvent, bool) {
	received := ev.Dir == frame.ToClient && ev.Seen&timeline.Left != 0
	sent := ev.Dir == frame.ToServer && ev.Seen&timeline.Arrived != 0
	switch ev.Kind {
	case timeline.KindRequest:
		c.request = &ev
	case timeline.KindOpened:
		c.opened = true
	case timeline.KindResponse:
		if received && c.refuses(ev) {
			return failed, true
		}
	case timeline.KindFrameStart, timeline.KindFrame:
		if received {
			return c.receive(ev)
		}
		if sent && ev.Kind == timeline.KindFrame && ev.Header.Opcode == frame.OpClose {
			return c.send(ev)
		}
	case timeline.KindOpaque:
		if ev.Dir == frame.ToClient && c.opened && !c.received {
			return failed, true
		}
	case timeline.KindFIN:
		switch {
		case received:
			return c.end(false)
		case sent:
			return c.leave(ev.At)
		}
	case timeline.KindRST:
		if received || sent {
			return c.end(received)
		}
	case timeline.KindClosed:
		if ev.Dir == frame.ToClient {
			return c.end(field(ev, "how") == "rst")
		}
	case timeline.KindEnded:
		return c.end(false)
	}
	return frame.CloseEvent{}, false
}

// refuses reports whether the client fails the handshake for an answer.
func (c *clientSide) refuses(ev timeline.Event) bool {
	switch status := field(ev, "status"); {
	case status == "":
		return false
	case interim(ev):
		return c.kind == Chromium
	case status != "101":
		return true
	}
	return c.kind.judge(c.request, &ev) != nil
}

// end is the end of TCP, in either direction.
func (c *clientSide) end(reset bool) (frame.CloseEvent, bool) {
	switch {
	case !c.opened:
		return failed, true
	case !c.received:
		return lost, true
	}
	e := c.got
	e.WasClean = !reset || c.kind == NodeWS && c.sent
	return e, true
}

// leave is the client's own FIN.
func (c *clientSide) leave(at time.Duration) (frame.CloseEvent, bool) {
	switch {
	case c.kind == NodeWS && c.received && c.sent:
		c.half, c.halfAt = true, at
		return frame.CloseEvent{}, false
	case c.kind == Chromium && c.opened && !c.sent && !c.received && !c.giant:
		return failed, true // the process that has the connection died, not the page
	}
	return c.end(false)
}

// send is a Close of the client's. One that says what was wrong with the frames it
// received is how a client fails a connection (RFC 6455 section 7.1.7). Chromium
// sends 1001 by itself when the page that has the connection was frozen, kept for
// "back", or left: if it is still there, it gets an error.
func (c *clientSide) send(ev timeline.Event) (frame.CloseEvent, bool) {
	c.sent = true
	code, _, ok := frame.ParseClose(ev.Payload)
	if ok && !c.received && (failureCodes[code] || c.kind == Chromium && code == frame.CodeGoingAway) {
		return failed, true
	}
	return frame.CloseEvent{}, false
}

var failureCodes = map[frame.CloseCode]bool{
	frame.CodeProtocolError:   true,
	frame.CodeUnsupportedData: true,
	frame.CodeInvalidPayload:  true,
	frame.CodeMessageTooBig:   true,
}

// receive is a frame, or the header of one, that reached the client.
func (c *clientSide) receive(ev timeline.Event) (frame.CloseEvent, bool) {
	closedBefore := c.received
	c.giant = ev.Header.Length >= giantLength
	v := c.check.see(ev)
	if c.kind == NodeWS && c.lateText && ev.Kind == timeline.KindFrame &&
		ev.Header.Fin && !ev.Header.Opcode.IsControl() {
		return failed, true
	}
	switch {
	case v != nil && c.minds(v, ev, closedBefore):
		return failed, true
	case closedBefore:
		return frame.CloseEvent{}, false
	case ev.Kind == timeline.KindFrame && ev.Header.Opcode == frame.OpClose:
		code, reason, ok := frame.ParseClose(ev.Payload)
		if !ok || !utf8.ValidString(reason) {
			return failed, true
		}
		c.received = true
		c.got = frame.CloseEvent{Code: code, Reason: reason}
	}
	return frame.CloseEvent{}, false
}

// minds reports whether the client fails the connection for a violation.
func (c *clientSide) minds(v *frame.Violation, ev timeline.Event, closedBefore bool) bool {
	if c.kind == Chromium {
		if closedBefore {
			return v.Rule == "data-after-close" || v.Rule == "close-after-close"
		}
		return v.Rule != "undefined-close-code"
	}
	if closedBefore || v.Rule == "non-minimal-length" {
		return false
	}
	if v.Rule == "text-not-utf8" && !ev.Header.Fin {
		c.lateText = true
		return false
	}
	return true
}

// inspector runs a frame.Checker over the events of one direction, as far as the
// recording holds what it needs.
type inspector struct {
	fromClient bool
	deflate    bool

	checker *frame.Checker
	begun   bool // the header was seen in a KindFrameStart
	blind   bool // part of the current message is not in the recording
}

// see returns the rule that the frame breaks, or nil.
func (i *inspector) see(ev timeline.Event) *frame.Violation {
	if i.checker == nil {
		i.checker = &frame.Checker{FromClient: i.fromClient, Deflate: i.deflate}
	}
	var v *frame.Violation
	if !i.begun {
		v = i.checker.Header(ev.Header)
	}
	if ev.Kind == timeline.KindFrameStart {
		i.begun = true
		return v
	}
	i.begun = false
	whole := uint64(len(ev.Payload)) == ev.Header.Length && !ev.Inflated && !ev.Opaque
	if ev.Header.Opcode.IsControl() {
		if whole && v == nil {
			v = i.checker.Payload(ev.Payload, true)
		}
		return v
	}
	i.blind = !whole || i.blind && ev.Header.Opcode == frame.OpContinuation
	if !i.blind && v == nil {
		v = i.checker.Payload(ev.Payload, true)
	}
	return v
}

// deflated reports whether permessage-deflate was negotiated.
func deflated(events []timeline.Event) bool {
	return slices.ContainsFunc(events, func(ev timeline.Event) bool {
		return ev.Kind == timeline.KindResponse && negotiatesDeflate(ev)
	})
}
