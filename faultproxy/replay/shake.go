package replay

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// shake is what became of a recorded upgrade attempt.
type shake struct {
	asked  time.Duration
	list   []shakeStep // in order
	done   bool        // it was answered, or ended
	opened bool
}

// shakeStep is something that reached the client before the opening, or the answer.
type shakeStep struct {
	at   time.Duration            // since the request
	step fakeserver.HandshakeStep // nil: a 101 without anything of its own
}

// steps are what a new client meets. One that the recording leaves without an answer is
// left so until it goes.
func (s *shake) steps(scale func(time.Duration) time.Duration) (steps []fakeserver.HandshakeStep) {
	var now time.Duration
	for _, next := range s.list {
		if d := scale(next.at - now); d > 0 {
			steps = append(steps, fakeserver.Pause(d))
		}
		if now = next.at; next.step != nil {
			steps = append(steps, next.step)
		}
	}
	if !s.done {
		steps = append(steps, fakeserver.GoDark())
	}
	return steps
}

// plan plans the attempt and returns the index of the event with which it opened.
func (s *shake) plan(p *planner, events []timeline.Event) (open int) {
	var asked timeline.Event
	for i, e := range events {
		toClient := e.Dir == frame.ToClient && e.OfClient()
		switch {
		case e.Kind == timeline.KindRequest && e.OfClient():
			asked, s.asked = e, e.At
		case e.Kind == timeline.KindOpened:
			s.opened = true
			if !s.done { // its answer is missing
				s.answer(p, asked, timeline.Event{Seq: e.Seq, At: e.At, Fields: []timeline.Field{{Name: "status", Value: "101"}, {Name: "upgrade"}}})
			}
			return i
		case s.done:
		case e.Kind == timeline.KindResponse && toClient:
			s.answer(p, asked, e)
		case e.Kind == timeline.KindBytes && toClient:
			if raw, ok := p.bytes(e); ok {
				s.add(e, fakeserver.SendRaw(raw))
			}
		case toClient && e.Kind == timeline.KindRST, e.Kind == timeline.KindClosed && e.Field("how") == "rst" && e.Dir == frame.ToClient:
			s.finish(e, fakeserver.Reset())
		case toClient && e.Kind == timeline.KindFIN, e.Kind == timeline.KindClosed && e.Dir == frame.ToClient:
			s.finish(e, fakeserver.Fin())
		}
	}
	return len(events)
}

func (s *shake) add(e timeline.Event, step fakeserver.HandshakeStep) {
	s.list = append(s.list, shakeStep{e.At - s.asked, step})
}

// finish adds the last step.
func (s *shake) finish(e timeline.Event, step fakeserver.HandshakeStep) {
	s.add(e, step)
	s.done = true
}

// answer plans what the client is answered.
func (s *shake) answer(p *planner, asked, e timeline.Event) {
	status, err := strconv.Atoi(e.Field("status"))
	if err != nil || status < 200 && status != http.StatusSwitchingProtocols || status > 599 {
		p.note(e, "this answer, %s, is not played", e.Field("status"))
		return
	}
	details := p.headers(e, status)
	if status != http.StatusSwitchingProtocols {
		s.finish(e, fakeserver.Reject(status, details...))
		return
	}
	if sub := e.Field("sec-websocket-protocol"); sub != "" {
		details = append(details, fakeserver.Subprotocol(sub))
	}
	if !has(e, "upgrade") {
		details = append(details, fakeserver.WithoutUpgrade())
	}
	if got, key := e.Field("sec-websocket-accept"), asked.Field("sec-websocket-key"); key != "" && got != "" && got != acceptOf(key) {
		details = append(details, fakeserver.WrongAccept())
	}
	extensions := e.Field("sec-websocket-extensions")
	offered := strings.Contains(asked.Field("sec-websocket-extensions"), deflate)
	switch {
	case offered && strings.HasPrefix(extensions, deflate):
		details = append(details, fakeserver.Compression(true))
	case extensions != "":
		details = append(details, fakeserver.Extension(extensions))
	}
	var step fakeserver.HandshakeStep
	if len(details) > 0 {
		step = fakeserver.AcceptWith(details...)
	}
	s.finish(e, step)
}

const deflate = "permessage-deflate"

// acceptOf is the answer to a client's key (RFC 6455 section 4.2.2).
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func has(e timeline.Event, name string) bool {
	for _, f := range e.Fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// own are the fields of an answer that the server sets by itself: those of the
// handshake, and those about a body, which is not recorded.
var own = map[string]bool{
	"status": true, "upgrade": true, "connection": true, "keep-alive": true, "sec-websocket-accept": true,
	"sec-websocket-protocol": true, "sec-websocket-extensions": true,
	"content-length": true, "content-type": true, "content-encoding": true, "transfer-encoding": true, "trailer": true,
}

// headers are the header fields of an answer that are played.
func (p *planner) headers(e timeline.Event, status int) (details []fakeserver.Detail) {
	for _, f := range e.Fields {
		switch {
		case own[f.Name]:
		case strings.Contains(f.Value, "[redacted]"):
			p.note(e, "the header %s of this answer was not recorded, as a secret, and is not played", f.Name)
		case strings.ContainsAny(f.Name+f.Value, "\r\n\x00"), f.Name == "":
			p.note(e, "the header %q of this answer cannot be sent, and is not played", f.Name)
		default:
			details = append(details, fakeserver.Header(http.CanonicalHeaderKey(f.Name), f.Value))
		}
	}
	if length := e.Field("content-length"); status != http.StatusSwitchingProtocols && length != "" && length != "0" {
		p.note(e, "the body of this answer, of %s bytes, was not recorded: another one says %q", length, http.StatusText(status))
	}
	return details
}
