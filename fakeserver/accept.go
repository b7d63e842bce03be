package fakeserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// tap is an accepted connection. It remembers why it could not be read, for one
// that ends without a request.
type tap struct {
	net.Conn
	mu   sync.Mutex
	got  int
	err  error
	used bool // a request came
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.got += n
	if err != nil && t.err == nil {
		t.err = err
	}
	return n, err
}

// why says how a connection ended that brought no request.
func (t *tap) why() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ne net.Error
	late := errors.As(t.err, &ne) && ne.Timeout()
	switch {
	case late && t.got == 0:
		return fmt.Sprintf("no request within %v", headFor)
	case late:
		return fmt.Sprintf("no whole request within %v, only %d bytes", headFor, t.got)
	case t.err == nil && t.got > 0:
		return fmt.Sprintf("no HTTP request: %d bytes of something else", t.got)
	case t.err == nil, errors.Is(t.err, io.EOF) && t.got == 0:
		return "closed without a request"
	case errors.Is(t.err, io.EOF):
		return fmt.Sprintf("closed in the middle of its request, after %d bytes", t.got)
	}
	return t.err.Error()
}

// use says that a request came.
func (t *tap) use() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used = true
}

type tapKey struct{}

func tapOf(c net.Conn) *tap {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	t, _ := c.(*tap)
	return t
}

// startHTTP makes the HTTP server that reads the requests.
func (s *Server) startHTTP() {
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.request),
		ReadHeaderTimeout: headFor,
		ErrorLog:          log.New(errorLog{s}, "", 0),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // no HTTP/2
		ConnState:         s.connState,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, tapKey{}, tapOf(c))
		},
	}
	// A connection that is kept for the next plain request would outlive Restart.
	s.http.SetKeepAlivesEnabled(false)
}

// connState counts the goroutines of the HTTP server, and records the connections
// that ended without a request.
func (s *Server) connState(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if !s.enter() {
			s.mu.Lock()
			s.running++ // it is on its way out
			s.mu.Unlock()
			hardClose(c)
		}
	case http.StateClosed:
		t := tapOf(c)
		t.mu.Lock()
		used := t.used
		t.mu.Unlock()
		if !used {
			s.record(timeline.Record{Kind: timeline.KindMute, Fields: []timeline.Field{
				{Name: "remote", Value: c.RemoteAddr().String()}, {Name: "error", Value: t.why()}}})
		}
		s.leave()
	case http.StateHijacked:
		s.leave()
	}
}

// errorLog records what the HTTP server would log.
type errorLog struct{ s *Server }

func (l errorLog) Write(b []byte) (int, error) {
	l.s.fail(0, "http", errors.New(strings.TrimSpace(string(b))))
	return len(b), nil
}

// request handles every HTTP request.
func (s *Server) request(w http.ResponseWriter, req *http.Request) {
	if !s.enter() {
		return
	}
	defer s.leave()
	req.Context().Value(tapKey{}).(*tap).use()
	if websocket.IsWebSocketUpgrade(req) && req.ProtoMajor == 1 {
		s.upgrade(w, req)
		return
	}
	s.plain(w, req)
}
