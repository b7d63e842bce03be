package memnet

import (
	"net"
	"syscall"
	"time"
)

// backlogSize is how many connections wait for Accept: Linux's default for
// net.core.somaxconn up to 5.3, and what package net falls back to.
const backlogSize = 128

// listenerState is what a listener does with new dials.
type listenerState uint8

const (
	listenerOpen     listenerState = iota
	listenerHanging                // they wait
	listenerRefusing               // they are refused
	listenerClosed                 // likewise, for ever
)

// Listener is the listening side of a [Network], made by [Network.Listen].
// Besides what [net.Listener] asks for, its port can be made to fail.
type Listener struct {
	net  *Network
	addr *net.TCPAddr
	host string // canonical; empty if bound to none in particular

	// Guarded by net.mu.
	state      listenerState
	backlog    []*Conn    // accepting sides of established connections
	waiting    []*request // dials the backlog has no room for
	acceptable waitpoint
}

// named reports whether a dial of host is a dial of exactly this listener.
func (l *Listener) named(host string) bool {
	return l.host == host || l.addr.IP.String() == host
}

// Accept waits for the next connection and returns it, a [*Conn], in the
// order of the dials. After Close it fails with a [*net.OpError] wrapping
// [net.ErrClosed]; no fault of the port ends it.
func (l *Listener) Accept() (net.Conn, error) {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	for {
		if l.state == listenerClosed {
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
		}
		var ready time.Time
		if len(l.backlog) > 0 {
			conn := l.backlog[0]
			if ready = conn.pair.acceptable(); ready.IsZero() || !time.Now().Before(ready) {
				l.backlog[0] = nil
				l.backlog = l.backlog[1:]
				conn.pair.accepted = true
				l.admit()
				return conn, nil
			}
		}
		l.acceptable.wait(ready)
	}
}

// admit moves dials into the backlog while it has room; net.mu is held.
func (l *Listener) admit() {
	for l.state == listenerOpen && len(l.backlog) < backlogSize && len(l.waiting) > 0 {
		r := l.waiting[0]
		l.waiting[0] = nil
		l.waiting = l.waiting[1:]
		p := l.net.connect(r)
		r.conn = &p.dialled
		l.backlog = append(l.backlog, &p.accepting)
		r.decide()
		l.acceptable.wake()
	}
}

// shut enters a state in which nobody connects: dials that wait fail with
// err. It returns the backlog, for the caller to abort once net.mu, which is
// held, is released.
func (l *Listener) shut(state listenerState, err error) []*Conn {
	l.state = state
	for _, r := range l.waiting {
		r.err = err
		r.decide()
	}
	dropped := l.backlog
	l.waiting, l.backlog = nil, nil
	if state == listenerClosed {
		l.net.unbind(l)
		l.acceptable.stop()
	}
	return dropped
}

// setState changes what new dials meet, unless the listener is closed.
func (l *Listener) setState(state listenerState) {
	l.net.mu.Lock()
	var dropped []*Conn
	if l.state != listenerClosed {
		if state == listenerRefusing {
			dropped = l.shut(state, syscall.ECONNREFUSED)
		}
		l.state = state
		l.admit()
	}
	l.net.mu.Unlock()
	for _, conn := range dropped {
		conn.abort()
	}
}

// Refuse makes dials fail with ECONNREFUSED, those that wait included, and
// resets connections nobody has accepted. The address stays taken and Accept
// goes on waiting. It lasts until Hang, Resume or Close.
func (l *Listener) Refuse() { l.setState(listenerRefusing) }

// Hang makes new dials wait, as if their SYN were lost. Connections in the
// backlog can still be accepted. It lasts until Refuse, Resume or Close.
func (l *Listener) Hang() { l.setState(listenerHanging) }

// Resume ends Refuse and Hang; dials that wait go on, in their order.
func (l *Listener) Resume() { l.setState(listenerOpen) }

// Close ends the listener and frees its address: Accept fails, dials that
// wait are refused, and connections nobody has accepted are reset. Accepted
// ones live on. A second Close fails with an error wrapping [net.ErrClosed].
func (l *Listener) Close() error {
	l.net.mu.Lock()
	if l.state == listenerClosed {
		l.net.mu.Unlock()
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	dropped := l.shut(listenerClosed, syscall.ECONNREFUSED)
	l.net.mu.Unlock()
	for _, conn := range dropped {
		conn.abort()
	}
	return nil
}

// Addr returns the address, a [*net.TCPAddr], with the port chosen for port
// 0. Dialling it reaches the listener.
func (l *Listener) Addr() net.Addr { return l.addr }
