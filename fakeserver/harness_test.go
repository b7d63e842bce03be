package fakeserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// everywhere runs a test over loopback, and in memory in virtual time.
func everywhere(t *testing.T, f func(t *testing.T, start func(...fake.Handler) *fake.Server)) {
	t.Helper()
	t.Run("loopback", func(t *testing.T) {
		f(t, func(h ...fake.Handler) *fake.Server { return fake.Start(t, h...) })
	})
	t.Run("virtual", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f(t, func(h ...fake.Handler) *fake.Server { return fake.InMemory(t, h...) })
		})
	})
}

// tls and plain, each everywhere.
func secured(t *testing.T, f func(t *testing.T, start func(*fake.Server) *fake.Server)) {
	t.Helper()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", secure), func(t *testing.T) {
			everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
				f(t, func(s *fake.Server) *fake.Server {
					s.TLS = secure
					if strings.HasSuffix(t.Name(), "virtual") {
						s.On(t, memnet.New())
					}
					return s.StartIn(t)
				})
			})
		})
	}
}

// client is a WebSocket client that sends and reads frames by hand.
type client struct {
	t    *testing.T
	ws   *websocket.Conn
	conn net.Conn
	r    *frame.Reader
	res  *http.Response
}

func dial(t *testing.T, s *fake.Server, header ...string) *client {
	t.Helper()
	c, err := tryDial(t, s, "/", header...)
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, c.res)
	}
	return c
}

func tryDial(t *testing.T, s *fake.Server, path string, header ...string) (*client, error) {
	t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	d := s.Dialer()
	network := d.NetDialContext
	if network == nil {
		network = (&net.Dialer{}).DialContext
	}
	d.NetDialContext = func(ctx context.Context, kind, addr string) (net.Conn, error) {
		conn, err := network(ctx, kind, addr)
		if err == nil && !s.TLS {
			conn = &headFirst{Conn: conn}
		}
		return conn, err
	}
	ws, res, err := d.Dial(s.URL+path, h)
	c := &client{t: t, ws: ws, res: res}
	if err != nil {
		return c, err
	}
	c.conn = ws.NetConn()
	if head, ok := c.conn.(*headFirst); ok {
		c.conn = head.Conn
	}
	c.r = frame.NewReader(c.conn)
	t.Cleanup(func() { _ = c.conn.Close() })
	return c, nil
}

// headFirst is a connection of which gorilla reads the head of the answer and no
// more: what follows at once is for the test.
type headFirst struct {
	net.Conn
}

func (h *headFirst) Read(b []byte) (int, error) { return h.Conn.Read(b[:1]) }

func (c *client) send(frames ...frame.Frame) {
	c.t.Helper()
	var raw []byte
	for _, f := range frames {
		raw = f.WithMask([4]byte{1, 2, 3, 4}).Append(raw)
	}
	if _, err := c.conn.Write(raw); err != nil {
		c.t.Errorf("client: write: %v", err)
	}
}

// next returns the next frame as text, or how the connection ended.
func (c *client) next() string {
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	f, err := c.r.ReadFrame()
	return frameOrEnd(f, err)
}

func frameOrEnd(f frame.Frame, err error) string {
	var ne net.Error
	switch {
	case err == nil:
		return f.String()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "fin"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "rst"
	case errors.As(err, &ne) && ne.Timeout():
		return "nothing"
	}
	return err.Error()
}

// wants fails the test unless these come next.
func (c *client) wants(want ...string) {
	c.t.Helper()
	for i, w := range want {
		if got := c.next(); got != w {
			c.t.Errorf("client: %d of %q: got %q, want %q", i+1, want, got, w)
			return
		}
	}
}

func (c *client) closeWrite() {
	raw := c.conn
	if w, ok := raw.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite()
	}
}

// over waits until a connection is over.
func over(t *testing.T, c *fake.Conn) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(20 * time.Second):
		t.Fatalf("%v is not over:\n%s", c, story(c))
	}
}

// story is what a connection's timeline says, without times and handshakes.
func story(c *fake.Conn) string {
	var b strings.Builder
	for e := range c.View().All() {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

// tells fails the test unless the connection's events are exactly these: those
// without a direction, what went to the server, what went to the client, each in
// its order, and the end.
func tells(t *testing.T, c *fake.Conn, want ...string) {
	t.Helper()
	var none, server, client, end []string
	for e := range c.View().All() {
		switch line := line(e); {
		case e.Kind == timeline.KindEnded:
			end = append(end, line)
		case e.Dir == frame.ToServer:
			server = append(server, line)
		case e.Dir == frame.ToClient:
			client = append(client, line)
		default:
			none = append(none, line)
		}
	}
	got := slices.Concat(none, server, client, end)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v tells:\n\t%s\nwant:\n\t%s", c, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// line is an event in short: an arrow, the kind, and what tells it from others.
func line(e timeline.Event) string {
	words := []string{e.Kind.String()}
	switch e.Kind {
	case timeline.KindFrame:
		f := e.Header.Frame(e.Payload)
		words[0] = f.String()
	case timeline.KindFault:
		words = append(words, e.Rule)
	case timeline.KindResponse:
		words = append(words, e.Field("status"))
	case timeline.KindError:
		words = append(words, e.Field("what"))
	}
	switch e.Dir {
	case frame.ToServer:
		words = append([]string{"->"}, words...)
	case frame.ToClient:
		words = append([]string{"<-"}, words...)
	}
	return strings.Join(words, " ")
}

// within is a context for waits that should not take long.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// recorder is a TB that keeps what it is told instead of failing.
type recorder struct {
	*testing.T
	mu       sync.Mutex
	errors   []string
	logs     []string
	cleanups []func()
	skipped  bool
}

func (r *recorder) Skipped() bool { return r.skipped }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}
func (r *recorder) Failed() bool     { r.mu.Lock(); defer r.mu.Unlock(); return len(r.errors) > 0 }
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// finish runs the cleanups and returns the errors.
func (r *recorder) finish() string {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
	return strings.Join(r.errors, "\n")
}
