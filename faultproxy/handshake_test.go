package faultproxy_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// answering is an upstream whose every connection f answers by hand, behind the
// request's head. It returns its URL.
func answering(t *testing.T, n network, f func(c net.Conn, head string, rest []byte)) string {
	t.Helper()
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				if head, rest, err := readHTTPHead(c); err == nil {
					f(c, head, rest)
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return "ws://" + l.Addr().String()
}

// ended waits for a connection to be over.
func ended(t *testing.T, p *faultproxy.Proxy, conn int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := p.Timeline.Wait(ctx, timeline.Ended(conn)); err != nil {
		t.Fatal(err)
	}
}

// story tells the kinds of a connection's events, such as "request> response<".
func story(p *faultproxy.Proxy, conn int) string {
	var words []string
	for _, e := range p.Timeline.Conn(conn).Events() {
		if e.Conn != conn {
			continue
		}
		word := e.Kind.String()
		if e.Kind.Travels() {
			word += ":" + e.Seen.String()
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func tells(t *testing.T, p *faultproxy.Proxy, conn int, want string) {
	t.Helper()
	if got := story(p, conn); got != want {
		t.Errorf("connection %d: the timeline has\n%s, want\n%s", conn, got, want)
	}
}

var _ = fmt.Sprint
var _ = errors.Is
var _ = syscall.ECONNRESET
