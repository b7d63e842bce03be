package fakeserver

import (
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// act is what happens to a connection behind what was queued for it.
type act uint8

const (
	keep         act = iota
	endHandshake     // the closing handshake is done: FIN, then read until the client's, 5 s
	endAll           // close(2)
	endFIN
	endHalf
	endReset
	endFreeze
	endDark
	endReading
)

// isFinal reports whether nothing can be sent behind it.
func (a act) isFinal() bool { return a != keep && a != endReading }

// isNow reports whether doing it never waits, so that a caller may.
func (c *Conn) isNow(o outgoing) bool {
	_, secure := c.conn.(*tls.Conn)
	return o.then > endHandshake && len(o.frames) == 0 && (!secure || o.then >= endReset)
}

// Ending is a way to end a connection, or to stop serving it. It prints as the call
// that made it. It is carried out behind what was sent before; where the client
// does not read that, after 1 s in its place.
type Ending struct {
	text   string
	source source
	act    act
	frame  *frame.Frame
}

// String returns the call that made the ending, such as "Close(1012, \"restart\")".
func (e Ending) String() string { return e.text }

// Close begins a closing handshake; see [Conn.SendClose].
func Close(code frame.CloseCode, reason string) Ending {
	f := frame.Close(code, reason)
	return Ending{text: fmt.Sprintf("Close(%d, %q)", code, reason), source: caller(0), frame: &f}
}

// Fin ends the connection as the kernel of a process that died does: with a FIN and
// no Close frame, then an RST to whatever the client still sends. A client that
// sends nothing more and closes sees no RST.
func Fin() Ending { return Ending{text: "Fin()", source: caller(0), act: endFIN} }

// HalfClose sends a FIN without a Close frame and reads on: what the client sends
// still counts, but cannot be answered.
func HalfClose() Ending { return Ending{text: "HalfClose()", source: caller(0), act: endHalf} }

// Reset resets the connection: an RST.
func Reset() Ending { return Ending{text: "Reset()", source: caller(0), act: endReset} }

// Freeze stops the server as a stopped process does: nothing is read and nothing
// sent, while TCP goes on accepting bytes until its buffers are full. The client's
// own end is not noticed, until the server closes.
func Freeze() Ending { return Ending{text: "Freeze()", source: caller(0), act: endFreeze} }

// GoDark makes the server a black hole: what the client sends is read and recorded,
// and nothing is answered. The end of TCP is noticed.
func GoDark() Ending { return Ending{text: "GoDark()", source: caller(0), act: endDark} }

// StopReading makes the server one-way: it sends, and reads nothing more. The
// client's writes fill the buffers of TCP and then wait.
func StopReading() Ending { return Ending{text: "StopReading()", source: caller(0), act: endReading} }

// End carries out an ending. It does not wait. The error says why it cannot be
// done: the connection has not opened, or is over or ending already.
func (c *Conn) End(e Ending) error {
	o := outgoing{then: e.act, ending: e}
	if e.frame != nil {
		o.frames, o.close = []frame.Frame{*e.frame}, true
	}
	if m, ok := e.act.deafens(); ok {
		if err := c.deafen(m, o); err != nil {
			return err
		}
	}
	return c.enqueue(o)
}

// deafens returns the mode of an act that changes what is read.
func (a act) deafens() (mode, bool) {
	switch a {
	case endFreeze, endReading:
		return parked, true
	case endDark:
		return dark, true
	}
	return reading, false
}

// deafen changes what is read at once: what the client sends from here on is no
// longer heeded, even while something queued before is still going out.
func (c *Conn) deafen(m mode, o outgoing) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.unsendable(o); err != nil {
		return err
	}
	c.turn(m)
	return nil
}

// Fin ends the connection as the function [Fin] says.
func (c *Conn) Fin() error { return c.End(Fin()) }

// HalfClose ends the server's side as the function [HalfClose] says.
func (c *Conn) HalfClose() error { return c.End(HalfClose()) }

// Reset resets the connection.
func (c *Conn) Reset() error { return c.End(Reset()) }

