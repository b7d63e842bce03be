package heartbeat

import (
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Template is a frame to be made. The zero value is none.
type Template struct {
	// Op is the opcode: text, binary, ping or pong.
	Op frame.Opcode
	// Payload is the payload, any bytes. Placeholders in a text are replaced: {n} by
	// the number of the beat, counted from 1; {$.id}, {$[1]}, {$} by the JSON at that
	// path of the frame that is answered, as it is written there. An answer
	// correlated ByPayload repeats the payload of its beat instead.
	Payload string
}

// frame returns a frame of the template's kind with another payload.
func (t Template) frame(payload []byte) frame.Frame {
	return frame.Frame{Fin: true, Opcode: t.Op, Payload: payload}
}

// render fills in the placeholders. It is not ok for the zero Template, and if a
// placeholder refers to what the question does not have.
func (t Template) render(n int, question frame.View) (f frame.Frame, ok bool) {
	if t == (Template{}) {
		return frame.Frame{}, false
	}
	if t.Op != frame.OpText {
		return t.frame([]byte(t.Payload)), true
	}
	var payload []byte
	rest := t.Payload
	for {
		before, after, found := strings.Cut(rest, "{")
		payload = append(payload, before...)
		if !found {
			return t.frame(payload), true
		}
		name, behind, closed := strings.Cut(after, "}")
		switch {
		case closed && name == "n":
			payload = strconv.AppendInt(payload, int64(n), 10)
		case closed && strings.HasPrefix(name, "$"):
			value, found := lookup(question.Payload, name)
			if question.Opaque || !found {
				return frame.Frame{}, false
			}
			payload = append(payload, value...)
		default:
			payload = append(payload, '{')
			behind = after
		}
		rest = behind
	}
}

// Replies returns the frames that answer a question, unmasked; nil if it is not
// the question of this exchange, or a placeholder refers to what it does not have.
func (e Exchange) Replies(question frame.View) []frame.Frame {
	if e.On == nil || !e.asker().Sends().Has(question.Dir) || !e.On.Match(question) {
		return nil
	}
	frames := make([]frame.Frame, 0, len(e.Reply))
	for _, t := range e.Reply {
		f, ok := t.render(0, question)
		if !ok {
			return nil
		}
		frames = append(frames, f)
	}
	return frames
}

func (e Exchange) asker() Role {
	if e.By == 0 {
		return Client
	}
	return e.By
}
