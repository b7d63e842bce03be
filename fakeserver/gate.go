package fakeserver

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// gate is a listener as the HTTP server sees it.
type gate struct {
	net.Listener
	p *port

	mu   sync.Mutex
	hold *hold
}

// serve is the goroutine that accepts from a listener until it is closed.
func (p *port) serve(g *gate) {
	defer p.s.leave()
	var l net.Listener = g
	if p.s.TLSConfig != nil {
		l = tls.NewListener(g, p.s.TLSConfig)
	}
	if err := p.s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		p.s.fail(0, "accept", err)
	}
}

// Accept waits for a connection and records it. While the port hangs it takes none.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		g.mu.Lock()
		h := g.hold
		g.mu.Unlock()
		var ne net.Error
		switch {
		case h != nil && err == nil && h.isFiller(c):
			_ = c.Close()
			continue
		case h != nil && errors.As(err, &ne) && ne.Timeout():
			h.wait()
			continue
		case err != nil:
			return nil, err
		}
		g.p.s.record(timeline.Record{Kind: timeline.KindAccepted, Fields: []timeline.Field{
			{Name: "remote", Value: c.RemoteAddr().String()}}})
		return &tap{Conn: c}, nil
	}
}

// hold is what makes a TCP port hang: nobody accepts, and one connection of the
// server's own fills the shortest backlog there is, so that the kernel drops every
// SYN.
type hold struct {
	g      *gate
	paused chan struct{} // closed when nobody accepts
	over   chan struct{} // closed when accepting goes on
	once   sync.Once
	filler net.Conn
	undo   func()
}

// holdTCP makes a TCP listener hang.
func holdTCP(l *net.TCPListener, g *gate) (*hold, error) {
	h := &hold{g: g, paused: make(chan struct{}), over: make(chan struct{})}
	g.mu.Lock()
	g.hold = h
	g.mu.Unlock()
	_ = l.SetDeadline(time.Unix(1, 0))
	<-h.paused
	err := setBacklog(l, 0)
	if err == nil {
		h.filler, err = net.DialTimeout("tcp", l.Addr().String(), time.Second)
	}
	h.undo = func() {
		_ = setBacklog(l, 4096)
		_ = l.SetDeadline(time.Time{})
	}
	if err != nil {
		h.end()
		return nil, err
	}
	return h, nil
}

// wait keeps the accepting goroutine until the port goes on.
func (h *hold) wait() {
	h.once.Do(func() { close(h.paused) })
	<-h.over
}

// isFiller reports whether an accepted connection is the server's own.
func (h *hold) isFiller(c net.Conn) bool {
	return h.filler != nil && c.RemoteAddr().String() == h.filler.LocalAddr().String()
}

// end lets the port go on. The filler is known until the next hold.
func (h *hold) end() {
	if h.filler != nil {
		_ = h.filler.Close()
	}
	h.undo()
	close(h.over)
}
