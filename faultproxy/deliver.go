package faultproxy

import (
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
	case len(o.queue)+len(o.late) == 0:
		return nil, 0, false
	case len(o.holds) > 0:
		return nil, -1, true
	}
	now := ln.l.tl.Now()
	wait = -1
	for i := range o.late {
		if d := o.late[i].due - now; d > 0 {
			wait = d
			break
		}
		if o.boundary(&o.late[i]) {
			return o.take(&o.late, i), 0, true
		}
	}
	if len(o.queue) == 0 {
		return nil, wait, true
	}
	switch d := o.queue[0].due - now; {
	case d <= 0 && o.queue[0].kind >= itemFIN && len(o.late) > 0 && wait >= 0:
		return nil, wait, true // what is late comes before the end
	case d <= 0:
		return o.take(&o.queue, 0), 0, true
	case wait < 0 || d < wait:
		wait = d
	}
	return nil, wait, true
}

// boundary reports whether the stream stands where the frame may be put in.
func (o *outlet) boundary(it *item) bool {
	return !o.midFrame && (it.header.Opcode.IsControl() || !o.midMessage)
}

// take removes an item from one of the lists. The mutex is held.
func (o *outlet) take(list *[]item, i int) *item {
	it := (*list)[i]
	if i == 0 {
		(*list)[0] = item{}
		*list = (*list)[1:]
	} else {
		*list = append((*list)[:i], (*list)[i+1:]...)
	}
	if len(*list) == 0 {
		*list = nil
	}
	o.bytes -= len(it.data)
	if o.bytes <= o.limit()/2 {
		o.makeRoom()
	}
	return &it
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
		o.isClosed, o.closed = true, it.rule
	case it.kind == itemFrame && it.header.Opcode == frame.OpClose:
		o.passedOn = true
	}
	ln.mu.Unlock()
	if gone {
		return
	}
	switch it.kind {
	case itemFIN:
		ln.passFIN(it, left)
	case itemRST:
		ln.l.endSide(ln.dir, RST, it.rule)
	case itemTearDown:
		ln.l.perform(act{kind: actEnd, rule: it.rule, end: End{Client: FullClose, Server: FullClose}})
	default:
		it.queued = true
		ln.note(it, left, ln.l.tl.Now())
		if !it.aside && !it.late {
			o.midFrame, o.midMessage = it.midFrame, it.midMessage
		}
		if ln.write(it.data) && it.close {
			ln.closeSent()
		}
	}
}
