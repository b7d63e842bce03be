package port

import (
	"errors"
	"net"
	"sync"
	"time"
)

// hold is what makes a TCP port hang: nobody accepts, and one connection of the
// port's own fills the shortest backlog there is, so that the kernel drops every SYN.
type hold struct {
	paused chan struct{} // closed when nobody accepts
	over   chan struct{} // closed when accepting goes on
	once   sync.Once
	filler net.Conn
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// hang makes a TCP listener hang. The caller has the turn.
func (p *Port) hang(l *net.TCPListener) error {
	h := &hold{paused: make(chan struct{}), over: make(chan struct{})}
	p.setHold(h)
	_ = l.SetDeadline(time.Unix(1, 0))
	err := h.awaitPause()
	if err == nil {
		err = setBacklog(l, 0)
	}
	if err == nil {
		err = p.fill(h, l.Addr().String())
	}
	if err != nil {
		p.unhang()
	}
	return err
}

// fill takes the one place of the backlog. A dial that gets no answer found it taken
// already, by a client or by a filler that nobody has accepted yet: that is as good.
func (p *Port) fill(h *hold, addr string) error {
	c, err := net.DialTimeout("tcp", addr, fillFor)
	if err != nil {
		if isTimeout(err) {
			return nil
		}
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h.filler = c
	p.fillers[c.LocalAddr().String()] = true
	return nil
}

// fillFor is how long the port waits for the answer to its own SYN, which loopback
// gives at once.
const fillFor = 500 * time.Millisecond

// awaitPause waits until nobody accepts.
func (h *hold) awaitPause() error {
	t := time.NewTimer(time.Second)
	defer t.Stop()
	select {
	case <-h.paused:
		return nil
	case <-t.C:
		return errors.New("nobody accepts on it")
	}
}

func (p *Port) setHold(h *hold) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = h
}

// unhang lets the port go on. The caller has the turn.
func (p *Port) unhang() {
	p.mu.Lock()
	h, l := p.hold, p.listener
	p.mu.Unlock()
	if h == nil || h.isOver() {
		return
	}
	if h.filler != nil {
		_ = h.filler.Close()
	}
	if tcp, ok := l.(*net.TCPListener); ok {
		_ = setBacklog(tcp, 4096)
		_ = tcp.SetDeadline(time.Time{})
	}
	close(h.over)
}

func (h *hold) isOver() bool {
	select {
	case <-h.over:
		return true
	default:
		return false
	}
}

// wait keeps the accepting goroutine until the port goes on.
func (h *hold) wait() {
	h.once.Do(func() { close(h.paused) })
	<-h.over
}

// isFiller reports whether an accepted connection is the port's own, which may be
// accepted long after its hold is over. The caller holds mu.
func (p *Port) isFiller(c net.Conn) bool {
	addr := c.RemoteAddr().String()
	defer delete(p.fillers, addr)
	return p.fillers[addr]
}
