package memnet

import (
	"sync"
	"time"
)

// pair is a connection: its two sides and what they share.
type pair struct {
	net       *Network
	serial    int
	latency   int64
	made      time.Time // time 0 of the connection; unset without latency
	accepted  bool      // guarded by net.mu
	mu        sync.Mutex
	dialled   Conn
	accepting Conn
}

// connect makes the connection a request asks for; n.mu is held.
func (n *Network) connect(r *request) *pair {
	n.connected++
	p := &pair{net: n, serial: n.connected, latency: int64(r.latency)}
	if r.latency > 0 {
		p.made = time.Now()
	}
	p.dialled = Conn{pair: p, local: r.local, remote: r.remote, reset: never, in: stream{fin: never}}
	p.accepting = Conn{pair: p, local: r.remote, remote: r.local, reset: never, in: stream{fin: never}}
	for _, c := range [...]*Conn{&p.dialled, &p.accepting} {
		c.readers.cond.L = &p.mu
		c.writers.cond.L = &p.mu
	}
	if n.pairs == nil {
		n.pairs = make(map[*pair]struct{})
	}
	n.pairs[p] = struct{}{}
	return p
}

// now is the time in nanoseconds since the connection was made; without
// latency it stands still.
func (p *pair) now() int64 {
	if p.latency == 0 {
		return 0
	}
	return int64(time.Since(p.made))
}

// acceptable is when the dialer's ACK reaches the listener: zero without
// latency.
func (p *pair) acceptable() time.Time {
	if p.latency == 0 {
		return time.Time{}
	}
	return p.made.Add(time.Duration(2 * p.latency))
}

// sever resets both sides at once and says which were not closed.
func (p *pair) sever() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := "connection " + p.dialled.local.String() + " -> " + p.dialled.remote.String() + ": "
	switch dialled, accepted := p.dialled.closed, p.accepting.closed; {
	case !p.accepted:
		text += "never accepted"
	case !dialled && !accepted:
		text += "neither side closed"
	case !dialled:
		text += "dialled side not closed"
	default:
		text += "accepted side not closed"
	}
	now := p.now()
	for _, c := range [...]*Conn{&p.dialled, &p.accepting} {
		if c.closed {
			continue
		}
		c.in.settle(now)
		c.in.cut(c.in.arrived)
		c.reset = now
		c.readers.stop()
		c.writers.stop()
	}
	return text
}
