package fakeserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Close stops listening, closes every connection without a Close frame, and waits
// until all is over and every handler has returned, 5 s at most; then the error
// says what it was waiting for. Closing again, or a server that was never started,
// does no harm and returns the same. What was recorded stays readable. Failures
// are not part of the error: see Failures. From another testing/synctest bubble than
// Start's it does nothing and returns timeline.ErrOtherBubble.
func (s *Server) Close() error {
	s.mu.Lock()
	started := s.started
	s.mu.Unlock()
	if !started {
		return nil
	}
	if err := s.Timeline.CheckBubble(); err != nil {
		return fmt.Errorf("fakeserver: Close: %w", err)
	}
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		<-s.closed
		return s.closeErr
	}
	s.closing = true
	close(s.done)
	if s.running == 0 {
		close(s.idle)
	}
	live := s.liveConns()
	s.mu.Unlock()
	_ = s.port.Close()
	for _, c := range live {
		c.cut()
	}
	_ = s.http.Close()
	timer := time.NewTimer(shutdown)
	defer timer.Stop()
	select {
	case <-s.idle:
	case <-timer.C:
		s.closeErr = s.waitingFor()
	}
	s.unreached()
	if s.ownTime {
		_ = s.Timeline.Close()
	}
	for _, c := range s.all() {
		c.never()
	}
	close(s.closed)
	return s.closeErr
}

// liveConns returns the attempts under way and the connections that are not over,
// by number. The mutex is held.
func (s *Server) liveConns() []*Conn {
	return slices.SortedFunc(maps.Keys(s.live), func(a, b *Conn) int { return a.num - b.num })
}

// all returns every connection there is or was asked for, by number.
func (s *Server) all() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.conns), func(a, b *Conn) int { return a.num - b.num })
}

func (s *Server) waitingFor() error {
	s.mu.Lock()
	live, running := s.liveConns(), s.running
	s.mu.Unlock()
	var what []string
	for _, c := range s.all() {
		if c.isServing() {
			what = append(what, fmt.Sprintf("the handler %v of connection %d to return (wait on Done in it)", c.handler, c.num))
		}
	}
	if len(what) == 0 {
		for _, c := range live {
			what = append(what, fmt.Sprintf("connection %d", c.num))
		}
	}
	if len(what) == 0 {
		what = []string{fmt.Sprintf("%d goroutines", running)}
	}
	return fmt.Errorf("fakeserver: Close: after %v still waiting for %s", shutdown, strings.Join(what, ", "))
}
