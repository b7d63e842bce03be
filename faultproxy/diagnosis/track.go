package diagnosis

import (
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// track is one connection with the moments that matter to judging its client. The
// moments are events of it, nil where there was none.
type track struct {
	conn   int
	events []timeline.Event

	request  *timeline.Event
	response *timeline.Event // that reached the client
	opened   *timeline.Event
	ended    *timeline.Event

	acted     *timeline.Event // with which the client began to end it: a Close, a FIN, an RST
	told      *timeline.Event // with which the client was told of the end
	tcp       *timeline.Event // with which TCP was over for the client
	heard     *timeline.Event // the Close that the client received
	finned    *timeline.Event // the FIN that the client received
	cut       *timeline.Event // with which TCP was over for the client without its doing: an RST, or the recorder closing its socket
	said      *timeline.Event // the Close that the client sent
	clientTCP *timeline.Event // the client's own FIN or RST

	deaf   *timeline.Event // from here on nobody reads what the client sends
	opaque *timeline.Event // from here on what the client sends is not parsed
	lost   *timeline.Event // events are missing here
	spoke  bool            // the client sent a frame
	page   bool            // the client is a page, which sees neither pings nor pongs

	beats map[string][]heartbeat.Beat // the client's, by the name of the dialect, once asked for
}

func newTrack(first timeline.Event) *track { return &track{conn: first.Conn} }

// finish finds the moments, once all events are there.
func (t *track) finish() {
	for i := range t.events {
		t.see(&t.events[i])
	}
}

func (t *track) see(ev *timeline.Event) {
	first := func(where **timeline.Event) {
		if *where == nil {
			*where = ev
		}
	}
	sent := ev.Dir == frame.ToServer && ev.Seen&timeline.Arrived != 0
	received := ev.Dir == frame.ToClient && ev.Seen&timeline.Left != 0
	switch ev.Kind {
	case timeline.KindRequest:
		first(&t.request)
	case timeline.KindResponse:
		if status := field(*ev, "status"); received && (status == "101" || !strings.HasPrefix(status, "1")) {
			t.response = ev
			if status != "101" {
				first(&t.told)
			}
		}
	case timeline.KindOpened:
		first(&t.opened)
	case timeline.KindFrame:
		t.spoke = t.spoke || sent
		if ev.Header.Opcode != frame.OpClose {
			return
		}
		if sent {
			first(&t.acted)
			first(&t.said)
		}
		if received {
			first(&t.told)
			first(&t.heard)
		}
	case timeline.KindFIN, timeline.KindRST:
		if sent {
			first(&t.acted)
			first(&t.clientTCP)
			first(&t.tcp)
		}
		if received {
			first(&t.told)
			first(&t.tcp)
			if ev.Kind == timeline.KindFIN {
				first(&t.finned)
			} else {
				first(&t.cut)
			}
		}
	case timeline.KindClosed:
		if ev.Dir == frame.ToClient {
			first(&t.told)
			first(&t.tcp)
			first(&t.cut)
		}
	case timeline.KindEnded:
		first(&t.ended)
		first(&t.tcp)
	case timeline.KindHeld:
		if ev.Dir == frame.ToServer {
			first(&t.deaf)
		}
	case timeline.KindFault:
		// The server's endings that leave what the client sends to the kernel.
		if does := ev.Field("does"); ev.Vantage == timeline.AtServer && (does == "Freeze()" || does == "StopReading()") {
			first(&t.deaf)
		}
	case timeline.KindOpaque:
		if ev.Dir == frame.ToServer {
			first(&t.opaque)
		}
	case timeline.KindLost:
		first(&t.lost)
	}
}

// status is the HTTP status the client was answered; empty if it was not.
func (t *track) status() string {
	if t.response == nil {
		return ""
	}
	return field(*t.response, "status")
}

// partial reports whether the recording begins after the connection did.
func (t *track) partial() bool { return t.request == nil }

// over is when the connection was over for its client as far as it could know; it is
// not if ok is false.
func (t *track) over() (at time.Duration, ev *timeline.Event, ok bool) {
	for _, e := range []*timeline.Event{t.acted, t.told, t.ended} {
		if precedes(e, ev) {
			at, ev, ok = e.At, e, true
		}
	}
	return at, ev, ok
}

// precedes reports whether a happened before b, as recorded; nil never happened.
func precedes(a, b *timeline.Event) bool {
	switch {
	case a == nil || b == nil:
		return a != nil
	case a.At == b.At:
		return a.Seq < b.Seq
	}
	return a.At < b.At
}

// openUntil is when the client no longer had to do anything on the connection: when
// it was over for it, or now.
func (t *track) openUntil(now time.Duration) time.Duration {
	if at, _, ok := t.over(); ok {
		return at
	}
	return now
}

// blind returns why what the client did up to a time cannot all be known; empty if it
// can. Whatever the client did was seen before the first reason.
func (t *track) blind(until time.Duration) string {
	switch {
	case t.partial():
		return "it began before what is looked at"
	case t.lost != nil && t.lost.At <= until:
		return "events of it are missing"
	case t.deaf != nil && t.deaf.At <= until:
		return "from " + seconds(t.deaf.At) + " on nobody read what the client sent"
	case t.opaque != nil && t.opaque.At <= until:
		return "from " + seconds(t.opaque.At) + " on what the client sent could not be parsed"
	}
	return ""
}

// name says "connection 3".
func (t *track) name() string { return connection(t.conn) }

// frames yields the whole frames that passed the client's side in one direction.
func (t *track) frames(dir frame.Direction, visit func(ev *timeline.Event)) {
	for i := range t.events {
		ev := &t.events[i]
		if ev.Kind == timeline.KindFrame && ev.Dir == dir && ev.OfClient() {
			visit(ev)
		}
	}
}

// stopped reports whether a frame toward the client did not get there, or only after
// until.
func (t *track) stopped(from, until time.Duration) bool {
	var waiting []*timeline.Event
	for i := range t.events {
		ev := &t.events[i]
		if ev.Kind != timeline.KindFrame || ev.Dir != frame.ToClient || ev.At > until {
			continue
		}
		switch ev.Seen {
		case timeline.Arrived:
			if ev.At >= from {
				waiting = append(waiting, ev)
			}
		case timeline.Left:
			if i := slices.IndexFunc(waiting, func(w *timeline.Event) bool { return sameFrame(*w, *ev) }); i >= 0 {
				waiting = slices.Delete(waiting, i, i+1)
			}
		}
	}
	return len(waiting) > 0
}

// sameFrame reports whether two events can be of one frame.
func sameFrame(a, b timeline.Event) bool {
	return a.Header.Opcode == b.Header.Opcode && a.Header.Length == b.Header.Length && string(a.Payload) == string(b.Payload)
}

// header returns a field of the upgrade request, and whether it has one.
func (t *track) header(name string) (string, bool) {
	if t.request == nil {
		return "", false
	}
	for _, f := range t.request.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}
