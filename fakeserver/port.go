package fakeserver

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/port"
)

type portState string

const (
	listening portState = "listening"
	stopped   portState = "stopped"
	refusing  portState = "refusing"
	hanging   portState = "hanging"
)

// openPort serves the listener.
func (s *Server) openPort() {
	s.port = port.New(s.Listener, s.reopen)
	s.portTurn = make(chan portState, 1)
	s.portTurn <- listening
	go (&gate{s.port, s}).serve()
}

func (s *Server) reopen() (net.Listener, error) {
	addr := s.port.Addr()
	if s.network != nil {
		return s.network.Listen("tcp", addr.String())
	}
	if addr.Network() != "tcp" {
		return nil, fmt.Errorf("no way to listen on %s %v again", addr.Network(), addr)
	}
	return net.Listen("tcp", addr.String())
}

// change changes the port, one caller at a time, and records it.
func (s *Server) change(to portState, f func(*port.Port) error) error {
	s.mu.Lock()
	started, closing := s.started, s.closing
	s.mu.Unlock()
	switch {
	case !started:
		return errors.New("fakeserver: the port cannot change: the server was not started")
	case closing:
		return fmt.Errorf("fakeserver: the port cannot change: the server is closed: %w", net.ErrClosed)
	}
	state := <-s.portTurn
	defer func() { s.portTurn <- state }()
	if state == to {
		return nil
	}
	s.record(timeline.Record{Kind: timeline.KindFault, Rule: s.Timeline.Intern("port"),
		Fields: []timeline.Field{{Name: "does", Value: string(to)}}})
	if err := f(s.port); err != nil {
		return fmt.Errorf("fakeserver: the port %v cannot be made %s: %w", s.port.Addr(), to, err)
	}
	state = to
	return nil
}

// Stop closes the listener: dials are refused, connections live on. It lasts until
// Resume or Restart. On Linux the address stays reserved.
func (s *Server) Stop() error { return s.change(stopped, (*port.Port).Stop) }

// Refuse makes dials fail with "connection refused", those that wait in a backlog
// included; connections live on. It lasts until Resume or Restart. On loopback it
// is Stop.
func (s *Server) Refuse() error { return s.change(refusing, (*port.Port).Refuse) }

// Hang makes dials wait, as if their SYN were lost in a black hole; connections live
// on. It lasts until Stop, Refuse, Resume or Restart. It works on a virtual network
// and, on Linux, on TCP; elsewhere it is an error. A listener that is stopped is
// opened for it.
func (s *Server) Hang() error { return s.change(hanging, (*port.Port).Hang) }

// Resume makes the port accept again, on the same address.
func (s *Server) Resume() error { return s.change(listening, (*port.Port).Resume) }

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
