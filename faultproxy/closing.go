package faultproxy

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// startClose begins a closing handshake with one peer or both.
func (l *link) startClose(c Close, rule ruleRef) {
	toward := orToClient(c.Toward)
	for _, side := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		switch {
		case toward.Has(side), c.Other == SameCode:
			l.closeSide(side, c, rule)
		case c.Other == OtherFIN:
			l.endSide(side, FIN, rule)
		}
	}
}

// closeSide sends a Close to one peer, absorbs the answer, and sees to the end of
// the TCP connection in the role the proxy plays there (RFC 6455 section 7.1.1:
// the server ends TCP first).
func (l *link) closeSide(side frame.Direction, c Close, rule ruleRef) {
	out := l.lane(side)
	in := out.back()
	if out.hasClosed() || in.hasClosed() {
		l.notApplied(rule, side, "too late: a Close frame had already passed")
		return
	}
	raw, it := out.compose(c.frame(), rule)
	it.data, it.close, it.keepOpen, it.abrupt = raw, true, c.KeepOpen, c.Abrupt
	in.mu.Lock()
	absorbs, absorb, detached := in.out.absorbs, in.out.absorb, in.out.detached
	in.out.absorbs, in.out.absorb, in.out.detached = true, rule, true // the answer may be quick
	in.mu.Unlock()
	token, ok := out.arm(it)
	if !ok {
		in.mu.Lock()
		in.out.absorbs, in.out.absorb, in.out.detached = absorbs, absorb, detached
		in.mu.Unlock()
		l.notApplied(rule, side, "too late: a Close of the proxy's own was sent before, or the direction has ended")
		return
	}
	l.after(l.p.patience(), func() {
		if out.disarm(token) {
			l.notApplied(rule, side, fmt.Sprintf("no frame boundary came within %v; sent a FIN instead", l.p.patience()))
			l.endSide(side, FIN, rule)
			return
		}
		l.expectClose(side, rule)
	})
}

// expectClose ends a side whose Close still could not be written when it should
// have been answered: its peer does not read.
func (l *link) expectClose(side frame.Direction, rule ruleRef) {
	out := l.lane(side)
	out.mu.Lock()
	wait, ahead := closeFor, out.out.bytes
	if waiting := out.out.closing; !waiting {
		out.mu.Unlock()
		return
	} else if len(out.out.queue) > 0 {
		wait += max(out.out.last-l.tl.Now(), 0)
	}
	out.mu.Unlock()
	l.after(wait, func() {
		out.mu.Lock()
		waiting, moves := out.out.closing, out.out.bytes < ahead
		out.mu.Unlock()
		switch {
		case !waiting || l.peer(side).gone.Load():
		case moves: // a slow line, of a shaper's or the peer's
			l.expectClose(side, rule)
		default:
			l.notApplied(rule, side, "the Close could not be written: nothing moves toward the peer")
			l.endSide(side, FullClose, rule)
		}
	})
}

// hasClosed reports whether a Close of the source's own went out.
func (ln *lane) hasClosed() bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.out.passedOn
}

// passedClose notes that a Close of the source's own goes out.
func (ln *lane) passedClose() {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.out.passedOn = true
}

// closeSent gives the peer that was sent a Close its time to answer, or takes the
// Close as the answer to one that crossed it.
func (ln *lane) closeSent() {
	l, side, rule := ln.l, ln.dir, ln.out.closed
	ln.mu.Lock()
	ln.out.closing = false
	answered, keep, abrupt := ln.out.answered, ln.out.keepOpen, ln.out.abrupt
	ln.mu.Unlock()
	switch {
	case keep:
		return
	case abrupt:
		l.endSide(side, FullClose, rule)
		return
	}
	if answered {
		ln.answered(rule)
	}
	l.after(closeFor, func() {
		if !l.peer(side).gone.Load() {
			l.endSide(side, FullClose, rule)
		}
	})
}

// absorbed handles the answer of the lane's source to an injected Close.
func (l *link) absorbed(ln *lane) {
	ln.mu.Lock()
	rule := ln.out.absorb
	ln.out.absorbs = false
	ln.mu.Unlock()
	ln.detach(true)
	if ln.dir == frame.ToServer && !ln.back().keepsOpen() { // the client's answer: the proxy is its server
		ln.back().answered(rule)
	}
}

// keepsOpen reports whether an injected Close leaves the end of TCP to the peer.
func (ln *lane) keepsOpen() bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.out.keepOpen
}

// answered sends the FIN that follows a closing handshake toward the destination,
// after the proxy's Close, if that still waits for a boundary.
func (ln *lane) answered(rule ruleRef) {
	ln.mu.Lock()
	if ln.out.closing {
		ln.out.answered = true
		ln.mu.Unlock()
		return
	}
	ln.mu.Unlock()
	ln.finish(rule, false)
	if d := ln.dest(); !d.fin.Load() {
		_ = d.conn.SetReadDeadline(deadline(lingerFor))
	}
}
