package faultproxy

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// deliver is the goroutine that owns the write slot while anything waits.
func (ln *lane) deliver() {
	var timer *time.Timer
	for {
		ln.mu.Lock()
		it, wait, more := ln.next()
		wake := ln.out.wake
		if !more {
			ln.out.busy = false
			ln.out.wake = nil
			ln.mu.Unlock()
			return
		}
		ln.mu.Unlock()
		switch {
		case it != nil:
			ln.send(it)
		case wait < 0:
			<-wake
		default:
			if timer == nil {
				timer = time.NewTimer(wait)
			} else {
				timer.Reset(wait)
			}
			select {
			case <-wake:
				timer.Stop()
			case <-timer.C:
			}
		}
	}
}

// next picks what to send now; or says how long to wait (negative: until woken);
// or that there is nothing more. The mutex is held.
func (ln *lane) next() (it *item, wait time.Duration, more bool) {
	o := &ln.out
	switch {
	case o.ended:
		ln.drop()
		return nil, 0, false
	case o.finDue:
		ln.drop()
		return &item{kind: itemFIN, rule: o.finRule}, 0, true
	case o.shapes.ends():
		return ln.endHere(), 0, true
	case !o.shapes.busy() && len(o.queue)+len(o.late) == 0:
		return nil, 0, false
	case len(o.holds) > 0:
		return nil, -1, true
	}
	now := ln.l.tl.Now()
	list, i, wait := o.ready(now)
	switch {
	case list == nil:
		return nil, wait, true
	case (*list)[i].kind == itemFIN:
		end, wait := ln.shapeFIN((*list)[i].due, now)
		if end != nil {
			o.shapes.endBy = end
			return ln.endHere(), 0, true
		}
		if wait > 0 {
			return nil, wait, true
		}
		return o.take(list, i), 0, true
	case len((*list)[i].data) == 0 || len(ln.shapers()) == 0:
		it = o.take(list, i)
		if it.together > 0 {
			it.with = o.takeWith(now)
		}
		return it, 0, true
	}
	v := ln.shape(len((*list)[i].data), (*list)[i].due, now)
	o.shapes.endBy = v.end
	switch {
	case v.n > 0:
		it = o.cut(list, i, v.n)
		it.lost = v.lost
		return it, 0, true
	case v.end != nil:
		return ln.endHere(), 0, true
	case v.wait < 0 || wait >= 0 && wait < v.wait:
		return nil, wait, true
	}
	return nil, v.wait, true
}

// ready returns what could go out now, or a nil list. wait says when the next of what
// is late is due (negative: nothing is), or without a list when anything is.
func (o *outlet) ready(now time.Duration) (list *[]item, i int, wait time.Duration) {
	wait = -1
	for i := range o.late {
		if d := o.late[i].due - now; d > 0 {
			wait = d
			break
		}
		if !o.shapes.busy() && o.boundary(&o.late[i]) {
			return &o.late, i, -1
		}
	}
	if o.shapes.busy() {
		return &o.shapes.begun, 0, wait
	}
	if len(o.queue) == 0 {
		return nil, 0, wait
	}
	head := &o.queue[0]
	due := max(head.due, head.held)
	switch d := due - now; {
	case d <= 0 && head.kind >= itemFIN && len(o.late) > 0 && wait >= 0: // what is late comes before the end
		if i := slices.IndexFunc(o.late, func(it item) bool { return it.behind > 0 && o.boundary(&it) }); i >= 0 {
			return &o.late, i, -1 // nothing will pass it any more
		}
		return nil, 0, wait
	case d <= 0:
		head.due = due
		return &o.queue, 0, wait
	case wait < 0 || d < wait:
		wait = d
	}
	return nil, 0, wait
}

// endHere ends the connection for a shaper. The mutex is held.
func (ln *lane) endHere() *item {
	a := ln.out.shapes.endBy
	ln.out.shapes.endBy = nil
	ln.l.fire(a, ln.dir, ln.l.tl.Now())
	end := a.Do.(ender).end()
	return &item{kind: itemEnd, rule: a.id, end: &end}
}

