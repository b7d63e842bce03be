package diagnosis_test

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// The directions and sides, short enough for tables.
const (
	toS     = frame.ToServer
	toC     = frame.ToClient
	arrived = timeline.Arrived
	left    = timeline.Left
	passed  = timeline.Passed
)

// step is an event at a time since the connection's request.
type step struct {
	at time.Duration
	ev timeline.Event
}

func at(d time.Duration, ev timeline.Event) step { return step{d, ev} }

// conn numbers steps as the events of one connection that begins at start.
func conn(n int, start time.Duration, steps ...step) diagnosis.Events {
	events := make(diagnosis.Events, len(steps))
	for i, s := range steps {
		s.ev.Seq, s.ev.Conn, s.ev.At = i+1, n, start+s.at
		events[i] = s.ev
	}
	return events
}

// one is a single connection.
func one(steps ...step) diagnosis.Events { return conn(1, 0, steps...) }

// open is a handshake that takes no time, and then the steps.
func open(steps ...step) []step {
	return append([]step{
		at(0, request()), at(0, dialed("")), at(0, response(passed, "101")), at(0, opened()),
	}, steps...)
}

// live is one connection that opened at 0.
func live(steps ...step) diagnosis.Events { return one(open(steps...)...) }

func fields(pairs ...string) []timeline.Field {
	var list []timeline.Field
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, timeline.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func request() timeline.Event {
	return timeline.Event{Kind: timeline.KindRequest, Dir: toS, Seen: arrived,
		Fields: fields("method", "GET", "target", "/ws", "host", "127.0.0.1:8080")}
}

func dialed(err string) timeline.Event {
	if err != "" {
		return timeline.Event{Kind: timeline.KindDialed, Fields: fields("error", err)}
	}
	return timeline.Event{Kind: timeline.KindDialed, Fields: fields("address", "127.0.0.1:9000")}
}

func response(seen timeline.Seen, status string, more ...string) timeline.Event {
	return timeline.Event{Kind: timeline.KindResponse, Dir: toC, Seen: seen,
		Fields: fields(append([]string{"status", status}, more...)...)}
}

func trouble(err string) timeline.Event {
	return timeline.Event{Kind: timeline.KindError, Fields: fields("what", "handshake", "error", err)}
}

func opened() timeline.Event { return timeline.Event{Kind: timeline.KindOpened} }
func ended() timeline.Event  { return timeline.Event{Kind: timeline.KindEnded} }

// send is a frame as it stands on the wire.
func send(dir frame.Direction, seen timeline.Seen, f frame.Frame) timeline.Event {
	if dir == toS {
		f = f.WithMask([4]byte{1, 2, 3, 4})
	}
	return raw(dir, seen, f)
}

// raw is a frame that is masked only if it says so.
func raw(dir frame.Direction, seen timeline.Seen, f frame.Frame) timeline.Event {
	return timeline.Event{Kind: timeline.KindFrame, Dir: dir, Seen: seen, Header: f.Header(), Payload: f.Payload}
}

// start is the header of a frame whose payload is still to come.
func start(dir frame.Direction, h frame.Header) timeline.Event {
	return timeline.Event{Kind: timeline.KindFrameStart, Dir: dir, Seen: passed, Header: h}
}

func say(s string) timeline.Event  { return send(toS, passed, frame.Text(s)) }
func hear(s string) timeline.Event { return send(toC, passed, frame.Text(s)) }

func ping(d time.Duration, payload string) step {
	return at(d, send(toS, passed, frame.Ping([]byte(payload))))
}

func pong(d time.Duration, payload string) step {
	return at(d, send(toC, passed, frame.Pong([]byte(payload))))
}

func clientCloses(code frame.CloseCode, reason string) timeline.Event {
	return send(toS, passed, frame.Close(code, reason))
}

func serverCloses(code frame.CloseCode, reason string) timeline.Event {
	return send(toC, passed, frame.Close(code, reason))
}

func fin(dir frame.Direction, seen timeline.Seen) timeline.Event {
	return timeline.Event{Kind: timeline.KindFIN, Dir: dir, Seen: seen}
}

func rst(dir frame.Direction, seen timeline.Seen) timeline.Event {
	return timeline.Event{Kind: timeline.KindRST, Dir: dir, Seen: seen}
}

func closed(dir frame.Direction) timeline.Event {
	return timeline.Event{Kind: timeline.KindClosed, Dir: dir, Fields: fields("how", "close")}
}

func opaque(dir frame.Direction, section, why string) timeline.Event {
	return timeline.Event{Kind: timeline.KindOpaque, Dir: dir, Fields: fields("section", section, "why", why)}
}

// by marks the event as a rule's doing.
func by(rule string, ev timeline.Event) timeline.Event {
	ev.Rule = rule
	return ev
}

// cutByBox is how a box ends a connection that both peers would have kept.
func cutByBox(d time.Duration) []step {
	return []step{at(d, closed(toS)), at(d, closed(toC)), at(d, ended())}
}

// serverGone is how a FIN from the server's side passes.
func serverGone(d time.Duration) []step {
	return []step{at(d, fin(toC, passed)), at(d+ms, fin(toS, passed)), at(d+ms, ended())}
}

// finAfter is the orderly end of TCP after a closing handshake.
func finAfter(d time.Duration) []step {
	return []step{at(d, fin(toC, passed)), at(d, fin(toS, passed)), at(d, ended())}
}

// chatter is a message of the client every period, from first to last.
func chatter(first, last, period time.Duration) []step {
	var steps []step
	for d := first; d <= last; d += period {
		steps = append(steps, at(d, say("hello")))
	}
	return steps
}

func join(parts ...[]step) []step {
	var all []step
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
