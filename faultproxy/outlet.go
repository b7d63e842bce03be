package faultproxy

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

type itemKind uint8

const (
	itemFrame    itemKind = iota // a whole frame, or the last bytes of one
	itemStart                    // the header of a frame whose payload follows
	itemPiece                    // payload of a frame that is neither its beginning nor its end
	itemBytes                    // bytes that are not parsed
	itemFIN                      // the source's FIN
	itemRST                      // the source's reset
	itemTearDown                 // the source's end, to be made the end of both sides
	itemEnd                      // a rule of the path ends the connection here
)

// item is something on its way to the destination.
type item struct {
	kind     itemKind
	plain    bool // payload is unmasked
	inflated bool // and inflated
	opaque   bool // payload is compressed, which the header does not say
	queued   bool // it was not sent straight through
	aside    bool // armed: it stands between the frames of the stream
	late     bool // others may pass it
	yields   bool // pings and pongs may come before it
	close    bool // an injected Close
	keepOpen bool // behind which the proxy does not end TCP
	abrupt   bool // or closes the socket
	lost     bool // a shaper swallows it

	midFrame, midMessage bool // where the stream stands behind it

	rule    ruleRef
	token   int32 // tells armed items apart
	data    []byte
	header  frame.Header
	payload []byte // for the record
	count   int
	due     time.Duration

	behind   int           // of a late one: so many more pass it
	together int           // it is held until so many of its rule are
	nth      int           // of which it is this one
	held     time.Duration // or until then
	with     []*item       // leaves in the same write
	end      *End          // of an itemEnd
}

// outlet is the write side of a lane. The lane's mutex guards it, but for the
// fields that belong to the owner of the write slot.
//
// The slot (busy) has one owner at a time: the reader while it sends a batch
// straight through, a writer goroutine while anything waits, or a caller for the
// moment of a FIN. Whoever else has something to send queues it and wakes the
// owner, and never waits.
type outlet struct {
	busy   bool
	queue  []item // in order; due times do not fall
	late   []item // by due time
	inject []item // for the next boundary behind what is queued
	bytes  int    // in all three, and of an item of which a part has left
	last   time.Duration
	tokens int32
	groups int32         // how many of queue are held for others of their rule
	wake   chan struct{} // of the writer goroutine
	space  chan struct{} // closed when there is room again, or nobody will need it

	holds    []effect // silences in force
	discards []effect
	frozen   []effect    // the source is not read
	forgot   []forgotten // what becomes of what the source sends, by rule
	absorb   ruleRef     // the destination-to-be's Close answers this rule's
	absorbs  bool
	closed   ruleRef // an injected Close went out: nothing may follow
	isClosed bool
	closing  bool // one is armed
	answered bool // and was answered already: a FIN follows it
	keepOpen bool // it went out, and the proxy does not end TCP behind it
	abrupt   bool // or closes the socket
	passedOn bool // a Close of the source's own went out
	detached bool // the source's end does not concern the destination
	sink     bool // what arrives goes nowhere
	ended    bool // nothing can be written any more
	finDue   bool // a FIN of the proxy's own is wanted
	finRule  ruleRef
	full     bool // KindHeld was recorded
	paced    bool // shapers hold bytes back

	shapes *shapes // nil until there is a shaper
	sender *sender // nil until there is a send timeout; of the slot's owner

	direct      bool // a reader is writing straight through
	tailFrame   bool // the stream stands within a frame, behind all that waits
	tailMessage bool // or within a message

	// Of the slot's owner: where the stream stands behind what was written.
	midFrame, midMessage bool
}

// gate is what a batch must know about its outlet.
type gate struct {
	open    bool // the slot is the reader's: write
	sink    bool // nothing goes out any more
	swallow bool // frames are swallowed, by rule
	closed  bool // because a Close of the proxy's own went out
	absorb  bool // a Close is the answer to an injected one
	rule    ruleRef
	forgot  forgotten
}

// gate reports what a batch must know. The mutex is held.
func (o *outlet) gate() gate {
	g := gate{sink: o.ended || o.sink}
	switch {
	case o.isClosed:
		g.swallow, g.closed, g.rule = true, true, o.closed
	case len(o.discards) > 0:
		g.swallow, g.rule = true, o.discards[len(o.discards)-1].rule
	}
	if o.absorbs {
		g.absorb, g.rule = true, o.absorb
	}
	if len(o.forgot) > 0 {
		o.forgets(&g)
	}
	return g
}

