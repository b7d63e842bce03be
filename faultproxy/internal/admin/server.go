// Package admin is the HTTP API of the standalone proxy: what is known of its proxies
// and connections, and whatever can be done to them. Its own part is below /v1 and
// described by the OpenAPI document there; a browser gets a page to look at. Everything
// it is asked to do is queued, and done at once: no answer waits for a connection, but
// for /wait and the streams of events.
package admin

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin/dashboard"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin/metrics"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin/toxiproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// DefaultAddress is where the API listens that is not told where: Toxiproxy's port.
const DefaultAddress = "127.0.0.1:8474"

// Server serves the API of a fleet. Set its fields, then Serve.
type Server struct {
	Fleet *fleet.Fleet
	// Version is that of the program.
	Version string
	// Token is what requests have to bring. Empty: nothing, which only a listener on
	// loopback may do without.
	Token string

	http   http.Server
	served chan struct{} // closed when Serve's goroutine has left
}

// limits of a request.
const (
	maxBody     = 1 << 20
	maxHeader   = 32 << 10
	readTimeout = 15 * time.Second
)

// CheckAddress says why the API cannot be served there, if so: other machines must not
// reach it without a token.
func CheckAddress(addr net.Addr, token string) error {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && !tcp.IP.IsLoopback() && token == "" {
		return errors.New("whoever reaches the admin API can read what frames carry and break connections: " +
			"on an address that other machines reach it needs a token; set --admin-token or FAULTPROXY_ADMIN_TOKEN, or listen on 127.0.0.1")
	}
	return nil
}

// Serve answers on the listener, which is the server's from now on, until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := CheckAddress(l.Addr(), s.Token); err != nil {
		return errors.Join(err, l.Close())
	}
	s.http = http.Server{
		Handler: s.Handler(), MaxHeaderBytes: maxHeader, ReadHeaderTimeout: readTimeout, ReadTimeout: 2 * readTimeout,
		IdleTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
	}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.http.Serve(l)
	}()
	return nil
}

// Close ends the server: answers under way have a second to be written, streams end at
// once.
func (s *Server) Close() error {
	if s.served == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.http.Shutdown(ctx)
	err := s.http.Close()
	<-s.served
	return err
}

// Handler answers all requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	routes := s.routes()
	for _, r := range routes {
		mux.HandleFunc(r.method+" "+r.path, r.serve)
	}
	mux.Handle("GET /metrics", metrics.Handler(s.Fleet, s.Version))
	compatible := toxiproxy.Handler(s.Fleet)
	for _, pattern := range toxiproxy.Patterns {
		mux.Handle(pattern, compatible)
	}
	page := dashboard.Handler()
	mux.Handle("GET /{$}", page)
	mux.Handle("GET /dashboard/", page)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notServed(w, r, routes) })
	return s.guard(mux)
}
