package faultproxy

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// How what waits is put in order.

// add puts an item where it belongs. The mutex is held.
func (o *outlet) add(it item) {
	o.bytes += len(it.data)
	if !it.late {
		o.gather(&it)
		o.append(it)
		o.place()
		return
	}
	i := len(o.late)
	for i > 0 && o.late[i-1].due > it.due {
		i--
	}
	o.late = append(o.late, item{})
	copy(o.late[i+1:], o.late[i:])
	o.late[i] = it
}

// append puts an item behind all others, but for a ping or pong among the fragments
// of a message that was split with pauses. The mutex is held.
func (o *outlet) append(it item) {
	at := len(o.queue)
	if op := it.header.Opcode; it.kind == itemFrame && (op == frame.OpPing || op == frame.OpPong) {
		for at > 0 && o.queue[at-1].yields && o.queue[at-1].due > it.due {
			at--
		}
	}
	if at < len(o.queue) {
		it.midMessage = true
		o.queue = slices.Insert(o.queue, at, it)
		return
	}
	it.due = max(it.due, o.last)
	o.last = it.due
	o.queue = append(o.queue, it)
	if !it.aside {
		o.tailFrame, o.tailMessage = it.midFrame, it.midMessage
	}
}

// place queues what was armed, as far as it may stand behind what is queued. While
// a reader writes straight through it has to wait. The mutex is held.
func (o *outlet) place() {
	if o.direct && len(o.queue) == 0 {
		return
	}
	o.inject = slices.DeleteFunc(o.inject, func(it item) bool {
		may := !o.tailFrame && (it.fitsAnywhere() || !o.tailMessage)
		if may {
			o.append(it)
		}
		return may
	})
}

// gather says how long an item is held for others of its rule, and lets those go that
// were held for it. The mutex is held.
func (o *outlet) gather(it *item) {
	held := 0
	for i := range o.queue {
		if q := &o.queue[i]; q.held > 0 && it.together > 0 && q.rule == it.rule {
			held++
			it.held = q.held
		}
	}
	switch {
	case it.kind >= itemFIN: // nothing more will come
		o.letGo(it.due, func(*item) bool { return true })
	case it.together == 0:
	case held == 0:
		it.held += it.due
	case held+1 >= it.together:
		it.held = 0
		o.letGo(it.due, func(q *item) bool { return q.rule == it.rule })
	}
}

// letGo holds items no longer, from a time on. The mutex is held.
func (o *outlet) letGo(from time.Duration, which func(*item) bool) {
	behind := false
	for i := range o.queue {
		q := &o.queue[i]
		if q.held > 0 && which(q) {
			q.held, behind = 0, true
		}
		if behind {
			q.due = max(q.due, from)
		}
	}
}

// takeWith takes what leaves in one write with an item of a group that was held: the
// frames behind it that may leave now. The mutex is held.
func (o *outlet) takeWith(now time.Duration) (with []*item) {
	for len(o.queue) > 0 {
		q := &o.queue[0]
		if q.kind != itemFrame || q.aside || max(q.due, q.held) > now {
			break
		}
		with = append(with, o.take(&o.queue, 0))
	}
	return with
}

// passes says that a frame leaves: those that let others pass may be due now. The
// mutex is held.
func (o *outlet) passes(now time.Duration) {
	due := false
	for i := range o.late {
		if late := &o.late[i]; late.behind > 0 {
			if late.behind--; late.behind == 0 {
				late.due, due = min(late.due, now), true
			}
		}
	}
	if due {
		slices.SortStableFunc(o.late, func(a, b item) int { return int(a.due - b.due) })
	}
}
