package faultproxy_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// A plain HTTP exchange that switched to another protocol ends with the proxy.
func TestProxyCloseEndsOtherProtocols(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
			io.Copy(io.Discard, c)
		}))
		c := rawConnect(t, n, p)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
		if head, _, err := readHTTPHead(c); err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
			t.Fatalf("answered %q, %v", head, err)
		}
		start := time.Now()
		if err := p.Close(); err != nil || time.Since(start) > time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(start))
		}
	})
}

// failing is a listener whose first Accepts fail, as they do without file descriptors.
type failing struct {
	net.Listener
	left int
}

func (l *failing) Accept() (net.Conn, error) {
	if l.left > 0 {
		l.left--
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestAcceptGoesOnAfterAnError(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := &faultproxy.Proxy{Upstream: echoServer(t, n), Listener: &failing{l, 10}}
		p.On(t, n).StartIn(t)
		c := gorillaDial(t, n, p)
		if err := c.WriteMessage(1, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		if _, m, err := c.ReadMessage(); string(m) != "hi" || err != nil {
			t.Errorf("got %q, %v", m, err)
		}
		failures := 0
		for _, e := range p.Timeline.Events() {
			if strings.Contains(e.Field("error"), "too many open files") {
				failures++
			}
		}
		if failures != 1 {
			t.Errorf("the failure is recorded %d times, want once", failures)
		}
	})
}
