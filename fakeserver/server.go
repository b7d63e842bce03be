package fakeserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/bubble"
	"github.com/heartbreak-ws/heartbreak/internal/port"
)

// How long the server waits for a client.
const (
	headFor    = 10 * time.Second // to send its request
	closeFor   = 5 * time.Second  // to finish a closing handshake
	lingerFor  = 2 * time.Second  // to close after it was refused
	patience   = time.Second      // to read what is queued before an ending
	shutdown   = 5 * time.Second  // Close, for everything to end
	maxQueued  = 64 << 20         // bytes queued for a client that does not read
	maxPending = 1 << 20          // bytes received that nobody asked for with Next
)

// Server is a scripted WebSocket server. Set its fields, then Start or StartIn it;
// or use one of the functions [Start], [StartTLS] and [InMemory] in a test. The
// fields must not be changed after Start. Its methods may be called from any
// goroutine.
type Server struct {
	// Handlers serve the connections: the n-th upgrade attempt gets the n-th handler,
	// unless Times, Until or For say otherwise. None: Echo.
	Handlers []Handler
	// AfterLast says what becomes of attempts after the last handler has had its
	// share. The zero value lets it serve them too.
	AfterLast EndPolicy
	// Routes have handlers of their own. The first that fits an attempt has it; one
	// that none fits goes to Handlers.
	Routes []Route
	// Listener accepts the clients. nil: 127.0.0.1, any free port. The server closes it.
	Listener net.Listener
	// Timeline records what happens. nil: one of the server's own, that it closes.
	// Given that of a proxy, both vantage points are seen merged.
	Timeline *timeline.Timeline
	// TLS serves wss with a certificate made at Start, which CertPool trusts, unless
	// TLSConfig brings its own. A client that asks for another name (SNI), as one that a
	// hosts file led here does, gets a certificate for that.
	TLS       bool
	TLSConfig *tls.Config
	// Compression accepts permessage-deflate, without context takeover, from clients
	// that offer it. What they compress is inflated; the server itself compresses
	// nothing.
	Compression bool
	// Subprotocols are those the server speaks, by preference. nil: whatever the
	// client offers first is accepted. Empty, not nil: none is.
	Subprotocols []string
	// URL is where clients connect, such as ws://127.0.0.1:41234. Set by Start.
	URL string

	network  *memnet.Network
	roots    *x509.CertPool
	root     *x509.Certificate // what roots holds; nil if it is nil
	ownTime  bool
	tb       TB
	upgrader websocket.Upgrader
	http     *http.Server
	port     *port.Port
	portTurn chan portState // holds the port's state while nobody changes it

	mu       sync.Mutex
	started  bool
	queues   []*queue // one for each route, then the one of Handlers
	attempts int
	conns    map[int]*Conn // attempted, or asked for by Conn
	live     map[*Conn]struct{}
	open     []*Conn // in the order they opened
	handed   int     // of open, by NextConn
	opened   chan struct{}
	pages    map[string]*endpoint
	failures []Failure
	running  int // goroutines that Close waits for
	done     chan struct{}
	idle     chan struct{}
	closing  bool
	closed   chan struct{}
	closeErr error
}

// Start opens the server: it listens, serves, and sets URL. The error says what is
// wrong with the fields, or why it cannot listen.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return errors.New("fakeserver: Start called twice")
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("fakeserver: %w", err)
	}
	if s.Listener == nil && bubble.Current() != 0 {
		return errors.New("fakeserver: on loopback virtual time stands still: in a synctest bubble use InMemory")
	}
	if s.Listener == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("fakeserver: %w", err)
		}
		s.Listener = l
	}
	scheme := "ws"
	if s.TLS || s.TLSConfig != nil {
		scheme = "wss"
		if err := s.makeTLS(); err != nil {
			_ = s.Listener.Close()
			return fmt.Errorf("fakeserver: %w", err)
		}
	}
	s.URL = scheme + "://" + s.Listener.Addr().String()
	s.init()
	s.upgrader = websocket.Upgrader{EnableCompression: s.Compression, CheckOrigin: func(*http.Request) bool { return true }}
	s.makeQueues()
	s.eachHandler(func(h Handler) { s.addPages(h.pages); s.addSessionPages(h.steps) })
	s.live = make(map[*Conn]struct{})
	s.done, s.idle, s.closed = make(chan struct{}), make(chan struct{}), make(chan struct{})
	s.started = true
	s.startHTTP()
	s.running++
	s.openPort()
	return nil
}

