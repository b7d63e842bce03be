package faultproxy

import "github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

// Limits of what a direction holds. A silence keeps what a socket buffer would; a
// shaper that paces makes the sender feel it soon.
const (
	maxQueued = 64 << 20
	maxHeld   = 1 << 20
	maxPaced  = 256 << 10
)

func (o *outlet) makeRoom() {
	if o.space != nil {
		close(o.space)
		o.space = nil
	}
}

func (o *outlet) limit() int {
	switch {
	case o.paced:
		return maxPaced
	case len(o.holds) > 0:
		return maxHeld
	}
	return maxQueued
}

// awaitSpace keeps the reader from reading on while too much is held, or the source
// is frozen.
func (ln *lane) awaitSpace() {
	for {
		ln.mu.Lock()
		o := &ln.out
		o.paced = ln.paced()
		frozen := len(o.frozen) > 0
		if o.sink || !frozen && (o.ended || o.bytes <= o.limit()) {
			o.full = o.full && o.bytes > 0
			ln.mu.Unlock()
			return
		}
		if !frozen && !o.full {
			o.full = true
			ln.l.record(timeline.Record{Kind: timeline.KindHeld, Dir: ln.dir, Bytes: o.bytes})
		}
		if o.space == nil {
			o.space = make(chan struct{})
		}
		space := o.space
		ln.mu.Unlock()
		<-space
	}
}
