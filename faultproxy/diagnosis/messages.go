package diagnosis

import (
	"fmt"
	"iter"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// messages yields the messages and control frames that passed the client's side, or
// with far the server's, each with the event of its last frame.
func (t *track) messages(far bool) iter.Seq2[*timeline.Event, timeline.Message] {
	return func(yield func(*timeline.Event, timeline.Message) bool) {
		assembler := timeline.Assembler{Far: far}
		for i := range t.events {
			if m, ok := assembler.See(t.events[i]); ok && !yield(&t.events[i], m) {
				return
			}
		}
	}
}

// firstSent is with which event the client had first sent what a match selects; nil if
// it never did. unread says which message, sent by a time, may have been it.
func (t *track) firstSent(m frame.Match, by time.Duration) (sent *timeline.Event, unread string) {
	if !timeline.OfMessages(m) {
		for i := range t.events {
			if ev := &t.events[i]; ev.Dir == frame.ToServer && timeline.Selects(m, *ev) {
				return ev, ""
			}
		}
		return nil, ""
	}
	for last, message := range t.messages(false) {
		if message.Dir != frame.ToServer || message.Header.Opcode.IsControl() && !m.Needs().Opcodes.Has(message.Header.Opcode) {
			continue
		}
		if m.Match(message.View()) {
			return last, unread
		}
		if unread == "" && message.DoneAt <= by {
			unread = unreadable(message)
		}
	}
	return nil, unread
}

// unreadable says why the payload of a message is not known; empty if it is.
func unreadable(m timeline.Message) string {
	switch {
	case m.Opaque:
		return "a message is compressed and cannot be read"
	case m.Truncated && m.Frames > 1:
		return fmt.Sprintf("a message of %d fragments was not kept whole: raise timeline.Limits.Payload", m.Frames)
	case m.Truncated:
		return "a message was not kept whole: raise timeline.Limits.Payload"
	}
	return ""
}
