package faultproxy

import "github.com/heartbreak-ws/heartbreak/faultproxy/frame"

// verdict says what is to become of a frame with this header, and which rules
// may want to see it.
func (b *batch) verdict(h frame.Header) (fate, []*armed) {
	in := &b.ln.in
	in.rule = b.gate.rule
	if !h.Opcode.IsControl() && h.Opcode != frame.OpContinuation {
		in.dropRest = false // another message begins, whether or not the last one ended
	}
	switch {
	case h.Opcode == frame.OpClose && b.gate.absorb:
		return absorbing, nil
	case b.gate.swallow && !b.gate.finish(h, in):
		if !h.Opcode.IsControl() && h.Opcode != frame.OpContinuation && !h.Fin {
			in.dropRest, in.dropRule = true, b.gate.rule // whole messages, also when it heals in between
		}
		return swallowing, nil
	case h.Opcode == frame.OpContinuation && in.dropRest:
		in.rule = in.dropRule
		return swallowing, nil
	}
	in.rule = 0
	list := b.rules.frames[dirIndex(b.ln.dir)][h.Opcode&0xF]
	if len(list) > 0 && !b.gate.sink && b.wanted(list, h) {
		return gathering, list
	}
	return passing, nil
}

// finish reports whether a frame that would be swallowed passes, because it
// continues a message of which the beginning passed: a receiver left in the middle
// of one could not go on when the discarding ends.
func (g *gate) finish(h frame.Header, in *intake) bool {
	return !g.closed && h.Opcode == frame.OpContinuation && in.inMessage && !in.dropRest
}

// wanted reports whether some rule of the list may act on a frame with this
// header; rules that look at headers alone are asked at once.
func (b *batch) wanted(list []*armed, h frame.Header) bool {
	view := frame.View{Dir: b.ln.dir, Header: h}
	for _, a := range list {
		if a.inWindow(b.at) && b.ln.l.selected(a) && (a.needs.Payload || a.match.Match(view)) {
			return true
		}
	}
	return false
}

// unwatched reports whether nothing can keep a frame with this header from
// passing, so that the short way may be taken.
func (b *batch) unwatched(h frame.Header) bool {
	return !b.gate.swallow && !b.ln.in.dropRest && h.Opcode != frame.OpClose &&
		len(b.rules.frames[dirIndex(b.ln.dir)][h.Opcode]) == 0
}
