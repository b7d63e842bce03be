package memnet

import "sync"

// blockSizes are the buffer sizes in use. The last is the capacity of a
// stream, so a ring never outgrows it.
var blockSizes = [...]int{512, 4 << 10, 32 << 10, capacity}

// blocks pools free buffers, one pool per size.
var blocks [len(blockSizes)]sync.Pool

// block is a pooled buffer.
type block struct {
	class int
	data  []byte
}

// newBlock returns the smallest block that holds n bytes.
func newBlock(n int) *block {
	class := 0
	for blockSizes[class] < n {
		class++
	}
	if b, ok := blocks[class].Get().(*block); ok {
		return b
	}
	return &block{class: class, data: make([]byte, blockSizes[class])}
}

// ring is a byte queue that holds no memory while it is empty. The zero
// value is ready.
type ring struct {
	block *block
	off   int // of the first byte in block
	n     int // bytes held
}

// push appends p; the caller keeps the total within capacity.
func (r *ring) push(p []byte) {
	if r.block == nil {
		r.block, r.off = newBlock(len(p)), 0
	} else if need := r.n + len(p); need > len(r.block.data) {
		grown := newBlock(need)
		r.peek(grown.data[:r.n])
		blocks[r.block.class].Put(r.block)
		r.block, r.off = grown, 0
	}
	data := r.block.data
	end := r.off + r.n
	if end >= len(data) {
		end -= len(data)
	}
	copied := copy(data[end:], p)
	copy(data, p[copied:])
	r.n += len(p)
}

// peek copies the first len(p) bytes, of which there must be as many.
func (r *ring) peek(p []byte) {
	copied := copy(p, r.block.data[r.off:])
	copy(p[copied:], r.block.data)
}

// pop moves the first len(p) bytes, of which there must be as many, to p.
func (r *ring) pop(p []byte) {
	r.peek(p)
	r.off += len(p)
	if r.off >= len(r.block.data) {
		r.off -= len(r.block.data)
	}
	r.truncate(r.n - len(p))
}

// truncate drops all but the first n bytes.
func (r *ring) truncate(n int) {
	r.n = n
	if n == 0 && r.block != nil {
		blocks[r.block.class].Put(r.block)
		r.block = nil
	}
}
