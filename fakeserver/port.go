package fakeserver

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

type portState string

const (
	listening portState = "listening"
	stopped   portState = "stopped"
	refusing  portState = "refusing"
	hanging   portState = "hanging"
)

// port is the address the server listens on, and what has become of it.
type port struct {
	s        *Server
	turn     chan struct{} // holds a token while nobody changes the port
	addr     net.Addr
	listener net.Listener // nil while stopped
	state    portState
	hold     *hold  // of a port that hangs by itself
	reserved func() // gives up an address that is kept while nobody listens
	gate     *gate  // of the listener
}

func newPort(s *Server) *port {
	p := &port{s: s, turn: make(chan struct{}, 1), addr: s.Listener.Addr(), state: listening}
	p.turn <- struct{}{}
	return p
}

// change changes the port, one caller at a time, and records it.
func (s *Server) change(to portState, f func(p *port) error) error {
	s.mu.Lock()
	started, closing := s.started, s.closing
	s.mu.Unlock()
	switch {
	case !started:
		return errors.New("fakeserver: the port cannot change: the server was not started")
	case closing:
		return fmt.Errorf("fakeserver: the port cannot change: the server is closed: %w", net.ErrClosed)
	}
	p := s.port
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	if p.state == to {
		return nil
	}
	s.record(timeline.Record{Kind: timeline.KindFault, Rule: s.Timeline.Intern("port"),
		Fields: []timeline.Field{{Name: "does", Value: string(to)}}})
	if err := f(p); err != nil {
		return fmt.Errorf("fakeserver: the port %v cannot be made %s: %w", p.addr, to, err)
	}
	p.state = to
	return nil
}

// Stop closes the listener: dials are refused, connections live on. It lasts until
// Resume or Restart. On Linux the address stays reserved.
func (s *Server) Stop() error {
	return s.change(stopped, func(p *port) error {
		p.unhang()
		p.stop()
		return nil
	})
}

// Refuse makes dials fail with "connection refused", those that wait in a backlog
// included; connections live on. It lasts until Resume or Restart. On loopback it
// is Stop.
func (s *Server) Refuse() error {
	return s.change(refusing, func(p *port) error {
		p.unhang()
		if l, ok := p.listener.(*memnet.Listener); ok {
			l.Refuse()
			return nil
		}
		p.stop()
		return nil
	})
}

// Hang makes dials wait, as if their SYN were lost in a black hole; connections live
// on. It lasts until Stop, Refuse, Resume or Restart. It works on a virtual network
// and, on Linux, on TCP; elsewhere it is an error. A listener that is stopped is
// opened for it.
func (s *Server) Hang() error {
	return s.change(hanging, func(p *port) error {
		if err := p.listen(); err != nil {
			return err
		}
		switch l := p.listener.(type) {
		case *memnet.Listener:
			l.Hang()
			return nil
		case *net.TCPListener:
			h, err := holdTCP(l, p.gate)
			p.hold = h
			return err
		}
		return fmt.Errorf("a %T cannot hang: use InMemory, or a TCP listener", p.listener)
	})
}

// Resume makes the port accept again, on the same address.
func (s *Server) Resume() error {
	return s.change(listening, func(p *port) error {
		p.unhang()
		return p.listen()
	})
}

// Restart ends every connection as a process that dies does (see [Fin]), and
// listens on the same address.
func (s *Server) Restart() error {
	if err := s.Stop(); err != nil {
		return err
	}
	s.DropAll(Fin())
	return s.Resume()
}

// DropAll ends every connection in the same way, in the order of their numbers, and
// attempts under way with a FIN. It does not wait.
func (s *Server) DropAll(how Ending) {
	s.mu.Lock()
	live := s.liveConns()
	s.mu.Unlock()
	for _, c := range live {
		if c.isAttempt() {
			c.cut()
			continue
		}
		_ = c.End(how) // one that cannot be ended is over
	}
}

// Flap takes the server down n times: it lets it be for up, then refuses dials and
// ends the connections with Fin for down, and resumes. It returns at once; Close
// ends it.
func (s *Server) Flap(up, down time.Duration, n int) error {
	s.mu.Lock()
	started := s.started
	s.mu.Unlock()
	if !started || !s.enter() {
		return errors.New("fakeserver: Flap: the server is not running")
	}
	go s.flap(up, down, n)
	return nil
}

func (s *Server) flap(up, down time.Duration, n int) {
	defer s.leave()
	for range n {
		if !s.sleep(up) || s.Refuse() != nil {
			return
		}
		s.DropAll(Fin())
		if !s.sleep(down) {
			return
		}
		if err := s.Resume(); err != nil {
			s.failed(Failure{Text: err.Error()})
			return
		}
	}
}

// sleep waits for d; false means that the server closes.
func (s *Server) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
		return false
	}
}

// stop closes the listener and keeps its address, where that is possible.
func (p *port) stop() {
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	if _, ok := p.listener.(*net.TCPListener); ok {
		p.reserved = reserve(p.addr)
	}
	p.listener = nil
}

// listen opens the listener again if nobody listens.
func (p *port) listen() error {
	if l, ok := p.listener.(*memnet.Listener); ok {
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
	p.listener = l
	return p.start()
}

func (p *port) reopen() (net.Listener, error) {
	if p.s.network != nil {
		return p.s.network.Listen("tcp", p.addr.String())
	}
	if p.addr.Network() != "tcp" {
		return nil, fmt.Errorf("no way to listen on %s %v again", p.addr.Network(), p.addr)
	}
	return net.Listen("tcp", p.addr.String())
}

// start serves the listener.
func (p *port) start() error {
	if !p.s.enter() {
		return net.ErrClosed
	}
	g := &gate{Listener: p.listener, p: p}
	p.gate = g
	go p.serve(g)
	return nil
}

func (p *port) unhang() {
	if p.hold != nil {
		p.hold.end()
		p.hold = nil
	}
}

// close ends the port for good.
func (p *port) close() {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	p.unhang()
	if p.listener != nil {
		_ = p.listener.Close()
	}
	if p.reserved != nil {
		p.reserved()
	}
}
