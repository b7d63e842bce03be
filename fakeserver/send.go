package fakeserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Send sends frames in one write, exactly as they are, legal or not; see
// [Conn.Send]. To end a connection with a Close, see [Close].
func Send(frames ...frame.Frame) Step {
	s := step{text: "Send(" + join(frames) + ")", source: caller(0), kind: sends,
		do: func(r *run) error { return r.c.sent(r.c.Send(frames...)) }}
	if len(frames) == 0 {
		s.wrong = errEmpty
	}
	return s
}

// RawStep is a [SendRaw], for scripts and for handshakes.
type RawStep struct {
	b      []byte
	source source
}

// SendRaw sends bytes as they are, such as half a frame, or no frame at all. Within
// [Handshake] they come before the 101: the beginning of an answer that an ending then
// cuts off, for instance.
func SendRaw(b []byte) RawStep { return RawStep{b, caller(0)} }

// String returns the call that made it, with the first 16 bytes.
func (s RawStep) String() string {
	if len(s.b) > 16 {
		return fmt.Sprintf("SendRaw(%d B %.16x…)", len(s.b), s.b[:16])
	}
	return fmt.Sprintf("SendRaw(%d B %.16x)", len(s.b), s.b)
}

func (s RawStep) step() step {
	return step{text: s.String(), source: s.source, kind: sends,
		do: func(r *run) error { return r.c.sent(r.c.SendRaw(s.b)) }}
}

func (s RawStep) shake(a *attempt) bool {
	rule := a.note(s.String())
	a.c.record(timeline.Record{Kind: timeline.KindBytes, Dir: frame.ToClient, Seen: timeline.Left, Rule: rule,
		Payload: s.b, Plain: true, Bytes: len(s.b)})
	_ = a.c.conn.SetWriteDeadline(time.Now().Add(closeFor))
	_, err := a.c.conn.Write(s.b)
	_ = a.c.conn.SetWriteDeadline(time.Time{})
	return err == nil
}

// Reply answers, with a text message, the frame that the last Expect, WaitFor or On
// was about. {$.id} and {$[1]} in it stand for the JSON at that place of the frame,
// {/id=(.*)/} for what the group of a regular expression found in it, {ws} and
// {http} for the address that the client used; see [heartbeat.Template] for all
// placeholders. A frame that lacks what one refers to is a failure.
func Reply(text string) Step {
	t := heartbeat.Template{Op: frame.OpText, Payload: text}
	return step{text: fmt.Sprintf("Reply(%q)", text), source: caller(0), kind: answers, wrong: t.Validate(),
		do: func(r *run) error { return r.reply(t) }}
}

func (r *run) reply(t heartbeat.Template) error {
	if r.last == nil {
		return errNothingHeard
	}
	t.Payload = expand(r.c.req, t.Payload)
	f, ok := t.Render(0, r.c.viewOf(*r.last))
	if !ok {
		return fmt.Errorf("%v has nothing to put in place of a placeholder", *r.last)
	}
	return r.c.sent(r.c.Send(f))
}

// EchoClose answers the client's Close with a Close of the same code and ends the
// server's side, as the server does by itself unless [On] is about Closes:
//
//	On(frame.Op(frame.OpClose), Pause(5*time.Second), EchoClose()) // an echo that comes late
//	On(frame.Op(frame.OpClose), Send(frame.Ping(nil)), EchoClose()) // a ping that crosses the Close
//	On(frame.Op(frame.OpClose))                                     // no echo at all
func EchoClose() Step {
	return step{text: "EchoClose()", source: caller(0), kind: hearsClose, do: func(r *run) error {
		if r.last == nil || r.last.Opcode != frame.OpClose {
			return errNothingHeard
		}
		return r.c.sent(r.c.answerClose(*r.last))
	}}
}

// sent says what it means for a script that something could not be queued: as a
// rule that the connection is over or past sending.
func (c *Conn) sent(err error) error {
	if err == nil || errors.Is(err, ErrFull) {
		return err
	}
	return errOver
}

// step makes an ending a step of a script.
func (e Ending) step() step {
	return step{text: e.text, source: e.source, kind: ends, do: func(r *run) error {
		if r.c.End(e) != nil {
			return errOver
		}
		return nil
	}}
}
