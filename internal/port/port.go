// Package port is a listening address that can fail: refuse, hang as if every SYN were
// lost, and come back, while connections that were accepted live on.
package port

import (
	"fmt"
	"net"
	"sync"
)

// Faulty is a listener whose port can be made to fail by itself, as a virtual
// network's can.
type Faulty interface {
	net.Listener
	Refuse()
	Hang()
	Resume()
}

// Port is a listener that lasts: its Accept waits through everything that is done to
// the port, until Close. One goroutine accepts, any may change the port; changes wait
// for each other.
type Port struct {
	addr   net.Addr
	reopen func() (net.Listener, error)
	turn   chan struct{} // holds a token while nobody changes the port
	done   chan struct{} // closed by Close

	mu       sync.Mutex
	listener net.Listener    // nil while nobody listens
	changed  chan struct{}   // closed when somebody listens again
	hold     *hold           // of a TCP port that hangs
	fillers  map[string]bool // addresses of connections of the port's own that wait to be accepted
	closed   bool

	reserved func() // gives up an address that is kept while nobody listens; of who has the turn
}

// New returns the port of a listener, which is the port's from now on. reopen listens
// on the same address again.
func New(l net.Listener, reopen func() (net.Listener, error)) *Port {
	p := &Port{addr: l.Addr(), reopen: reopen, turn: make(chan struct{}, 1), done: make(chan struct{}),
		listener: l, changed: make(chan struct{}), fillers: map[string]bool{}}
	p.turn <- struct{}{}
	return p
}

// Addr returns the address.
func (p *Port) Addr() net.Addr { return p.addr }

// Accept waits for the next connection. It fails with net.ErrClosed after Close, and
// with what the listener failed with otherwise.
func (p *Port) Accept() (net.Conn, error) {
	for {
		p.mu.Lock()
		l, changed := p.listener, p.changed
		p.mu.Unlock()
		if l == nil {
			select {
			case <-changed:
				continue
			case <-p.done:
				return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: p.addr, Err: net.ErrClosed}
			}
		}
		c, err := l.Accept()
		p.mu.Lock()
		h, stopped, own := p.hold, p.listener != l && !p.closed, err == nil && p.isFiller(c)
		p.mu.Unlock()
		switch {
		case own:
			_ = c.Close()
		case err == nil:
			return c, nil
		case h != nil && isTimeout(err):
			h.wait()
		case !stopped:
			return nil, err
		}
	}
}

// change runs f alone.
func (p *Port) change(f func() error) error {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return net.ErrClosed
	}
	return f()
}

// Stop closes the listener: dials are refused. Where that is possible the address
// stays reserved. It lasts until Resume or Hang.
func (p *Port) Stop() error {
	return p.change(func() error {
		p.unhang()
		p.stop()
		return nil
	})
}

// Refuse makes dials fail, those that wait to be accepted included. It lasts until
// Resume, Hang or Stop. On TCP it is Stop.
func (p *Port) Refuse() error {
	return p.change(func() error {
		p.unhang()
		if l, ok := p.listener.(Faulty); ok {
			l.Refuse()
			return nil
		}
		p.stop()
		return nil
	})
}

// Hang makes dials wait, as if their SYN were lost. It lasts until Resume, Refuse or
// Stop. A port that was stopped is opened for it.
func (p *Port) Hang() error {
	return p.change(func() error {
		if err := p.listen(); err != nil {
			return err
		}
		switch l := p.listener.(type) {
		case Faulty:
			l.Hang()
			return nil
		case *net.TCPListener:
			if p.hold != nil && !p.hold.isOver() {
				return nil
			}
			return p.hang(l)
		}
		return CannotHang(p.listener)
	})
}

// CannotHang says why a listener's port cannot hang; nil if it can.
func CannotHang(l net.Listener) error {
	switch l.(type) {
	case Faulty:
		return nil
	case *net.TCPListener:
		return errHang
	}
	return fmt.Errorf("a %T cannot hang: use a virtual network, or a TCP listener", l)
}

// Resume makes the port accept again, on the same address.
func (p *Port) Resume() error {
	return p.change(func() error {
		p.unhang()
		return p.listen()
	})
}

// Close ends the port for good.
func (p *Port) Close() error {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	p.mu.Lock()
	l, again := p.listener, p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return net.ErrClosed
	}
	close(p.done)
	p.unhang()
	if p.reserved != nil {
		p.reserved()
	}
	if l == nil {
		return nil
	}
	return l.Close()
}

// stop closes the listener and keeps its address, where that is possible.
func (p *Port) stop() {
	p.mu.Lock()
	l := p.listener
	p.listener = nil
	clear(p.fillers) // they go with the listener
	p.mu.Unlock()
	if l == nil {
		return
	}
	_ = l.Close()
	if _, ok := l.(*net.TCPListener); ok {
		p.reserved = reserve(p.addr)
	}
}

// listen opens the listener again if nobody listens.
func (p *Port) listen() error {
	if l, ok := p.listener.(Faulty); ok {
		l.Resume()
	}
	if p.listener != nil {
		return nil
	}
	l, err := p.reopen()
	if err != nil {
		return err
	}
	if p.reserved != nil {
		p.reserved()
		p.reserved = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = l
	close(p.changed)
	p.changed = make(chan struct{})
	return nil
}
