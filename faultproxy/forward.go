package faultproxy

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// recordedPayload is how much of a payload is kept for the timeline, whose own
// default limit it is, while a frame passes in pieces.
const recordedPayload = 4 << 10

const (
	arrived = timeline.Arrived
	left    = timeline.Left
	passed  = timeline.Passed
)

// forward sends raw on: at once if nothing is in the way, else into the queue.
// raw is the batch's bytes from i on, or others if i is negative.
func (b *batch) forward(raw []byte, i int, it item) {
	in := &b.ln.in
	it.midFrame = in.rest > 0 || in.opaque
	it.midMessage = in.inMessage && !in.dropRest
	if it.kind == itemBytes {
		if it.count = len(raw); !b.ln.l.relays { // in those are passwords, and nobody knows where
			it.payload = raw
		}
	}
	if it.kind == itemFrame && it.header.Opcode == frame.OpClose && !b.gate.sink {
		b.ln.passedClose()
	}
	switch {
	case b.gate.sink, b.gate.swallow && it.kind == itemBytes:
		b.note(it, arrived)
		b.skip(i, len(raw))
	case !b.direct:
		b.note(it, arrived)
		b.skip(i, len(raw))
		b.ln.enqueue(it, raw, b.at, b.rules)
	case i < 0:
		b.note(it, passed)
		b.write(raw, it)
	default:
		b.note(it, passed)
		b.ln.out.midFrame, b.ln.out.midMessage = it.midFrame, it.midMessage
	}
}

// skip leaves n bytes at i out of what goes on as it is.
func (b *batch) skip(i, n int) {
	if i >= 0 {
		b.flush(i)
		b.from = i + n
	}
}

// flush writes what passes and was not written yet, up to i.
func (b *batch) flush(i int) {
	if b.direct && b.from < i {
		b.write(b.buf[b.from:i], item{midFrame: b.ln.out.midFrame, midMessage: b.ln.out.midMessage})
	}
	b.from = i
}

func (b *batch) write(raw []byte, it item) {
	b.ln.out.midFrame, b.ln.out.midMessage = it.midFrame, it.midMessage
	if !b.ln.write(raw) {
		b.direct, b.gate.sink = false, true
	}
}

// notePassed records a frame that lies in the batch and passes with it.
func (b *batch) notePassed(h frame.Header, payload []byte) {
	ln := b.ln
	ln.in.follow(h)
	ln.out.midFrame, ln.out.midMessage = false, ln.in.inMessage
	ln.l.tl.Append(timeline.Record{At: b.at, Conn: ln.l.num, Kind: timeline.KindFrame, Dir: ln.dir, Seen: passed,
		Header: h, Payload: payload, Alone: ln.l.deflate.alone(h), Opaque: ln.in.opaqueTo(h)})
}

// note records what the item is about.
func (b *batch) note(it item, seen timeline.Seen) { b.ln.note(&it, seen, b.at) }

func (ln *lane) note(it *item, seen timeline.Seen, at time.Duration) {
	r := timeline.Record{At: at, Conn: ln.l.num, Kind: timeline.KindFrame, Dir: ln.dir, Seen: seen,
		Header: it.header, Payload: it.payload, Plain: it.plain, Inflated: it.inflated, Opaque: it.opaque, Queued: it.queued, Rule: it.rule}
	r.Alone = !it.plain && ln.l.deflate.alone(it.header)
	switch it.kind {
	case itemPiece:
		return
	case itemStart:
		r.Kind = timeline.KindFrameStart
	case itemBytes:
		r.Kind, r.Bytes = timeline.KindBytes, it.count
	case itemFIN:
		r.Kind = timeline.KindFIN
	case itemRST:
		r.Kind = timeline.KindRST
	}
	ln.l.tl.Append(r)
}

// goOpaque stops parsing this direction.
func (b *batch) goOpaque(v *frame.Violation) {
	ln := b.ln
	ln.in.opaque, ln.in.why = true, v.Text
	ln.l.record(timeline.Record{At: b.at, Kind: timeline.KindOpaque, Dir: ln.dir, Fields: []timeline.Field{
		{Name: "section", Value: v.Section}, {Name: "why", Value: v.Text}}})
	b.denyFrameRules()
}

// denyFrameRules says that rules which wait for frames of an opaque direction wait
// in vain.
func (b *batch) denyFrameRules() {
	ln := b.ln
	ln.in.denied = b.rules
	for _, a := range b.rules.all {
		if a.stage == StageFrame && a.needs.Dirs&ln.dir != 0 && ln.l.selected(a) {
			ln.l.deny(a, ln.dir, "the stream is no longer parsed as frames: "+ln.in.why)
		}
	}
}

