// Package frame is RFC 6455 on the wire: frames, legal or not, the parser that
// finds them in a byte stream, the checker that says which rule one breaks, the
// close codes, and the matches that select frames.
package frame

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Frame is one whole frame, legal or not. Payload is plain: Append masks it when
// Masked is set.
type Frame struct {
	Fin     bool
	RSV     uint8
	Opcode  Opcode
	Masked  bool
	Key     [4]byte
	Payload []byte
	// LengthBytes is how many bytes the extended length takes: 0 (the shortest
	// form, which RFC 6455 section 5.2 requires), 2 or 8.
	LengthBytes int
}

// Text returns an unmasked text message of one frame. The text may be invalid
// UTF-8, which RFC 6455 section 8.1 forbids.
func Text(s string) Frame { return Frame{Fin: true, Opcode: OpText, Payload: []byte(s)} }

// Binary returns an unmasked binary message of one frame. It keeps b.
func Binary(b []byte) Frame { return Frame{Fin: true, Opcode: OpBinary, Payload: b} }

// Ping returns an unmasked ping. It keeps b, which may be nil, or longer than the
// 125 bytes RFC 6455 section 5.5 permits.
func Ping(b []byte) Frame { return Frame{Fin: true, Opcode: OpPing, Payload: b} }

// Pong returns an unmasked pong. It keeps b, which may be nil, or longer than the
// 125 bytes RFC 6455 section 5.5 permits.
func Pong(b []byte) Frame { return Frame{Fin: true, Opcode: OpPong, Payload: b} }

// Continuation returns an unmasked fragment that continues a message; fin says
// whether it is the last. It keeps b. The first fragment is a [Text] or [Binary]
// with Fin set to false.
func Continuation(fin bool, b []byte) Frame {
	return Frame{Fin: fin, Opcode: OpContinuation, Payload: b}
}

// Close returns an unmasked Close frame. Any code is written as it is, also those
// that must never be on the wire ([CodeInfo].OnWire), and a reason longer than 123
// bytes makes an oversized control frame. See [EmptyClose] for a Close without a
// code; a payload of one byte can only be set by hand.
func Close(code CloseCode, reason string) Frame {
	payload := append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	return Frame{Fin: true, Opcode: OpClose, Payload: payload}
}

// EmptyClose returns an unmasked Close frame without a payload. Its receiver
// reports 1005 (RFC 6455 section 7.1.5).
func EmptyClose() Frame { return Frame{Fin: true, Opcode: OpClose} }

// ParseClose reads the payload of a Close frame. An empty payload means
// [CodeNoStatus] (1005). It is not ok if the payload is a single byte, which holds
// no code; any code and any reason are, even illegal ones.
func ParseClose(payload []byte) (code CloseCode, reason string, ok bool) {
	switch len(payload) {
	case 0:
		return CodeNoStatus, "", true
	case 1:
		return 0, "", false
	}
	return CloseCode(binary.BigEndian.Uint16(payload)), string(payload[2:]), true
}

// WithMask returns the frame masked with the key, as everything a client sends
// must be (RFC 6455 section 5.1). The payload stays plain and shared.
func (f Frame) WithMask(key [4]byte) Frame {
	f.Masked, f.Key = true, key
	return f
}

// Header returns the header that [Frame.Append] writes.
func (f Frame) Header() Header {
	h := Header{
		Fin: f.Fin, RSV: f.RSV & 7, Opcode: f.Opcode & 0xF, Masked: f.Masked,
		Length: uint64(len(f.Payload)),
	}
	h.Size = 2 + lengthForm(f.LengthBytes, h.Length)
	if f.Masked {
		h.Key = f.Key
		h.Size += 4
	}
	return h
}

// Append appends the frame as it stands on the wire, exactly as the fields say,
// legal or not. Only a LengthBytes too small for the payload is corrected.
func (f Frame) Append(dst []byte) []byte {
	h := f.Header()
	dst = slices.Grow(dst, h.Size+len(f.Payload))
	dst = h.Append(dst)
	start := len(dst)
	dst = append(dst, f.Payload...)
	if f.Masked {
		Mask(dst[start:], f.Key, 0)
	}
	return dst
}

// String describes the frame shortly: `text "hi"`, `ping "beat"`, `pong`,
// `close 1012 "restart"`, `binary 3 B 00ff10`. Payloads are cut after 40 letters
// or 16 bytes. What is unusual follows: `(fragment)`, `(rsv1)`.
func (f Frame) String() string {
	var b strings.Builder
	b.WriteString(f.Opcode.String())
	switch {
	case f.Opcode == OpText, f.Opcode == OpContinuation && printable(f.Payload) && len(f.Payload) > 0:
		b.WriteString(" " + quoteShort(f.Payload))
	case f.Opcode == OpClose:
		writeClose(&b, f.Payload)
	case len(f.Payload) == 0:
	case f.Opcode.IsControl() && printable(f.Payload):
		b.WriteString(" " + quoteShort(f.Payload))
	default:
		fmt.Fprintf(&b, " %d B %s", len(f.Payload), hexShort(f.Payload))
	}
	var notes []string
	if !f.Fin {
		notes = append(notes, "fragment")
	}
	for i, bit := range []uint8{RSV1, RSV2, RSV3} {
		if f.RSV&bit != 0 {
			notes = append(notes, "rsv"+strconv.Itoa(i+1))
		}
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

func writeClose(b *strings.Builder, payload []byte) {
	code, reason, ok := ParseClose(payload)
	switch {
	case !ok:
		b.WriteString(" 1 B " + hexShort(payload))
	case len(payload) == 2:
		fmt.Fprintf(b, " %d", code)
	case len(payload) > 2:
		fmt.Fprintf(b, " %d %s", code, quoteShort([]byte(reason)))
	}
}

// IsTrigger marks a frame as usable where a [Trigger] is asked for.
func (f Frame) IsTrigger() {}

// Match reports whether the frame in view has the same opcode and the same
// payload; direction, masking and fragmentation do not matter.
func (f Frame) Match(v View) bool {
	return !v.Opaque && v.Header.Opcode == f.Opcode && bytes.Equal(v.Payload, f.Payload)
}

// Needs says that the payload is looked at, in either direction.
func (f Frame) Needs() Needs {
	return Needs{Dirs: Both, Opcodes: OpcodesOf(f.Opcode), Payload: true}
}

// printable reports whether the bytes are text that can be shown and stored as
// such: UTF-8 without control characters other than tab and line ends.
func printable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	return !bytes.ContainsFunc(b, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
	})
}

// quoteShort quotes a text in Go's notation, cut after 40 letters.
func quoteShort(b []byte) string {
	const most = 40
	letters := 0
	for i := 0; i < len(b); letters++ {
		if letters == most {
			return strconv.Quote(string(b[:i])) + "…"
		}
		_, n := utf8.DecodeRune(b[i:])
		i += n
	}
	return strconv.Quote(string(b))
}

// hexShort writes bytes in hexadecimal, cut after 16.
func hexShort(b []byte) string {
	const most = 16
	if len(b) > most {
		return hex.EncodeToString(b[:most]) + "…"
	}
	return hex.EncodeToString(b)
}
