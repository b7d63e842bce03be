package frame

import "encoding/binary"

// Mask applies a masking key to b in place (RFC 6455 section 5.3); applying it
// twice restores b. pos is how far into the payload b begins, so that a payload may
// be masked piece by piece; the result is the pos of the next piece.
func Mask(b []byte, key [4]byte, pos int) int {
	next := (pos + len(b)) & 3
	word := binary.LittleEndian.Uint32(key[:])
	shift := uint(pos&3) * 8
	word = word>>shift | word<<(32-shift)
	wide := uint64(word)<<32 | uint64(word)
	for len(b) >= 32 {
		binary.LittleEndian.PutUint64(b[0:8], binary.LittleEndian.Uint64(b[0:8])^wide)
		binary.LittleEndian.PutUint64(b[8:16], binary.LittleEndian.Uint64(b[8:16])^wide)
		binary.LittleEndian.PutUint64(b[16:24], binary.LittleEndian.Uint64(b[16:24])^wide)
		binary.LittleEndian.PutUint64(b[24:32], binary.LittleEndian.Uint64(b[24:32])^wide)
		b = b[32:]
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(wide >> (8 * uint(i)))
	}
	return next
}