// check reports what is wrong with the fields.
func (s *Server) check() error {
	if s.Timeline != nil {
		if err := s.Timeline.CheckBubble(); err != nil {
			return fmt.Errorf("the server cannot record on this timeline: %w", err)
		}
	}
	var errs []error
	for i, r := range s.Routes {
		if len(r.Handlers) == 0 {
			errs = append(errs, fmt.Errorf("route %d (%v) has no handlers", i+1, r))
		}
	}
	s.eachHandler(func(h Handler) { errs = append(errs, h.check()...) })
	return errors.Join(errs...)
}

// init makes what the methods that may be called before Start need. The mutex is held.
func (s *Server) init() {
	if s.conns == nil {
		s.conns = make(map[int]*Conn)
		s.pages = make(map[string]*endpoint)
		s.opened = make(chan struct{})
	}
	if s.Timeline == nil {
		s.Timeline = timeline.New()
		s.ownTime = true
	}
}

// enter counts a goroutine that Close will wait for; false means that the server
// is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.running++
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 && s.closing {
		close(s.idle)
	}
}

// record appends to the timeline, at the present time unless the record has one.
func (s *Server) record(r timeline.Record) {
	if r.At == 0 {
		r.At = s.Timeline.Now()
	}
	r.Vantage = timeline.AtServer
	s.Timeline.Append(r)
}

// fail records that something failed on a connection, or on none if conn is 0.
func (s *Server) fail(conn int, what string, err error) {
	s.record(timeline.Record{Conn: conn, Kind: timeline.KindError, Fields: []timeline.Field{
		{Name: "what", Value: what}, {Name: "error", Value: err.Error()}}})
}

// GomegaString is String, for Gomega, which else prints, and reads, what other
// goroutines change.
func (s *Server) GomegaString() string { return s.String() }

// String returns "fakeserver ws://127.0.0.1:41234", or that it is not started.
func (s *Server) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		return "fakeserver (not started)"
	}
	return "fakeserver " + s.URL
}

// Network returns the virtual network the server listens on; nil on loopback.
func (s *Server) Network() *memnet.Network { return s.network }

// CertPool holds what signed the server's certificate, for the clients of a server
// with TLS. nil without TLS, or with a certificate from TLSConfig.
func (s *Server) CertPool() *x509.CertPool { return s.roots }

// Dialer returns a new gorilla dialer that reaches the server: through the virtual
// network if it is on one, and trusting its certificate if it has one. As
// websocket.DefaultDialer it gives a handshake up after 45 s; a test of a client's own
// limit sets HandshakeTimeout to 0.
func (s *Server) Dialer() *websocket.Dialer {
	d := &websocket.Dialer{HandshakeTimeout: websocket.DefaultDialer.HandshakeTimeout, EnableCompression: s.Compression}
	if s.network != nil {
		d.NetDialContext = s.network.DialContext
	}
	if s.roots != nil {
		d.TLSClientConfig = &tls.Config{RootCAs: s.roots}
	}
	return d
}

// Broadcast sends frames to every connection that is open, each in one write.
// Connections that are over, or ending, are passed over. It does not wait.
func (s *Server) Broadcast(frames ...frame.Frame) {
	s.mu.Lock()
	live := s.liveConns()
	s.mu.Unlock()
	for _, c := range live {
		_ = c.Send(frames...) // one that cannot be sent to is on its way out
	}
}
