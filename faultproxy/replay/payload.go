package replay

import (
	"bytes"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// sending is a frame as it is to be sent.
type sending struct {
	frame.Frame
	// deflated is the same for a client that takes compressed messages; nil: no other.
	deflated *frame.Frame
}

// frame returns the frame of an event as it is to be sent. It is not ok if there is not
// enough of it, which is a problem then.
func (p *planner) frame(e timeline.Event) (s sending, ok bool) {
	h := e.Header
	s.Frame = h.Frame(e.Payload)
	switch {
	case e.Inflated && e.Truncated && !p.incomplete(e, 0, "of this compressed message only the first %d bytes were recorded", len(e.Payload)):
		return s, false
	case e.Inflated: // how long one in part was is not known
		s.RSV, s.LengthBytes = s.RSV&^frame.RSV1, 0
		deflated := frame.Deflated(s.Frame)
		s.deflated = &deflated
	case e.Truncated && !p.incomplete(e, h.Length, "of this payload of %d bytes only the first %d were recorded", h.Length, len(e.Payload)):
		return s, false
	case e.Truncated:
		s.Payload = padded(e.Payload, int(h.Length), h.Opcode == frame.OpText)
	}
	return s, true
}

// bytes returns the bytes of an event that are no frames. It is not ok if there are not
// enough of them, which is a problem then.
func (p *planner) bytes(e timeline.Event) (raw []byte, ok bool) {
	if e.Count <= len(e.Payload) {
		return e.Payload, true
	}
	if !p.incomplete(e, uint64(e.Count), "of these %d bytes only the first %d were recorded", e.Count, len(e.Payload)) {
		return nil, false
	}
	return padded(e.Payload, e.Count, false), true
}

// incomplete says that something was recorded in part, and reports whether it is
// played all the same, filled up to that length.
func (p *planner) incomplete(e timeline.Event, length uint64, format string, args ...any) bool {
	switch {
	case length > frame.DefaultMaxPayload:
		p.refuse(e, format+", and more than 64 MiB are not filled up: leave this connection out, with --conn", args...)
		return false
	case p.pad:
		p.note(e, format+": the rest is filled up", args...)
	default:
		p.refuse(e, format+": pad (Options.Pad, --pad) to fill up the rest", args...)
	}
	return p.pad
}

// padded fills a payload up to its length: a text with spaces, so that it stays UTF-8,
// anything else with zeros.
func padded(b []byte, length int, text bool) []byte {
	fill := byte(0)
	if text {
		fill = ' '
		b = whole(b)
	}
	return append(b[:len(b):len(b)], bytes.Repeat([]byte{fill}, max(length-len(b), 0))...)
}

// whole returns a text without the letter that it was cut in, if it was.
func whole(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}
