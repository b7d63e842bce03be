package main

import (
	"io"
	"sync"
	"time"
)

// priority says what may be lost when a reader does not keep up.
type priority uint8

const (
	frames priority = iota // lost first
	others
	never // never lost
)

// outbox writes lines to a reader who may be slow, or not read at all, or leave.
// Putting never waits: what does not fit is counted and reported in a line of its
// own as soon as there is room.
type outbox struct {
	w    io.Writer
	gone func(error)        // is told once that writing failed
	lost func(n int) []byte // makes the line that stands for n lost ones
	room [never]int         // how many bytes may wait before lines of a priority are lost

	mu      sync.Mutex
	pending []byte
	waiting int // bytes put and not yet written
	missing int // lines lost since the last report
	closed  bool
	broken  bool

	wake chan struct{} // has room for one wake-up
	done chan struct{} // closed when the writer has left
}

// newOutbox starts writing to w. Beyond bytes that wait, frames are lost; beyond
// twice as many, other lines too.
func newOutbox(w io.Writer, bytes int, lost func(int) []byte, gone func(error)) *outbox {
	o := &outbox{
		w: w, gone: gone, lost: lost, room: [never]int{frames: bytes, others: 2 * bytes},
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go o.write()
	return o
}

// put queues a line, which must end as lines do.
func (o *outbox) put(line []byte, p priority) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.broken, o.closed:
		return
	case p != never && o.waiting+len(line) > o.room[p]:
		o.missing++
		return
	case o.missing > 0 && o.waiting+len(line) <= o.room[frames]:
		o.report()
	}
	o.queue(line)
}

// report queues the line that stands for those lost. The mutex is held.
func (o *outbox) report() {
	if o.missing > 0 {
		line := o.lost(o.missing)
		o.missing = 0
		o.queue(line)
	}
}

// queue appends to what waits. The mutex is held.
func (o *outbox) queue(line []byte) {
	o.pending = append(o.pending, line...)
	o.waiting += len(line)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// write is the goroutine that writes.
func (o *outbox) write() {
	defer close(o.done)
	const atOnce = 64 << 10
	for {
		o.mu.Lock()
		chunk := o.pending
		o.pending = nil
		closed := o.closed
		o.mu.Unlock()
		if len(chunk) == 0 {
			if closed {
				return
			}
			<-o.wake
			continue
		}
		for len(chunk) > 0 {
			n := min(len(chunk), atOnce)
			if _, err := o.w.Write(chunk[:n]); err != nil {
				o.mu.Lock()
				o.broken, o.pending, o.waiting = true, nil, 0
				o.mu.Unlock()
				o.gone(err)
				return
			}
			chunk = chunk[n:]
			o.mu.Lock()
			o.waiting -= n
			o.mu.Unlock()
		}
	}
}

// close writes what is left, for as long as the reader takes something at least
// every second, and reports whether all was written.
func (o *outbox) close() bool {
	o.mu.Lock()
	if !o.broken {
		o.report()
	}
	o.closed = true
	left := o.waiting
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-o.done:
			o.mu.Lock()
			defer o.mu.Unlock()
			return !o.broken
		case <-tick.C:
			o.mu.Lock()
			now := o.waiting
			o.mu.Unlock()
			if now == left {
				return false
			}
			left = now
		}
	}
}
