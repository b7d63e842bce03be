package fakeserver

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/internal/attach"
)

// TB is what a server needs of a test: *testing.T, *testing.B and GinkgoT() have it.
type TB = faultproxy.TB

// Start starts a server on a free loopback port. The n-th connection gets the n-th
// handler and the last one serves the rest; without any, it is [Echo]. When the
// test ends the server is closed, and what went wrong in its handlers fails the
// test. A test that failed gets the timeline in its log.
func Start(tb TB, handlers ...Handler) *Server {
	tb.Helper()
	return (&Server{Handlers: handlers}).StartIn(tb)
}

// StartTLS is Start for wss: clients trust the certificate by CertPool, and Dialer
// already does.
func StartTLS(tb TB, handlers ...Handler) *Server {
	tb.Helper()
	return (&Server{Handlers: handlers, TLS: true}).StartIn(tb)
}

// InMemory is Start on a virtual network of its own, which Network returns. Inside
// a testing/synctest bubble the server then runs in virtual time. Clients have to
// dial through Network, as those of Dialer do.
func InMemory(tb TB, handlers ...Handler) *Server {
	tb.Helper()
	return (&Server{Handlers: handlers}).On(tb, memnet.New()).StartIn(tb)
}

// On puts a server that has not started on a virtual network, where other servers
// and proxies may be.
func (s *Server) On(tb TB, network *memnet.Network) *Server {
	tb.Helper()
	s.network = network
	if s.Listener == nil {
		l, err := network.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatalf("fakeserver: %v", err)
		}
		s.Listener = l
	}
	return s
}

// StartIn starts the server and ties it to a test, as the function Start does.
func (s *Server) StartIn(tb TB) *Server {
	tb.Helper()
	s.tb = tb
	if err := s.Start(); err != nil {
		tb.Fatalf("%v", err)
	}
	if attach.IsGinkgoT(tb) && s.Timeline.InBubble() {
		_ = s.Close()
		tb.Fatalf("fakeserver: GinkgoT() ends outside of virtual time, where this server cannot be closed: " +
			"take the *specs.T of specs.Virtual(func(t *specs.T) { … }), or of specs.Setup, instead")
	}
	// A timeline that somebody else made is shown by them.
	shown := s.ownTime && attach.Timeline(tb, "fakeserver", s.Timeline)
	tb.Cleanup(func() {
		tb.Helper()
		s.finish(tb, shown)
	})
	return s
}