// decide shows a whole frame to the rules and carries out what they made of it.
func (b *batch) decide(list []*armed, h frame.Header, raw []byte, i int) {
	ln, l := b.ln, b.ln.l
	p := Plan{stage: StageFrame, conn: l.num, at: b.at, dir: ln.dir, fragment: !h.Opcode.IsControl() && !h.Fin,
		frames: []delivery{{original: true}}}
	var hidden string
	p.view, hidden = ln.view(h, raw[h.Size:], list)
	p.raw, p.fixed, p.context = raw, l.fixed(h), ln.context(h)
	fired := b.ask(list, &p, hidden)

	it := item{kind: itemFrame, header: h, payload: raw[h.Size:], opaque: ln.in.opaqueTo(h)}
	if p.view.Payload != nil {
		it.payload, it.plain, it.inflated = p.view.Payload, true, h.RSV&frame.RSV1 != 0
	}
	if p.untouched() {
		b.forward(raw, i, it)
		if i >= 0 {
			b.flush(i + len(raw))
		}
		b.fire(fired)
	} else {
		b.skip(i, len(raw))
		it.rule = p.by
		b.note(it, arrived)
		b.fire(fired)
		if len(p.frames) == 0 && p.fragment {
			ln.in.dropRest, ln.in.dropRule = true, p.by
		}
		for i, d := range p.frames {
			b.deliver(d, it, raw, i < len(p.frames)-1)
		}
	}
	if len(p.acts) > 0 {
		for _, a := range p.acts {
			if !b.injectBehind(a) {
				l.perform(a)
			}
		}
		b.refresh()
	}
}

// ask lets the rules edit the plan, and returns those that fired. hidden says why
// the payload cannot be seen.
func (b *batch) ask(list []*armed, p *Plan, hidden string) (fired []*armed) {
	l := b.ln.l
	for _, a := range list {
		if !a.inWindow(b.at) || !l.selected(a) {
			continue
		}
		if !a.match.Match(p.view) {
			if p.view.Opaque && !frame.Not(a.match).Match(p.view) { // it cannot tell
				l.deny(a, b.ln.dir, hidden)
			}
			continue
		}
		if !l.admit(a, b.ln.dir) {
			continue
		}
		if p.run(a, l) {
			fired = append(fired, a)
			if a.Final {
				break
			}
		} else if p.why != "" {
			l.deny(a, b.ln.dir, p.why)
		}
	}
	return fired
}

func (b *batch) fire(fired []*armed) {
	for _, a := range fired {
		b.ln.l.fire(a, b.ln.dir, b.at)
	}
}

// deliver sends one delivery of a frame that rules changed. more says that another one
// follows.
func (b *batch) deliver(d delivery, it item, raw []byte, more bool) {
	it.rule = d.rule
	if !d.original {
		raw, it = b.ln.form(d)
	}
	if b.gate.sink {
		return
	}
	it.midMessage = b.ln.in.inMessage && !b.ln.in.dropRest
	if more && !d.original && !it.header.Opcode.IsControl() {
		it.midMessage = it.midMessage || !it.header.Fin
	}
	if it.header.Opcode == frame.OpClose {
		b.ln.passedClose()
	}
	if b.direct && d.delay == 0 && d.together == 0 && d.behind == 0 {
		b.ln.note(&it, left, b.at)
		b.write(raw, it)
		return
	}
	b.direct = false
	it.late, it.behind, it.together, it.held, it.yields = d.late, d.behind, d.together, d.hold, d.yields
	b.ln.enqueue(it, raw, b.at+d.delay, b.rules)
}

// form makes the bytes of a frame that rules changed or put in another's place.
func (ln *lane) form(d delivery) ([]byte, item) {
	f := d.frame
	if !d.exact {
		f = ln.masked(f, d.rule)
	}
	h := f.Header()
	if d.declares != 0 {
		h.Length = d.declares
	}
	raw := h.Append(nil)
	h.Size = len(raw)
	raw = append(raw, f.Payload...)
	if f.Masked {
		frame.Mask(raw[h.Size:], f.Key, 0)
	}
	it := item{kind: itemFrame, header: h, payload: f.Payload, plain: true, rule: d.rule}
	if h.Length > uint64(len(f.Payload)) {
		it.kind = itemStart // it never ends
	}
	return raw, it
}

// masked masks a frame of the proxy's own toward the server.
func (ln *lane) masked(f frame.Frame, rule ruleRef) frame.Frame {
	if ln.dir == frame.ToServer && !f.Masked {
		v := ln.l.chance(fmt.Sprintf("mask/%d", rule), ln.dir).Uint32()
		f = f.WithMask([4]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)})
	}
	return f
}

// compose makes the bytes of a frame of the proxy's own.
func (ln *lane) compose(f frame.Frame, rule ruleRef) ([]byte, item) {
	return ln.form(delivery{frame: f, rule: rule})
}

// insert makes what an act puts between the frames.
func (ln *lane) insert(a act) ([]byte, item) {
	if a.bytes != nil {
		return a.bytes, item{kind: itemBytes, payload: a.bytes, count: len(a.bytes), rule: a.rule}
	}
	return ln.compose(a.frame, a.rule)
}

// injectBehind sends an injected frame right behind the frame in hand, if it goes
// the same way and may stand there.
func (b *batch) injectBehind(a act) bool {
	if a.kind != actInject || a.dir != b.ln.dir || b.gate.sink {
		return false
	}
	raw, it := b.ln.insert(a)
	if b.ln.in.inMessage && !it.fitsAnywhere() {
		return false
	}
	it.midMessage = b.ln.in.inMessage && !b.ln.in.dropRest
	if b.direct {
		b.ln.note(&it, left, b.at)
		b.write(raw, it)
	} else {
		b.ln.enqueue(it, raw, b.at, b.rules)
	}
	return true
}
