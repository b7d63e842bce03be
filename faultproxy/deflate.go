package faultproxy

import "github.com/heartbreak-ws/heartbreak/faultproxy/frame"

// deflateMode is what was negotiated about permessage-deflate (RFC 7692).
type deflateMode uint8

const (
	deflateOff      deflateMode = iota
	deflateTakeover             // messages depend on the ones before: none may be lost or changed
	deflateSingle               // each message stands alone
)

// maxInflated bounds what one compressed message may become.
const maxInflated = 64 << 20

// alone reports whether a frame is a whole message that was compressed on its own.
func (m deflateMode) alone(h frame.Header) bool {
	return m == deflateSingle && h.Fin && h.RSV&frame.RSV1 != 0 && !h.Opcode.IsControl()
}

// opaqueTo reports whether a frame's payload is compressed although its header
// does not say so: of a compressed message only the first frame has RSV1 set
// (RFC 7692 section 6.1).
func (in *intake) opaqueTo(h frame.Header) bool {
	return in.deflated && h.Opcode == frame.OpContinuation
}

// view makes a frame visible to matches: header only, unless a rule of the list
// needs the payload. hidden says why a payload cannot be seen.
func (ln *lane) view(h frame.Header, payload []byte, list []*armed) (v frame.View, hidden string) {
	v = frame.View{Dir: ln.dir, Header: h}
	needed := false
	for _, a := range list {
		needed = needed || a.needs.Payload
	}
	if !needed {
		return v, ""
	}
	compressed := h.RSV&frame.RSV1 != 0 && !h.Opcode.IsControl()
	switch {
	case compressed && ln.l.deflate != deflateSingle:
		hidden = "the payload is compressed with context takeover; add the rule before the connection opens"
	case compressed && !h.Fin, ln.in.opaqueTo(h):
		hidden = "the message is compressed and comes in fragments"
	}
	if hidden != "" {
		v.Opaque = true
		return v, hidden
	}
	v.Payload = append(make([]byte, 0, len(payload)), payload...)
	if h.Masked {
		frame.Mask(v.Payload, h.Key, 0)
	}
	if compressed {
		plain, ok := frame.Inflate(v.Payload, maxInflated)
		if !ok {
			v.Payload, v.Opaque = nil, true
			return v, "the payload does not inflate, or to more than 64 MiB"
		}
		v.Payload = plain
	}
	return v, ""
}

// context says why a frame's payload must stay as it is; "" if it need not.
func (ln *lane) context(h frame.Header) string {
	if ln.l.deflate == deflateTakeover && !h.Opcode.IsControl() && (h.RSV&frame.RSV1 != 0 || ln.in.opaqueTo(h)) {
		return needsContext
	}
	return ""
}

const needsContext = "the message is compressed with context takeover, later ones depend on it; add the rule before the connection opens"

// fixed says why a frame must not be changed, lost or moved; "" if it may be.
func (l *link) fixed(h frame.Header) string {
	switch {
	case h.Opcode == frame.OpContinuation:
		return "one fragment of a message cannot be changed alone; match the message's first frame"
	case h.RSV&frame.RSV1 != 0 && !h.Opcode.IsControl() && l.deflate == deflateTakeover:
		return needsContext
	}
	return ""
}
