package faultproxy

import (
	"cmp"
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
	switch {
	case it.kind >= itemFIN: // nothing more will come
		o.letGo(it.due, int(o.groups), func(*item) bool { return true })
		return
	case it.together == 0:
		return
	}
	it.nth = 1
	until := it.due + it.held
	for i := len(o.queue) - 1; i >= 0 && o.groups > 0; i-- {
		if q := &o.queue[i]; q.held > it.due && q.rule == it.rule { // else it is leaving
			it.nth, until = q.nth+1, q.held
			break
		}
	}
	if it.nth < it.together {
		it.held = until
		o.groups++
		return
	}
	it.held = 0
	o.letGo(it.due, it.nth-1, func(q *item) bool { return q.rule == it.rule })
}

// letGo holds n items no longer, from a time on. The mutex is held.
func (o *outlet) letGo(from time.Duration, n int, which func(*item) bool) {
	first := len(o.queue)
	for n > 0 && first > 0 {
		first--
		if q := &o.queue[first]; q.held > 0 && which(q) {
			q.held = 0
			o.groups--
			n--
		}
	}
	for i := range o.queue[first:] { // nothing behind them could leave before
		q := &o.queue[first+i]
		q.due = max(q.due, from)
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
		slices.SortStableFunc(o.late, func(a, b item) int { return cmp.Compare(a.due, b.due) })
	}
}
