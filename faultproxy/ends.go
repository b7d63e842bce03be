package faultproxy

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// How long the proxy waits for a peer.
const (
	// lingerFor is how long a side that was sent a FIN is read and discarded.
	lingerFor = 2 * time.Second
	// closeFor is how long a peer has to finish a closing handshake.
	closeFor = 5 * time.Second
)

// sourceEnded handles the end of what the source sends. It is the reader's last act.
func (ln *lane) sourceEnded(err error) {
	src := ln.source()
	gone := src.gone.Load() // before others see the FIN: they may close the socket upon it
	src.fin.Store(true)
	if gone || errors.Is(err, net.ErrClosed) {
		return
	}
	at := ln.l.tl.Now()
	ln.unsniffed(at)
	ln.flushPartial(at)
	it := item{kind: itemFIN}
	switch {
	case isReset(err), src.rst.Load():
		it.kind = itemRST
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
	case errors.Is(err, os.ErrDeadlineExceeded): // a linger that ran out
		ln.closePeer(src, 0)
		return
	default:
		ln.l.record(timeline.Record{At: at, Kind: timeline.KindError, Dir: ln.dir, Fields: []timeline.Field{
			{Name: "what", Value: "read"}, {Name: "error", Value: err.Error()}}})
	}
	if it.kind == itemRST {
		if src.gone.Swap(true) {
			return
		}
		_ = src.socket().Close()
		ln.back().lost()
		ln.l.skipGaps(ln.dir.Opposite())
	}
	if it.kind == itemFIN && ln.meetFIN(at) {
		return
	}
	ln.mu.Lock()
	detached, ended := ln.out.detached, ln.out.ended
	ln.mu.Unlock()
	if detached || ended {
		ln.note(&it, arrived, at)
		if detached && it.kind == itemFIN {
			ln.back().answered(0)
			ln.l.settle(src)
		}
		return
	}
	ln.passEnd(it, at)
}

// settle closes a peer that no longer concerns the other one, once both FINs are
// through.
func (l *link) settle(p *peer) {
	side := frame.ToClient
	if p == &l.server {
		side = frame.ToServer
	}
	from, to := l.lane(side.Opposite()), l.lane(side)
	from.mu.Lock()
	detached := from.out.detached
	from.mu.Unlock()
	to.mu.Lock()
	ended := to.out.ended
	to.mu.Unlock()
	if detached && ended && p.fin.Load() {
		p.shut()
	}
}

// finish asks for a FIN toward the destination, at any byte: what is queued for
// it is lost.
func (ln *lane) finish(rule ruleRef, interrupt bool) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if ln.out.ended {
		return
	}
	if !ln.out.finDue {
		ln.out.finDue, ln.out.finRule = true, rule
	}
	if interrupt && ln.out.busy {
		ln.dest().interrupt()
	}
	ln.kick()
}

// lost says that the destination is no longer there: nothing more can be written.
func (ln *lane) lost() {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.out.ended = true
	ln.drop()
	ln.kick()
}

// broken handles a write error as the slot's owner. It ends this direction only;
// what the source still sends is read and discarded. If the destination had
// already sent its FIN, its reader is gone and cannot see the reset that drew the
// error, so the reset is passed on from here.
func (ln *lane) broken(err error) {
	ln.mu.Lock()
	fin := ln.out.finDue
	ln.mu.Unlock()
	if fin && errors.Is(err, os.ErrDeadlineExceeded) {
		return // interrupted to make room for the FIN
	}
	ln.lost()
	dst := ln.dest()
	if dst.gone.Load() || !isReset(err) {
		return
	}
	dst.rst.Store(true)
	if !dst.fin.Load() || dst.gone.Swap(true) {
		return
	}
	_ = dst.socket().Close()
	ln.l.skipGaps(ln.dir)
	ln.back().lateReset()
}

// endSide ends the TCP connection with the peer that bytes in direction side
// reach. It never waits.
func (l *link) endSide(side frame.Direction, how Ending, rule ruleRef) {
	out, p := l.lane(side), l.peer(side)
	in := out.back()
	switch how {
	case HalfClose:
		out.finish(rule, true)
	case FIN:
		out.finish(rule, true)
		in.detach(true)
		_ = p.conn.SetReadDeadline(time.Now().Add(lingerFor))
	case FullClose:
		out.closePeer(p, rule)
		l.skipGaps(side)
	case RST:
		defer l.skipGaps(side)
		if !p.gone.Load() {
			out.note(&item{kind: itemRST, rule: rule}, left, l.tl.Now())
			p.reset()
			in.detach(true)
			out.lost()
		}
	case FINRST:
		out.finish(rule, true)
		in.detach(true)
		l.endLater(time.Millisecond, side, RST, rule)
	case Silent:
		l.hold(frame.Both, rule, 0)
	}
}

// closePeer closes the socket of one of the lane's peers: close(2).
func (ln *lane) closePeer(p *peer, rule ruleRef) {
	side := frame.ToClient
	if p == &ln.l.server {
		side = frame.ToServer
	}
	if p.gone.Load() {
		return
	}
	ln.l.record(timeline.Record{Kind: timeline.KindClosed, Dir: side, Rule: rule,
		Fields: []timeline.Field{{Name: "how", Value: "close"}}})
	p.close(ln.l.spawn)
	ln.l.lane(side.Opposite()).detach(true)
	ln.l.lane(side).lost()
}

// detach separates the source from the destination: its end does not pass, nor,
// if sink, does anything else it sends.
func (ln *lane) detach(sink bool) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	ln.out.detached = true
	ln.out.sink = ln.out.sink || sink
	if sink {
		ln.out.makeRoom()
	}
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
