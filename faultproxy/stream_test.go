package faultproxy_test

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// randomStream makes what a peer may send behind the handshake: messages, whole
// and in fragments, with control frames between, some of it illegal, and perhaps
// garbage or half a frame at the end.
func randomStream(r *rand.Rand, mask bool) []byte {
	var b []byte
	for range r.IntN(12) {
		if r.IntN(6) == 0 {
			b = randomIllegal(r, mask).Append(b)
		} else {
			b = randomMessage(r, mask, b)
		}
	}
	switch r.IntN(4) {
	case 0:
		b = append(b, noise(r, r.IntN(3000))...)
	case 1:
		b = b[:len(b)-min(len(b), r.IntN(20))]
	}
	return b
}

func randomMessage(r *rand.Rand, mask bool, b []byte) []byte {
	op, compressed := frame.OpText, r.IntN(3) == 0
	if r.IntN(2) == 0 {
		op = frame.OpBinary
	}
	for n := r.IntN(4); n >= 0; n-- {
		f := frame.Frame{Fin: n == 0, Opcode: op, Payload: noise(r, randomSize(r))}
		if compressed {
			f.RSV, compressed = frame.RSV1, false
		}
		b = randomMask(r, f, mask).Append(b)
		op = frame.OpContinuation
		if r.IntN(3) == 0 {
			control := []frame.Opcode{frame.OpPing, frame.OpPong, frame.OpClose}[r.IntN(3)]
			b = randomMask(r, frame.Frame{Fin: true, Opcode: control, Payload: noise(r, r.IntN(126))}, mask).Append(b)
		}
	}
	return b
}

// randomIllegal makes a frame that breaks one rule or several.
func randomIllegal(r *rand.Rand, mask bool) frame.Frame {
	f := frame.Frame{Fin: r.IntN(2) == 0, Opcode: frame.Opcode(r.IntN(16)), Payload: noise(r, randomSize(r)),
		LengthBytes: []int{0, 2, 8}[r.IntN(3)]}
	if r.IntN(3) == 0 {
		f.RSV = uint8(r.IntN(8))
	}
	return randomMask(r, f, mask != (r.IntN(4) == 0))
}

func randomMask(r *rand.Rand, f frame.Frame, mask bool) frame.Frame {
	if !mask {
		return f
	}
	return f.WithMask([4]byte(noise(r, 4)))
}

func randomSize(r *rand.Rand) int {
	switch r.IntN(20) {
	case 0:
		return 0
	case 1:
		return []int{125, 126, 65535, 65536}[r.IntN(4)]
	case 2:
		return r.IntN(200 << 10)
	}
	return r.IntN(300)
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n+7)
	for i := 0; i < n; i += 8 {
		binary.NativeEndian.PutUint64(b[i:], r.Uint64())
	}
	return b[:n]
}
