package faultproxy

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// perform does something to the connection that is not about a frame in hand.
// It queues, wakes and returns.
func (l *link) perform(a act) {
	switch a.kind {
	case actInject:
		l.inject(a)
	case actClose:
		l.startClose(a.close, a.rule)
	case actEnd:
		l.endBoth(a.end, a.rule)
	case actSilence:
		l.hold(a.dir, a.rule, a.d)
	case actDiscard:
		l.discard(a.dir, a.rule, a.d)
	}
}

func (l *link) endBoth(e End, rule ruleRef) {
	sides := [2]frame.Direction{frame.ToClient, frame.ToServer}
	how := [2]Ending{e.Client, e.Server}
	if e.ServerFirst {
		sides[0], sides[1] = sides[1], sides[0]
		how[0], how[1] = how[1], how[0]
	}
	l.endSide(sides[0], how[0], rule)
	if e.Gap > 0 && how[1] != Keep {
		l.endLater(e.Gap, sides[1], how[1], rule)
		return
	}
	l.endSide(sides[1], how[1], rule)
}

// inject queues a frame for the next boundary of a direction. If none comes in
// the proxy's patience, it is given up.
func (l *link) inject(a act) {
	for _, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		if !a.dir.Has(d) {
			continue
		}
		ln := l.lane(d)
		raw, it := ln.compose(a.frame, a.rule)
		it.data = raw
		token, ok := ln.arm(it)
		if !ok {
			l.notApplied(a.rule, d, "nothing can be written in this direction any more")
			continue
		}
		l.after(l.p.patience(), func() {
			if ln.disarm(token) {
				l.notApplied(a.rule, d, fmt.Sprintf("no frame boundary came within %v", l.p.patience()))
			}
		})
	}
}

// arm queues an item for the next boundary. The token names it to disarm.
func (ln *lane) arm(it item) (token int, ok bool) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	o := &ln.out
	if o.ended || o.finDue || o.isClosed || it.close && o.closing {
		return 0, false
	}
	o.tokens++
	it.aside, it.token = true, o.tokens
	o.inject = append(o.inject, it)
	o.bytes += len(it.data)
	o.closing = o.closing || it.close
	ln.kick()
	return it.token, true
}

// disarm removes what was armed and still waits for a boundary. (In a silenced
// direction a frame waits for the healing and is left alone, but not a Close.)
func (ln *lane) disarm(token int) bool {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	o := &ln.out
	for i := range o.inject {
		it := &o.inject[i]
		if it.token != token {
			continue
		}
		if len(o.holds) > 0 && !it.close {
			return false
		}
		o.closing = o.closing && !it.close
		o.take(&o.inject, i)
		return true
	}
	return false
}

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
	it.data, it.close = raw, true
	token, ok := out.arm(it)
	if !ok {
		l.notApplied(rule, side, "too late: a Close of the proxy's own was sent before, or the direction has ended")
		return
	}
	in.mu.Lock()
	in.out.absorbs, in.out.absorb, in.out.detached = true, rule, true
	in.mu.Unlock()
	l.after(l.p.patience(), func() {
		if out.disarm(token) {
			l.notApplied(rule, side, fmt.Sprintf("no frame boundary came within %v; sent a FIN instead", l.p.patience()))
			l.endSide(side, FIN, rule)
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
	answered := ln.out.answered
	ln.mu.Unlock()
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
	if ln.dir == frame.ToServer { // the client's answer: the proxy is its server
		ln.back().answered(rule)
	}
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
