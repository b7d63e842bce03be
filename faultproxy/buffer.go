package faultproxy

import "sync"

// Buffers are lent to a lane only while it has bytes in hand, so an idle
// connection holds none.
const (
	smallBuffer = 32 << 10
	largeBuffer = 256 << 10
)

var (
	smallBuffers = sync.Pool{New: func() any { b := make([]byte, smallBuffer); return &b }}
	largeBuffers = sync.Pool{New: func() any { b := make([]byte, largeBuffer); return &b }}
)

func lend(large bool) *[]byte {
	if large {
		return largeBuffers.Get().(*[]byte)
	}
	return smallBuffers.Get().(*[]byte)
}

func giveBack(b *[]byte) {
	if len(*b) == largeBuffer {
		largeBuffers.Put(b)
		return
	}
	smallBuffers.Put(b)
}
