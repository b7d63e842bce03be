package memnet

import (
	"context"
	"net"
	"slices"
	"syscall"
	"time"
)

// request is a dial that reached a listener.
type request struct {
	local, remote *net.TCPAddr
	latency       time.Duration
	conn          *Conn         // set once it is in the backlog
	err           error         // set if it never will be
	decided       chan struct{} // closed when one of them is set; nil if nobody waits
}

// decide tells the dialer; the network's mutex is held.
func (r *request) decide() {
	if r.decided != nil {
		close(r.decided)
	}
}

// Dial connects to a listener; see [Network.DialContext].
func (n *Network) Dial(network, address string) (net.Conn, error) {
	return n.DialContext(context.Background(), network, address)
}

// DialContext connects to a listener and returns a [*Conn]. It succeeds once
// the connection is in the listener's backlog of 128, before anyone accepts
// it. If the backlog is full, or the listener hangs, it waits until ctx is
// done.
//
// Errors are [*net.OpError], wrapping ECONNREFUSED if nobody listens there,
// the error of ctx (with Timeout true for a deadline), [net.ErrClosed] after
// Close, or [ErrOtherBubble].
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := splitAddress(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if err := n.settle(); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	host = canonicalHost(host)
	r := &request{latency: max(n.Latency, 0)}
	n.mu.Lock()
	r.local, r.remote = n.dialerAddr(), dialledAddr(n.lookup(host, port), host, port)
	n.mu.Unlock()

	if err := r.cross(ctx); err != nil {
		return nil, dialError(network, r.remote, err)
	}
	n.mu.Lock()
	l := n.ask(r, host, port)
	n.mu.Unlock()
	if r.decided != nil {
		select {
		case <-r.decided:
		case <-ctx.Done():
		}
	}
	if err := r.cross(ctx); err != nil {
		l.withdraw(r)
		return nil, dialError(network, r.remote, err)
	}
	if r.err != nil {
		return nil, dialError(network, r.remote, r.err)
	}
	return r.conn, nil
}

// cross takes the time of one way through the network.
func (r *request) cross(ctx context.Context) error {
	if r.latency > 0 && ctx.Err() == nil {
		timer := time.NewTimer(r.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// ask puts a request to the listener it is for, if there is one; n.mu is
// held.
func (n *Network) ask(r *request, host string, port int) *Listener {
	l := n.lookup(host, port)
	switch {
	case n.closed:
		r.err = net.ErrClosed
	case l == nil || l.state == listenerRefusing:
		r.err = syscall.ECONNREFUSED
	default:
		r.remote = dialledAddr(l, host, port)
		l.waiting = append(l.waiting, r)
		l.admit()
		if r.conn == nil {
			r.decided = make(chan struct{})
		}
	}
	return l
}

// withdraw takes back a request whose dialer has given up; a nil listener
// never had it.
func (l *Listener) withdraw(r *request) {
	if l == nil {
		return
	}
	l.net.mu.Lock()
	l.waiting = slices.DeleteFunc(l.waiting, func(other *request) bool { return other == r })
	if r.conn == nil {
		l.net.mu.Unlock()
		return
	}
	accepted := r.conn.pair.accepted
	l.backlog = slices.DeleteFunc(l.backlog, func(other *Conn) bool { return other == r.conn.peer() })
	l.admit()
	l.net.mu.Unlock()
	r.conn.abort()
	if !accepted {
		r.conn.peer().abort()
	}
}
