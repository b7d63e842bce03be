package middlebox_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const (
	request = "GET /ws HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// scene is a client and an upstream, both raw TCP, with a middlebox between them.
type scene struct {
	*testing.T
	box      middlebox.Preset
	network  *memnet.Network
	listener net.Listener
	proxy    *faultproxy.Proxy
}

// play runs f in virtual time.
func play(t *testing.T, box middlebox.Preset, f func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, box: box, network: memnet.New()}
		var err error
		if s.listener, err = s.network.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.listener.Close() })
		s.proxy = (&faultproxy.Proxy{Upstream: "ws://" + s.listener.Addr().String(), Seed: 1}).On(t, s.network).StartIn(t)
		s.proxy.Use(box)
		f(s)
	})
}

// dial sends an upgrade request through the middlebox.
func (s *scene) dial() net.Conn {
	s.Helper()
	c := s.connect()
	s.send(c, request)
	return c
}

// connect opens a TCP connection to the middlebox.
func (s *scene) connect() net.Conn {
	s.Helper()
	c, err := s.network.DialContext(context.Background(), "tcp", strings.TrimPrefix(s.proxy.URL, "ws://"))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	return c
}

// accept takes the upstream's side of a dial, and reads the request.
func (s *scene) accept() net.Conn {
	s.Helper()
	c := s.acceptRaw()
	if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
		s.Fatal(err)
	}
	return c
}

func (s *scene) acceptRaw() net.Conn {
	s.Helper()
	c, err := s.listener.Accept()
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	return c
}

// open opens a WebSocket and returns both its ends.
func (s *scene) open() (client, upstream net.Conn) {
	s.Helper()
	client = s.dial()
	upstream = s.accept()
	s.send(upstream, answer)
	if head := s.head(client); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		s.Fatalf("received %q, want a 101", head)
	}
	return client, upstream
}

// head reads what the client gets up to the first empty line.
func (s *scene) head(c net.Conn) string {
	s.Helper()
	var head []byte
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		one := make([]byte, 1)
		if _, err := io.ReadFull(c, one); err != nil {
			s.Fatalf("received %q, then %v", head, err)
		}
		head = append(head, one[0])
	}
	return string(head)
}

func (s *scene) send(c net.Conn, bytes string) {
	s.Helper()
	if _, err := io.WriteString(c, bytes); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) expect(c net.Conn, want string) {
	s.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		s.Fatalf("received %q, %v; want %q", got, err, want)
	}
}

// pass sends bytes from one end and waits until the other has them.
func (s *scene) pass(from, to net.Conn, bytes string) {
	s.Helper()
	s.send(from, bytes)
	s.expect(to, bytes)
}

// expectFIN wants the end of the stream, without a byte before it, within a minute.
func (s *scene) expectFIN(name string, c net.Conn) {
	s.Helper()
	s.expectFINWithin(name, c, time.Minute)
}

func (s *scene) expectFINWithin(name string, c net.Conn, limit time.Duration) {
	s.Helper()
	_ = c.SetReadDeadline(time.Now().Add(limit))
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		s.Errorf("the %s received %q, then %v; want a FIN alone", name, rest, err)
	}
}

// expectAlive wants no end for now.
func (s *scene) expectAlive(c net.Conn) {
	s.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Nanosecond))
	if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
		s.Fatalf("at %v the connection gave %v, want it alive", s.proxy.Timeline.Now(), err)
	}
	_ = c.SetReadDeadline(time.Time{})
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// endedAfter waits for the end of connection 1 and returns how long after a time
// the middlebox closed each side's socket, in the order of closing.
func (s *scene) endedAfter(since time.Duration) (sides []string, after time.Duration) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if _, err := s.proxy.Timeline.Wait(ctx, timeline.Ended(1)); err != nil {
		s.Fatal(err)
	}
	for e := range s.proxy.Timeline.Conn(1).All() {
		if e.Kind == timeline.KindClosed {
			sides = append(sides, e.Dir.String())
			after = e.At - since
		}
	}
	return sides, after
}
