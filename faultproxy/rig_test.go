package faultproxy_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// hop is how long anything takes between a peer and the proxy in a bubble.
const hop = time.Microsecond

// rig is a proxy between raw clients and a raw server of the test's own, which
// write what they like when they like, and note when they received what.
type rig struct {
	zero time.Time // of the clocks of both ends; zero: when they open
	t    *testing.T
	n    *memnet.Network
	p    *faultproxy.Proxy

	upstream net.Listener
	accepted chan net.Conn
}

// newRig starts a rig; set, if not nil, changes the proxy before it starts.
func newRig(t *testing.T, n *memnet.Network, set func(*faultproxy.Proxy)) *rig {
	t.Helper()
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, n: n, upstream: l, accepted: make(chan net.Conn, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.accepted <- c
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	r.p = &faultproxy.Proxy{Upstream: "ws://" + l.Addr().String(), Seed: 7}
	if set != nil {
		set(r.p)
	}
	r.p.On(t, n).StartIn(t)
	return r
}

// open opens a connection; both ends' clocks start now.
func (r *rig) open() (client, server *side) { return r.openWith(upgradeRequest, "") }

// openWith opens a connection with a request and more headers in the answer.
func (r *rig) openWith(request, headers string) (client, server *side) {
	r.t.Helper()
	c := rawConnect(r.t, r.n, r.p)
	io.WriteString(c, request+"\r\n")
	s := <-r.accepted
	r.t.Cleanup(func() { _ = s.Close() })
	if _, _, err := readHTTPHead(s); err != nil {
		r.t.Fatalf("the upstream got no request: %v", err)
	}
	io.WriteString(s, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"+headers+"\r\n")
	head, rest, err := readHTTPHead(c)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		r.t.Fatalf("upgrade through the proxy: %q, %v", head, err)
	}
	zero := time.Now()
	if !r.zero.IsZero() {
		zero = r.zero
	}
	client = &side{t: r.t, Conn: c, name: "client", zero: zero, masks: true}
	server = &side{t: r.t, Conn: s, name: "server", zero: zero}
	client.raw, client.marks = rest, []mark{{len(rest), 0}}
	client.listen()
	server.listen()
	return client, server
}

// side is one end of a connection.
type side struct {
	net.Conn
	t     *testing.T
	name  string
	zero  time.Time
	masks bool
	stop  chan struct{}

	mu     sync.Mutex
	raw    []byte
	marks  []mark
	ending string
}

// mark says when raw had grown to an offset.
type mark struct {
	end int
	at  time.Duration
}

// listen reads from here on; the connection's end ends it.
func (s *side) listen() {
	s.stop = make(chan struct{})
	go func() {
		defer close(s.stop)
		buf := make([]byte, 64<<10)
		for {
			n, err := s.Read(buf)
			s.mu.Lock()
			s.raw = append(s.raw, buf[:n]...)
			s.marks = append(s.marks, mark{len(s.raw), s.now()})
			if err != nil {
				s.ending = line(s.now(), endWord(err))
			}
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
}

// deaf stops listening: what comes stays in the socket.
func (s *side) deaf() {
	_ = s.SetReadDeadline(time.Unix(1, 0))
	<-s.stop
	_ = s.SetReadDeadline(time.Time{})
	s.mu.Lock()
	s.ending = ""
	s.mu.Unlock()
}

func endWord(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "fin"
	case errors.Is(err, syscall.ECONNRESET):
		return "rst"
	}
	return err.Error()
}

func (s *side) now() time.Duration { return time.Since(s.zero) }

// until sleeps until a time of the side's clock.
func (s *side) until(at time.Duration) { time.Sleep(at - s.now()) }

// send writes frames, each with one Write, masked if this is the client.
func (s *side) send(frames ...frame.Frame) {
	s.t.Helper()
	for _, f := range frames {
		s.write(s.wire(f))
	}
}

// wire is the frame as this side would write it.
func (s *side) wire(f frame.Frame) string {
	if s.masks {
		f = f.WithMask([4]byte{1, 2, 3, 4})
	}
	return string(f.Append(nil))
}

func (s *side) write(raw string) {
	s.t.Helper()
	if _, err := io.WriteString(s, raw); err != nil {
		s.t.Errorf("%s writes at %v: %v", s.name, s.now(), err)
	}
}

func (s *side) closeWrite() {
	s.t.Helper()
	if err := s.Conn.(*memnet.Conn).CloseWrite(); err != nil {
		s.t.Errorf("%s half-closes at %v: %v", s.name, s.now(), err)
	}
}

func (s *side) reset() {
	_ = s.Conn.(*memnet.Conn).SetLinger(0)
	_ = s.Close()
}

// got returns what the side received so far, a line each: when a frame was whole
// and what it is, then the end.
func (s *side) got() []string {
	settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	rest, off := s.raw, 0
	for len(rest) > 0 {
		h, n := frame.ParseHeader(rest)
		if n == 0 || uint64(len(rest)-n) < h.Length {
			lines = append(lines, line(s.when(len(s.raw)), fmt.Sprintf("%d bytes of a frame", len(rest))))
			break
		}
		payload := slices.Clone(rest[n : n+int(h.Length)])
		if h.Masked {
			frame.Mask(payload, h.Key, 0)
		}
		n += int(h.Length)
		off += n
		rest = rest[n:]
		if h.Masked == s.masks {
			lines = append(lines, fmt.Sprintf("masked=%v, which is wrong", h.Masked))
		}
		lines = append(lines, line(s.when(off), h.Frame(payload).String()))
	}
	if s.ending != "" {
		lines = append(lines, s.ending)
	}
	return lines
}

// when says when raw had grown to an offset. The mutex is held.
func (s *side) when(off int) time.Duration {
	for _, m := range s.marks {
		if m.end >= off {
			return m.at
		}
	}
	return -1
}

// wants compares what the side received so far.
func (s *side) wants(want ...string) {
	s.t.Helper()
	if got := s.got(); !slices.Equal(got, want) {
		s.t.Errorf("%s received:\n\t%s\nwant:\n\t%s", s.name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// words is got without the times.
func (s *side) words() []string {
	var words []string
	for _, l := range s.got() {
		_, w, _ := strings.Cut(l, " ")
		words = append(words, w)
	}
	return words
}

// says compares what the side received so far, whenever that was.
func (s *side) says(want ...string) {
	s.t.Helper()
	if got := s.words(); !slices.Equal(got, want) {
		s.t.Errorf("%s received:\n\t%s\nwant:\n\t%s", s.name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// settle lets everything arrive that is on its way.
func settle() {
	time.Sleep(20 * hop)
	synctest.Wait()
}
