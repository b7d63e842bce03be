package replay

import (
	"bytes"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// frame returns the frame of an event as it is to be sent; inflated says that it was
// compressed on its way. deflate says that permessage-deflate was agreed on. It is not
// ok if there is not enough of it, which is a problem then.
func (p *planner) frame(e timeline.Event, deflate bool) (f frame.Frame, inflated, ok bool) {
	h := e.Header
	if e.Opaque && deflate {
		p.refuse(e, "this payload was recorded compressed and cannot be read: record with --compression no-takeover or strip")
		return f, false, false
	}
	f = h.Frame(e.Payload)
	if e.Inflated {
		f.RSV, f.LengthBytes = f.RSV&^frame.RSV1, 0
	}
	if !e.Truncated {
		return f, e.Inflated, true
	}
	if e.Inflated {
		if p.incomplete(e, "of this compressed message only the first %d bytes were recorded", len(e.Payload)) {
			return f, true, true // how long it was is not known
		}
		return f, false, false
	}
	if !p.incomplete(e, "of this payload of %d bytes only the first %d were recorded", h.Length, len(e.Payload)) {
		return f, false, false
	}
	f.Payload = padded(e.Payload, int(h.Length), h.Opcode == frame.OpText)
	return f, false, true
}

// incomplete says that something was recorded in part, and reports whether it is
// played all the same.
func (p *planner) incomplete(e timeline.Event, format string, args ...any) bool {
	if p.pad {
		p.note(e, format+": the rest is filled up", args...)
	} else {
		p.refuse(e, format+": use --pad to fill up the rest", args...)
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
