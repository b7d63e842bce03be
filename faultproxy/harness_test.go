package faultproxy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// bubble runs f in virtual time on a virtual network.
func bubble(t *testing.T, f func(t *testing.T, n *memnet.Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		n.Latency = time.Microsecond
		t.Cleanup(func() {
			time.Sleep(time.Millisecond)
			synctest.Wait() // what was told to end has ended
			if err := n.Close(); err != nil {
				t.Errorf("left on the network: %v", err)
			}
		})
		f(t, n)
	})
}

// echoServer serves gorilla's side of a conversation: it echoes messages and
// answers pings. It returns its URL.
func echoServer(t *testing.T, n *memnet.Network) string {
	t.Helper()
	up := websocket.Upgrader{EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true }}
	return httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, msg, err := c.ReadMessage()
			if err != nil {
				return
			}
			if c.WriteMessage(kind, msg) != nil {
				return
			}
		}
	})
}

func httpServer(t *testing.T, n *memnet.Network, h http.HandlerFunc) string {
	t.Helper()
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return "ws://" + l.Addr().String()
}

// rawServer accepts upgrades by hand: f has the connection after the 101.
func rawServer(t *testing.T, n *memnet.Network, extra string, f func(c net.Conn, early []byte)) string {
	t.Helper()
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			func() {
				defer c.Close()
				_, rest, err := readHTTPHead(c)
				if err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
					"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"+extra)
				f(c, rest)
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "ws://" + l.Addr().String()
}

func readHTTPHead(c net.Conn) (head string, rest []byte, err error) {
	var buf []byte
	b := make([]byte, 4096)
	for {
		n, err := c.Read(b)
		buf = append(buf, b[:n]...)
		if i := bytes.Index(buf, []byte("\r\n\r\n")); i >= 0 {
			return string(buf[:i+4]), buf[i+4:], nil
		}
		if err != nil {
			return string(buf), nil, err
		}
	}
}

const upgradeRequest = "GET /ws HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://example.test\r\n"

// rawDial opens a connection through p by hand and returns it behind the 101, with
// what came behind that.
func rawDial(t *testing.T, n *memnet.Network, p *faultproxy.Proxy, early string) (net.Conn, []byte) {
	t.Helper()
	c := rawConnect(t, n, p)
	io.WriteString(c, upgradeRequest+"\r\n"+early)
	head, rest, err := readHTTPHead(c)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatalf("upgrade through the proxy: %q, %v", head, err)
	}
	return c, rest
}

func rawConnect(t *testing.T, n *memnet.Network, p *faultproxy.Proxy) net.Conn {
	t.Helper()
	c, err := n.DialContext(context.Background(), "tcp", p.URL[strings.Index(p.URL, "//")+2:])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// gorillaDial connects a gorilla client through p.
func gorillaDial(t *testing.T, n *memnet.Network, p *faultproxy.Proxy) *websocket.Conn {
	t.Helper()
	c, resp, err := gorillaTry(n, p)
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, resp)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func gorillaTry(n *memnet.Network, p *faultproxy.Proxy) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{NetDialContext: n.DialContext, EnableCompression: true}
	return d.Dial(p.URL, nil)
}

// readUntilError reads messages and returns them with the error that ended it.
func readUntilError(c *websocket.Conn) (msgs []string, err error) {
	for {
		_, m, err := c.ReadMessage()
		if err != nil {
			return msgs, err
		}
		msgs = append(msgs, string(m))
	}
}

// fired says how often a rule fired.
func fired(p *faultproxy.Proxy, name string) int {
	for _, s := range p.Rules() {
		if s.Rule.Name == name {
			return s.Fired
		}
	}
	return -1
}

// find returns the first event of a kind, of a connection.
func find(p *faultproxy.Proxy, conn int, kind timeline.Kind) (timeline.Event, bool) {
	for _, e := range p.Timeline.Events() {
		if e.Kind == kind && e.Conn == conn {
			return e, true
		}
	}
	return timeline.Event{}, false
}

func mustFind(t *testing.T, p *faultproxy.Proxy, conn int, kind timeline.Kind) timeline.Event {
	t.Helper()
	e, ok := find(p, conn, kind)
	if !ok {
		t.Fatalf("no %v event on connection %d", kind, conn)
	}
	return e
}

// closeCode returns the code of a gorilla CloseError, 0 if err is none.
func closeCode(err error) int {
	var ce *websocket.CloseError
	if errors.As(err, &ce) {
		return ce.Code
	}
	return 0
}

func masked(f frame.Frame) string { return string(f.WithMask([4]byte{1, 2, 3, 4}).Append(nil)) }

func wire(f frame.Frame) string { return string(f.Append(nil)) }
