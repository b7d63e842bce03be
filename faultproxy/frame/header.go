package frame

import "encoding/binary"

// The RSV bits as they appear in [Header].RSV and [Frame].RSV.
const (
	RSV1 uint8 = 4 // permessage-deflate's "compressed" bit (RFC 7692 section 6)
	RSV2 uint8 = 2
	RSV3 uint8 = 1
)

// MaxHeaderSize is the most bytes a header takes: two, an eight-byte length and a
// masking key (RFC 6455 section 5.2).
const MaxHeaderSize = 14

// MaxControlPayload is the most bytes a control frame may carry (RFC 6455
// section 5.5).
const MaxControlPayload = 125

// Header is a frame header as it stands on the wire.
type Header struct {
	Fin    bool
	RSV    uint8 // RSV1 | RSV2 | RSV3
	Opcode Opcode
	Masked bool
	Key    [4]byte // the masking key, if Masked
	Length uint64  // payload length as declared
	Size   int     // bytes the header takes on the wire, 2 to 14
}

// ParseHeader reads the header that b begins with and returns how many bytes it
// takes; 0 if b is too short to say. It accepts every header there can be, legal
// or not (see [Checker]), and never allocates.
func ParseHeader(b []byte) (h Header, n int) {
	if len(b) < 2 {
		return Header{}, 0
	}
	first, second := b[0], b[1]
	n = 2
	length := uint64(second & 0x7F)
	switch length {
	case 126:
		if len(b) < 4 {
			return Header{}, 0
		}
		length = uint64(binary.BigEndian.Uint16(b[2:]))
		n = 4
	case 127:
		if len(b) < 10 {
			return Header{}, 0
		}
		length = binary.BigEndian.Uint64(b[2:])
		n = 10
	}
	if second&0x80 != 0 {
		if len(b) < n+4 {
			return Header{}, 0
		}
		h.Masked = true
		h.Key = [4]byte(b[n:])
		n += 4
	}
	h.Fin = first&0x80 != 0
	h.RSV = first >> 4 & 7
	h.Opcode = Opcode(first & 0xF)
	h.Length = length
	h.Size = n
	return h, n
}

// Append appends the header as it stands on the wire. Size says which form the
// length takes, so a parsed header comes out byte for byte; where Size fits no form
// that can hold Length (as in a zero Size), the shortest one is written.
func (h Header) Append(dst []byte) []byte {
	first := h.RSV&7<<4 | byte(h.Opcode&0xF)
	if h.Fin {
		first |= 0x80
	}
	var mask byte
	if h.Masked {
		mask = 0x80
	}
	switch h.lengthBytes() {
	case 0:
		dst = append(dst, first, mask|byte(h.Length))
	case 2:
		dst = binary.BigEndian.AppendUint16(append(dst, first, mask|126), uint16(h.Length))
	case 8:
		dst = binary.BigEndian.AppendUint64(append(dst, first, mask|127), h.Length)
	}
	if h.Masked {
		dst = append(dst, h.Key[:]...)
	}
	return dst
}

// Frame returns the frame of this header and its payload, which is plain
// (unmasked) and kept, not copied.
func (h Header) Frame(payload []byte) Frame {
	f := Frame{Fin: h.Fin, RSV: h.RSV, Opcode: h.Opcode, Masked: h.Masked, Key: h.Key, Payload: payload}
	if n := h.lengthBytes(); n != shortest(h.Length) {
		f.LengthBytes = n
	}
	return f
}

// lengthBytes returns how many bytes the extended length takes: 0, 2 or 8.
func (h Header) lengthBytes() int {
	n := h.Size - 2
	if h.Masked {
		n -= 4
	}
	return lengthForm(n, h.Length)
}

// lengthForm returns want if it is a form that can hold the length, else the
// shortest form that can.
func lengthForm(want int, length uint64) int {
	least := shortest(length)
	if want == 2 && least <= 2 || want == 8 {
		return want
	}
	return least
}

func shortest(length uint64) int {
	switch {
	case length <= 125:
		return 0
	case length <= 0xFFFF:
		return 2
	}
	return 8
}
