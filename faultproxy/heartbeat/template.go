package heartbeat

import (
	"errors"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Template is a frame to be made. The zero value is none.
type Template struct {
	// Op is the opcode: text, binary, ping or pong.
	Op frame.Opcode
	// Payload is the payload, any bytes. Placeholders in it are replaced; where one
	// refers to what the answered frame does not have, nothing is sent. In every kind
	// of frame:
	//
	//	{@2:4}      bytes 2 and 3 of the payload of the frame that is answered, the
	//	            first being byte 0; {@2:} is all from byte 2 on
	//
	// and in a text also:
	//
	//	{n}         the number of the beat, or of the connection in a greeting,
	//	            counted from 1
	//	{$.id}      the JSON at that path of the frame that is answered, as it is
	//	            written there; also {$[1]}, and {$} for all of it
	//	{/id:(.)/}  what the first group of the regular expression (Go's syntax)
	//	            matched in the frame that is answered; without a group, all that
	//	            the expression did
	//
	// An answer correlated ByPayload repeats the payload of its beat instead.
	Payload string
}

// frame returns a frame of the template's kind with another payload.
func (t Template) frame(payload []byte) frame.Frame {
	return frame.Frame{Fin: true, Opcode: t.Op, Payload: payload}
}

// Render fills in the placeholders. It is not ok for the zero Template, and if a
// placeholder refers to what the question does not have.
func (t Template) Render(n int, question frame.View) (f frame.Frame, ok bool) {
	if t == (Template{}) {
		return frame.Frame{}, false
	}
	var payload []byte
	rest := t.Payload
	for {
		before, _, found := strings.Cut(rest, "{")
		payload = append(payload, before...)
		if !found {
			return t.frame(payload), true
		}
		rest = rest[len(before):]
		p := t.placeholder(rest)
		if p.fill == nil {
			payload = append(payload, '{')
			rest = rest[1:]
			continue
		}
		value, known := p.fill(n, question)
		if !known {
			return frame.Frame{}, false
		}
		payload = append(payload, value...)
		rest = rest[len(p.text):]
	}
}

// Validate reports the placeholders that can never be filled in.
func (t Template) Validate() error {
	var errs []error
	rest := t.Payload
	for {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			return errors.Join(errs...)
		}
		rest = rest[i:]
		p := t.placeholder(rest)
		if p.err != nil {
			errs = append(errs, p.err)
		}
		rest = rest[max(1, len(p.text)):]
	}
}