// clear reports whether bytes could go straight out. The mutex is held.
func (o *outlet) clear() bool {
	return len(o.holds) == 0 && len(o.queue)+len(o.late)+len(o.inject) == 0 && !o.finDue && !o.shapes.busy()
}

// acquire takes the write slot for a batch if nothing is in the way.
func (ln *lane) acquire(shaped bool) gate {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	g := ln.out.gate()
	if !g.sink && !shaped && !ln.out.busy && ln.out.clear() {
		ln.out.busy, ln.out.direct = true, true
		g.open = true
	}
	return g
}

// refresh looks at the outlet again after something was done to the connection.
func (b *batch) refresh() {
	b.ln.mu.Lock()
	defer b.ln.mu.Unlock()
	o := &b.ln.out
	if o.direct && b.owner {
		o.leaveDirect() // what was armed goes here
	}
	g := o.gate()
	g.sink = g.sink || b.gate.sink
	g.open = b.gate.open
	b.gate = g
	b.direct = b.direct && !g.sink && o.clear()
	o.direct = o.direct || b.direct
}

// leaveDirect says that a reader no longer writes straight through. The mutex is held.
func (o *outlet) leaveDirect() {
	o.direct = false
	if len(o.queue) == 0 {
		o.tailFrame, o.tailMessage = o.midFrame, o.midMessage
	}
	o.place()
}

// release gives the write slot back, or hands it to a writer goroutine if
// something is waiting.
func (ln *lane) release() {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	o := &ln.out
	o.busy = false
	if o.direct {
		o.leaveDirect()
	}
	ln.kick()
}

// kick sees to it that what waits is delivered: it wakes the slot's owner or
// starts a writer goroutine. The mutex is held, and a reference of the link.
func (ln *lane) kick() {
	o := &ln.out
	if o.ended {
		ln.drop()
	}
	switch {
	case o.wake != nil:
		select {
		case o.wake <- struct{}{}:
		default:
		}
	case !o.busy && (o.finDue || o.shapes.busy() || len(o.queue)+len(o.late) > 0) && !o.ended:
		o.busy = true
		o.wake = make(chan struct{}, 1)
		ln.l.spawn(ln.deliver)
	}
}

// drop forgets all that waits, because the direction ends. The mutex is held.
func (ln *lane) drop() {
	o := &ln.out
	for _, it := range slices.Concat(o.inject, o.queue) {
		if it.aside {
			ln.tooLate(&it)
		}
	}
	o.queue, o.late, o.inject, o.bytes, o.groups = nil, nil, nil, 0, 0
	o.finDue, o.closing = false, false
	o.shapes.drop()
	o.makeRoom()
}

// tooLate records that an armed frame will not go out.
func (ln *lane) tooLate(it *item) {
	ln.l.notApplied(it.rule, ln.dir, "the direction ended before the frame could be sent")
}

// enqueue holds an item until it is due. at is when it would go out were it not
// for the rules of the path. false means that nothing more can be written.
func (ln *lane) enqueue(it item, raw []byte, at time.Duration, rules *ruleSet) bool {
	if len(raw) > 0 {
		it.data = append(make([]byte, 0, len(raw)), raw...)
	}
	switch {
	case it.kind == itemBytes:
		it.payload = it.data
	case it.kind == itemFrame:
		if !it.plain && it.header.Length == uint64(len(it.payload)) && it.header.Size+len(it.payload) == len(it.data) {
			it.payload = it.data[it.header.Size:]
		} else {
			it.payload = append([]byte(nil), it.payload[:min(len(it.payload), recordedPayload)]...)
		}
	}
	it.due = at + ln.l.pathDelay(rules, ln.dir, at, it.kind >= itemFIN)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if ln.out.ended {
		return false
	}
	ln.out.add(it)
	ln.kick()
	return true
}

// write writes to the destination as the slot's owner; false means that nothing
// more can be written.
func (ln *lane) write(raw []byte) bool {
	var err error
	if d := ln.l.p.conduct().SendTimeout; d > 0 {
		err = ln.writeWithin(raw, d)
	} else {
		_, err = ln.dest().conn.Write(raw)
	}
	if err == nil {
		return true
	}
	ln.broken(err)
	return false
}
