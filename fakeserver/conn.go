package fakeserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Conn is a connection, seen from the server: the n-th upgrade attempt and what
// became of it. Its methods may be called from any goroutine, also before the
// attempt is made and after the connection is over. Those that send or end
// something queue it and return; that it was done is seen on the timeline. Only
// Next waits.
type Conn struct {
	s    *Server
	num  int
	feed *feed
	cutC chan struct{} // closed when the socket is
	over chan struct{} // closed when all is over

	// Set before the connection opens, and not changed.
	req     *http.Request
	handler Handler
	conn    net.Conn // TLS, or the socket itself
	pre     []byte   // read ahead during the handshake
	deflate bool
	sub     string

	dispatch sync.Mutex // orders and feed, one frame at a time
	orders   []*order
	arrived  int // frames handed out to orders and feed
	script   run // if the handler is one
	pace     pace
	ordered  atomic.Int64 // standing orders with a rank
	lastIn   atomic.Int64 // when bytes last came, and went, on the timeline's clock
	lastOut  atomic.Int64

	mu       sync.Mutex
	state    state
	refused  string // why it never opened
	refs     int    // reader and writer
	serving  bool
	out      outlet
	mode     mode
	moved    chan struct{} // closed when the mode is no longer parked
	sentFIN  bool
	heardFIN bool   // the reader is done
	sentCl   bool   // a Close
	gone     bool   // the socket was closed from here
	reset    bool   // the client's reset was recorded
	left     string // how the client ended it, if it did so first
	pending  bool   // the client could still have been heard when the server closed
}

type state uint8

const (
	awaited   state = iota // no attempt yet
	attempted              // the handshake is under way
	isOpen
	isOver
)

// mode is what the reader does with what arrives.
type mode uint8

const (
	reading  mode = iota
	draining      // a closing handshake is done: until the FIN
	dead          // Fin: whatever arrives draws an RST
	dark          // GoDark: swallowed
	parked        // Freeze and StopReading: left to the kernel
)

func newConn(s *Server, n int) *Conn {
	c := &Conn{s: s, num: n, feed: newFeed(), cutC: make(chan struct{}), over: make(chan struct{})}
	c.pace.c = c
	return c
}

// Conn returns connection n, the n-th upgrade attempt, counted from 1. It need not
// have been made yet: Next then waits for it.
func (s *Server) Conn(n int) *Conn {
	s.mu.Lock()
	s.init()
	c, closing := s.conn(n), s.closing
	s.mu.Unlock()
	if closing {
		c.never()
	}
	return c
}

func (s *Server) conn(n int) *Conn {
	c := s.conns[n]
	if c == nil {
		c = newConn(s, n)
		s.conns[n] = c
	}
	return c
}

// Conns returns the connections of all upgrade attempts so far, in order, those
// that were refused and those that are over included.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Conn, 0, s.attempts)
	for n := 1; n <= s.attempts; n++ {
		list = append(list, s.conns[n])
	}
	return list
}

// NextConn returns the connections in the order in which they open, one each call;
// those that opened before it was called, too. It waits for the next one, until
// the context is done or the server closes.
func (s *Server) NextConn(ctx context.Context) (*Conn, error) {
	s.mu.Lock()
	if !s.started {
		s.mu.Unlock()
		return nil, fmt.Errorf("fakeserver: NextConn: the server was not started")
	}
	s.mu.Unlock()
	if err := s.Timeline.CheckBubble(); err != nil {
		return nil, fmt.Errorf("fakeserver: NextConn: %w", err)
	}
	for {
		s.mu.Lock()
		if s.handed < len(s.open) {
			c := s.open[s.handed]
			s.handed++
			s.mu.Unlock()
			return c, nil
		}
		opened, attempts, handed := s.opened, s.attempts, s.handed
		s.mu.Unlock()
		select {
		case <-opened:
		case <-s.done:
			return nil, fmt.Errorf("fakeserver: NextConn: the server is closed: %w", net.ErrClosed)
		case <-ctx.Done():
			return nil, fmt.Errorf("fakeserver: NextConn: no connection opened after the first %d (%d upgrade attempts so far): %w",
				handed, attempts, context.Cause(ctx))
		}
	}
}

// hasOpened tells NextConn of a connection.
func (s *Server) hasOpened(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = append(s.open, c)
	close(s.opened)
	s.opened = make(chan struct{})
}

// Number is the connection's number, counted from 1.
func (c *Conn) Number() int { return c.num }

// Request is the upgrade request; nil if no attempt has been made yet. It must not
// be changed.
func (c *Conn) Request() *http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.req
}

// Subprotocol is what was agreed on; "" if nothing was, or not yet.
func (c *Conn) Subprotocol() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sub
}

// View returns what happened on this connection, live.
func (c *Conn) View() *timeline.View { return c.s.View().Conn(c.num) }

// Done returns a channel that is closed when the connection is over: both sides
// have ended, or it never opened. It belongs to the server's bubble.
func (c *Conn) Done() <-chan struct{} { return c.over }

// Context returns a context that is done when the connection is over, for what a
// handler waits for. It belongs to the server's bubble.
func (c *Conn) Context() context.Context { return connContext{c} }

type connContext struct{ c *Conn }

func (x connContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (x connContext) Done() <-chan struct{}       { return x.c.over }
func (x connContext) Value(any) any               { return nil }
func (x connContext) Err() error {
	select {
	case <-x.c.over:
		return fmt.Errorf("%v is over: %w", x.c, context.Canceled)
	default:
		return nil
	}
}

// Next returns the next message or control frame that the client sent, unmasked and
// inflated; each is handed out once. A message that came in fragments is one frame;
// the fragments are on the timeline. What the server answers by itself it answers all
// the same; beats that AnswerBeats answers and what a Session replies to are passed
// over. It waits for a frame until ctx is done. When the client has ended the
// connection, or it never opened, the error wraps io.EOF and says how.
//
// Up to 1 MiB waits for Next; then the oldest frames are dropped, and Next says so
// once.
func (c *Conn) Next(ctx context.Context) (frame.Frame, error) {
	if err := c.s.Timeline.CheckBubble(); err != nil {
		return frame.Frame{}, fmt.Errorf("fakeserver: Next: %w", err)
	}
	f, err := c.feed.next(ctx)
	if err != nil {
		return f, fmt.Errorf("fakeserver: connection %d: %w", c.num, err)
	}
	return f, nil
}

// never ends a connection that was asked for and did not come.
func (c *Conn) never() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == awaited {
		c.state = isOver
		c.refused = "never came: the server is closed"
		c.feed.end(fmt.Errorf("it %s: %w", c.refused, io.EOF))
		close(c.over)
	}
}

// String returns "connection 3".
func (c *Conn) String() string { return fmt.Sprintf("connection %d", c.num) }

// GomegaString is String, for Gomega, which else prints, and reads, what other
// goroutines change.
func (c *Conn) GomegaString() string { return c.String() }
