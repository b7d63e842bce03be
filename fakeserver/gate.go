package fakeserver

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/port"
)

// gate is the server's port as the HTTP server sees it.
type gate struct {
	*port.Port
	s *Server
}

// serve is the goroutine that accepts until the server closes.
func (g *gate) serve() {
	defer g.s.leave()
	var l net.Listener = g
	if g.s.TLSConfig != nil {
		l = tls.NewListener(g, g.s.TLSConfig)
	}
	if err := g.s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		g.s.fail(0, "accept", err)
	}
}

// Accept waits for a connection and records it.
func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Port.Accept()
	if err != nil {
		return nil, err
	}
	g.s.record(timeline.Record{Kind: timeline.KindAccepted, Fields: []timeline.Field{
		{Name: "remote", Value: c.RemoteAddr().String()}}})
	return &tap{Conn: c}, nil
}
