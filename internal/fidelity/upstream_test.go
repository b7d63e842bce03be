//go:build linux

package fidelity

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// upstream is the server behind a middlebox: raw connections, handed to the
// conversation that asked for their path.
type upstream struct {
	ln      net.Listener
	mu      sync.Mutex
	waiting map[string]*expected
	paths   atomic.Int64
}

// answer answers an upgrade.
type answer func(*net.TCPConn, *http.Request) error

// expected is what a conversation wants of the upgrade with its path.
type expected struct {
	answer answer            // sends the answer
	conn   chan *net.TCPConn // gets the connection, once answered
}

func startUpstream(tb testing.TB) *upstream {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	u := &upstream{ln: ln, waiting: map[string]*expected{}}
	tb.Cleanup(func() { ln.Close() })
	go u.accept()
	return u
}

func (u *upstream) addr() string { return u.ln.Addr().String() }

// expect names a path of its own and says how its upgrade is answered.
func (u *upstream) expect(answer answer) (path string, conn <-chan *net.TCPConn) {
	path = fmt.Sprintf("/talk-%d", u.paths.Add(1))
	e := &expected{answer: answer, conn: make(chan *net.TCPConn, 1)}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting[path] = e
	return path, e.conn
}

func (u *upstream) accept() {
	for {
		c, err := u.ln.Accept()
		if err != nil {
			return
		}
		go u.serve(c.(*net.TCPConn))
	}
}

// errAnswered is for answers after which the connection may carry another request.
var errAnswered = errors.New("answered; the next request may follow")

// serve reads heads byte by byte, so that what follows one stays in the socket.
func (u *upstream) serve(c *net.TCPConn) {
	for {
		req, err := http.ReadRequest(bufio.NewReaderSize(oneByte{c}, 16))
		if err != nil {
			c.Close()
			return
		}
		u.mu.Lock()
		e := u.waiting[req.URL.Path]
		u.mu.Unlock()
		if e == nil {
			c.Close()
			return
		}
		switch err := e.answer(c, req); {
		case errors.Is(err, errAnswered):
		case err != nil:
			c.Close()
			return
		default:
			e.conn <- c
			return
		}
	}
}

// oneByte reads a byte at a time, so that a bufio.Reader on top of it never holds
// more than was asked for.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

// says answers with text.
func says(text string) answer {
	return func(c *net.TCPConn, _ *http.Request) error {
		_, err := io.WriteString(c, text)
		return err
	}
}

// saysOnce answers with text, and then waits for the next request.
func saysOnce(text string) answer {
	return func(c *net.TCPConn, r *http.Request) error { return errors.Join(says(text)(c, r), errAnswered) }
}

// dial opens a WebSocket through the middlebox at addr. early is sent in the segment of
// the request.
func dial(addr string, u *upstream, early []byte, answer answer) (*pair, error) {
	path, conn := u.expect(answer)
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	p := &pair{client: c.(*net.TCPConn)}
	if _, err := c.Write(append(fmt.Appendf(nil, upgradeRequest, path), early...)); err != nil {
		p.close()
		return nil, err
	}
	head, err := readHead(c, patience)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		p.close()
		return nil, fmt.Errorf("answer to the upgrade: %q, %w", head, errors.Join(err))
	}
	p.head, p.opened = head, time.Now()
	select {
	case p.server = <-conn:
		return p, nil
	case <-time.After(patience):
		p.close()
		return nil, errors.New("the upgrade did not reach the upstream")
	}
}
