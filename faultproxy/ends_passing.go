package faultproxy

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// How the end of one side reaches the other.

// passEnd sends the source's end on, behind all that is queued, in the way the
// proxy's policy wants.
func (ln *lane) passEnd(it item, at time.Duration) {
	rules := ln.l.p.rules.Load()
	ends := ln.l.p.conduct()
	pass := it
	switch {
	case it.kind == itemFIN && ends.swallows(ln.dir):
		ln.note(&it, arrived, at)
		return
	case it.kind == itemRST && ends.hides(ln.dir):
		pass = item{kind: itemTearDown, rule: ends.ref(ln.l.tl)}
	case it.kind == itemFIN && ends.tearsDown(ln.dir):
		pass = item{kind: itemTearDown, rule: ends.ref(ln.l.tl)}
	}
	g := ln.acquire(len(rules.path[dirIndex(ln.dir)]) > 0)
	switch {
	case g.open && pass.kind == itemFIN:
		ln.passFIN(&pass, passed)
		ln.release()
	default:
		ln.note(&it, arrived, at)
		if g.open {
			ln.release()
		}
		if it.kind == itemRST {
			ln.complain(ends, at, rules)
		}
		if !ln.enqueue(pass, nil, at, rules) && pass.kind != itemFIN {
			ln.send(&pass) // its FIN went ahead
		}
	}
}

// complain writes the behavior's page into the client's stream, if that is what it does
// when the server resets.
func (ln *lane) complain(ends *Behavior, at time.Duration, rules *ruleSet) {
	if ends.InStream == nil || ln.dir != frame.ToClient || ln.in.heard {
		return
	}
	raw := ends.InStream.bytes(http.StatusInternalServerError, true)
	ln.enqueue(item{kind: itemBytes, count: len(raw), rule: ends.ref(ln.l.tl)}, raw, at, rules)
}

// flushPartial passes what arrived of a frame that will never be whole.
func (ln *lane) flushPartial(at time.Duration) {
	in := &ln.in
	raw := in.head[:in.headLen]
	if in.fate == gathering && in.rest > 0 {
		raw = in.whole
	}
	if len(raw) == 0 {
		return
	}
	in.headLen, in.rest = 0, 0
	in.opaque = true
	b := batch{ln: ln, rules: ln.l.p.rules.Load(), at: at, buf: raw}
	b.gate = ln.acquire(len(b.rules.path[dirIndex(ln.dir)]) > 0)
	b.owner, b.direct = b.gate.open, b.gate.open
	b.forward(raw, -1, item{kind: itemBytes})
	if b.owner {
		ln.release()
	}
}

// passFIN sends a FIN as the slot's owner. A reset that was queued meanwhile still
// follows it.
func (ln *lane) passFIN(it *item, seen timeline.Seen) {
	ln.note(it, seen, ln.l.tl.Now())
	_ = ln.dest().closeWrite()
	ln.mu.Lock()
	var after *item
	for i := range ln.out.queue {
		if q := ln.out.queue[i]; q.kind == itemRST || q.kind == itemTearDown {
			after = &q
		}
	}
	ln.out.ended = true
	ln.drop()
	ln.mu.Unlock()
	if after != nil {
		ln.send(after)
		return
	}
	ln.l.settle(ln.dest())
}

// lateReset passes on a reset of the source that its reader has not seen: one that
// came after the FIN, or that a write was told of while the reader was about to be.
func (ln *lane) lateReset() {
	at := ln.l.tl.Now()
	ends := ln.l.p.conduct()
	ln.mu.Lock()
	detached, ended := ln.out.detached, ln.out.ended
	queued := false // the FIN before it still is
	for i := range ln.out.queue {
		if it := &ln.out.queue[i]; it.kind == itemFIN {
			it.kind, queued = itemRST, true
			if ends.hides(ln.dir) {
				it.kind, it.rule = itemTearDown, ends.ref(ln.l.tl)
			}
		}
	}
	ln.mu.Unlock()
	if !detached && !ended && !queued {
		ln.passEnd(item{kind: itemRST}, at)
		return
	}
	ln.note(&item{kind: itemRST}, arrived, at)
	switch {
	case detached, queued:
	case ends.hides(ln.dir):
		ln.l.perform(act{kind: actEnd, rule: ends.ref(ln.l.tl), end: ends.tornDown()})
	default:
		ln.l.endSide(ln.dir, RST, 0)
	}
}
