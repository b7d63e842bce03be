package heartbeat

import (
	"fmt"
	"iter"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Greet returns what the server sends as soon as its n-th connection is open,
// unmasked; n counts from 1. A template that refers to another frame, which there
// is none yet, is left out.
func (d Dialect) Greet(n int) []frame.Frame {
	var frames []frame.Frame
	for _, t := range d.Greeting {
		if f, ok := t.Render(n, frame.View{}); ok {
			frames = append(frames, f)
		}
	}
	return frames
}

// Replies returns the frames that answer a question, unmasked; nil if it is not
// the question of this exchange, or a placeholder refers to what it does not have.
// A question that comes in pieces is only known to a [Player].
func (e Exchange) Replies(question frame.View) []frame.Frame {
	if e.On == nil || !e.asker().Sends().Has(question.Dir) || !e.On.Match(question) {
		return nil
	}
	frames := make([]frame.Frame, 0, len(e.Reply))
	for _, t := range e.Reply {
		f, ok := t.Render(0, question)
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

// templates iterates over everything that the dialect may send, and where it is
// written.
func (d Dialect) templates() iter.Seq2[string, Template] {
	return func(yield func(string, Template) bool) {
		if !yield("beat", d.Beat.Send) || !yield("answer", d.Answer.Send) {
			return
		}
		for i, t := range d.Greeting {
			if !yield(fmt.Sprintf("greeting[%d]", i), t) {
				return
			}
		}
		for i, x := range d.Session {
			for j, t := range x.Reply {
				if !yield(fmt.Sprintf("session[%d].reply[%d]", i, j), t) {
					return
				}
			}
		}
	}
}