// Freeze stops the connection as the function [Freeze] says.
func (c *Conn) Freeze() error { return c.End(Freeze()) }

// GoDark makes the connection a black hole as the function [GoDark] says.
func (c *Conn) GoDark() error { return c.End(GoDark()) }

// StopReading makes the connection one-way as the function [StopReading] says.
func (c *Conn) StopReading() error { return c.End(StopReading()) }

// rule is what events that an ending causes are attributed to.
func (c *Conn) rule(e Ending) timeline.RuleID {
	if e.text == "" {
		return 0
	}
	return c.s.Timeline.Intern(e.text)
}

// finish closes the socket behind what is queued.
func (c *Conn) finish() {
	if c.enqueue(outgoing{then: endAll}) != nil {
		c.shut(closedRecord(), hardClose)
	}
}

// do carries out an act, as the owner of the write slot.
func (c *Conn) do(a act, e Ending) {
	rule := c.rule(e)
	switch a {
	case endHandshake:
		c.shutWrite(draining, rule)
	case endFIN:
		c.shutWrite(dead, rule)
	case endHalf:
		c.shutWrite(reading, rule)
	case endAll:
		c.shut(closedRecord(), softClose)
	case endReset:
		c.shut(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: timeline.Left, Rule: rule}, resetClose)
	case endFreeze:
		c.silence("is frozen")
	case endDark:
		c.silence("is dark")
	}
	c.mu.Lock()
	done, sent := c.heardFIN && a != keep, c.sentFIN
	c.mu.Unlock()
	if done {
		record := closedRecord()
		if sent {
			record = timeline.Record{}
		}
		c.shut(record, hardClose)
	}
}

// silence says that nothing more is sent, and why.
func (c *Conn) silence(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.shut = why
	c.out.queue, c.out.size = nil, 0
	c.out.makeRoom()
	c.out.stopTimers()
}

// turn changes the mode. The mutex is held.
func (c *Conn) turn(m mode) {
	if c.mode == parked && m != parked {
		_ = c.conn.SetReadDeadline(time.Time{})
		close(c.moved)
	} else if m == parked && c.mode != parked {
		c.moved = make(chan struct{})
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
	c.mode = m
}

// shutWrite sends a FIN.
func (c *Conn) shutWrite(then mode, rule timeline.RuleID) {
	c.mu.Lock()
	sent := c.sentFIN || c.gone
	c.sentFIN = true
	wasParked := c.mode == parked // then what waits unread is looked at behind the FIN
	if !wasParked {
		c.turn(then)
	}
	c.out.shut = "was half-closed"
	if c.out.timer != nil {
		c.out.timer.Stop()
	}
	c.mu.Unlock()
	if wasParked {
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.turn(then)
		}()
	}
	if sent {
		return
	}
	c.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: timeline.Left, Rule: rule})
	if t, ok := c.conn.(*tls.Conn); ok {
		_ = t.CloseWrite() // its close_notify; the FIN below matters more
	}
	closeWrite(socket(c.conn))
	if then == draining {
		c.endWithin(closeFor)
	}
}

func closedRecord() timeline.Record {
	return timeline.Record{Kind: timeline.KindClosed, Dir: frame.ToClient,
		Fields: []timeline.Field{{Name: "how", Value: "close"}}}
}

// socket is the connection below TLS and below what the server put around it.
func socket(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if t, ok := c.(*tap); ok {
		c = t.Conn
	}
	return c
}

func closeWrite(c net.Conn) {
	if w, ok := c.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite()
		return
	}
	_ = c.Close()
}

// softClose closes a socket behind a close_notify, which a client that does not
// read may hold up for a second.
func softClose(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		_ = t.SetWriteDeadline(time.Now().Add(time.Second))
		_ = t.CloseWrite()
	}
	_ = socket(c).Close()
}

// hardClose closes a socket at once.
func hardClose(c net.Conn) { _ = socket(c).Close() }

// resetClose closes a socket with an RST.
func resetClose(c net.Conn) {
	s := socket(c)
	if l, ok := s.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = s.Close()
}