// boundary reports whether the stream stands where the frame may be put in.
func (o *outlet) boundary(it *item) bool {
	return !o.midFrame && (it.fitsAnywhere() || !o.midMessage)
}

// fitsAnywhere reports whether the item may stand between the frames of a message.
func (it *item) fitsAnywhere() bool { return it.kind == itemBytes || it.header.Opcode.IsControl() }

// take removes an item from one of the lists. The mutex is held.
func (o *outlet) take(list *[]item, i int) *item {
	it := (*list)[i]
	if it.held > 0 {
		it.held = 0
		o.groups--
	}
	if i == 0 {
		(*list)[0] = item{}
		*list = (*list)[1:]
	} else {
		*list = append((*list)[:i], (*list)[i+1:]...)
	}
	if len(*list) == 0 {
		*list = nil
	}
	o.spend(len(it.data))
	return &it
}

// spend says that n bytes no longer wait. The mutex is held.
func (o *outlet) spend(n int) {
	if o.bytes -= n; o.bytes <= o.limit()/2 {
		o.makeRoom()
	}
}

// cut takes the first n bytes of an item; what is left of it comes next. The mutex is
// held.
func (o *outlet) cut(list *[]item, i, n int) *item {
	if n >= len((*list)[i].data) {
		return o.take(list, i)
	}
	begun := &o.shapes.begun
	if list != begun {
		*begun = append(*begun, *o.take(list, i))
		o.bytes += len((*begun)[0].data)
	}
	rest := &(*begun)[0]
	part := item{kind: itemPiece, header: rest.header, data: rest.data[:n], rule: rest.rule,
		late: rest.late, aside: rest.aside, midFrame: true, midMessage: true}
	switch {
	case rest.kind == itemBytes:
		part.kind, part.count, part.payload = itemBytes, n, part.data
		rest.count, rest.payload = rest.count-n, rest.data[n:]
	case rest.kind == itemStart:
		part.kind, rest.kind = itemStart, itemPiece
	case rest.kind == itemFrame && rest.whole():
		part.kind = itemStart
	}
	rest.data = rest.data[n:]
	o.spend(n)
	return &part
}

// whole reports whether the item's data begins with its frame's header.
func (it *item) whole() bool {
	return uint64(len(it.data)) >= uint64(it.header.Size)+it.header.Length
}

// send carries out one item as the slot's owner.
func (ln *lane) send(it *item) {
	ln.mu.Lock()
	o := &ln.out
	gone := o.isClosed && it.kind <= itemBytes
	switch {
	case gone && it.aside:
		ln.tooLate(it)
	case it.close:
		o.isClosed, o.closed, o.keepOpen, o.abrupt = true, it.rule, it.keepOpen, it.abrupt
	case it.kind == itemFrame && it.header.Opcode == frame.OpClose:
		o.passedOn = true
	}
	if it.kind == itemFrame && !it.late && !gone {
		for range 1 + len(it.with) {
			o.passes(ln.l.tl.Now())
		}
	}
	ln.mu.Unlock()
	switch {
	case gone:
		return
	case it.behind > 0 && it.kind == itemFrame:
		ln.l.notApplied(it.rule, ln.dir, "too few frames came behind it in time; it goes out in its place")
	}
	switch it.kind {
	case itemFIN:
		ln.passFIN(it, left)
	case itemRST:
		ln.l.endSide(ln.dir, RST, it.rule)
	case itemTearDown:
		ln.l.perform(act{kind: actEnd, rule: it.rule, end: ln.l.p.conduct().tornDown()})
	case itemEnd:
		ln.l.perform(act{kind: actEnd, rule: it.rule, end: *it.end})
	default:
		data := it.data
		ln.leave(it)
		for _, w := range it.with {
			ln.leave(w)
			data = append(data, w.data...)
		}
		if (it.lost || ln.write(data)) && it.close {
			ln.closeSent()
		}
	}
}

// leave records that an item leaves, and where the stream stands behind it.
func (ln *lane) leave(it *item) {
	it.queued = true
	if !it.lost {
		ln.note(it, left, ln.l.tl.Now())
	}
	if !it.aside && !it.late {
		ln.out.midFrame, ln.out.midMessage = it.midFrame, it.midMessage
	}
}
