package faultproxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
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

// mustEnd waits for a connection to be over.
func mustEnd(t *testing.T, p *faultproxy.Proxy, conn int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := p.Timeline.Wait(ctx, timeline.Ended(conn)); err != nil {
		t.Fatal(err)
	}
}

// chapters tells the kinds of a connection's events, such as "request> response<".
func chapters(p *faultproxy.Proxy, conn int) string {
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

func mustTell(t *testing.T, p *faultproxy.Proxy, conn int, want string) {
	t.Helper()
	if got := chapters(p, conn); got != want {
		t.Errorf("connection %d: the timeline has\n%s, want\n%s", conn, got, want)
	}
}

func TestDelaysOfTheHandshakeAreExact(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		var asked time.Time
		p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
			asked = time.Now()
			io.WriteString(c, switching+"\r\n")
		}))
		p.Add(faultproxy.Rule{Name: "request", On: faultproxy.Requested, Do: faultproxy.Delay{By: 3 * time.Second}},
			faultproxy.Rule{Name: "response", On: faultproxy.Responded, Do: faultproxy.Delay{By: 5 * time.Second}})
		start := time.Now()
		c, _ := rawDial(t, n, p, "")
		const trip = time.Microsecond // of the harness' network
		if got, want := asked.Sub(start), 3*time.Second+6*trip; got != want {
			t.Errorf("the upstream was asked after %v, want %v", got, want)
		}
		if got, want := time.Since(start), 8*time.Second+8*trip; got != want {
			t.Errorf("the client was answered after %v, want %v", got, want)
		}
		c.Close()
		mustEnd(t, p, 1)
		mustTell(t, p, 1, "request:arrived fault dialed fault response:arrived response:left opened fin:passed fin:passed ended")
	})
}

func TestHangLastsUntilTheClientLeaves(t *testing.T) {
	for name, c := range map[string]struct {
		on   frame.Trigger
		tell string
	}{
		"accepted": {faultproxy.Accepted, ""},
		"request":  {faultproxy.Requested, "request:arrived fault fin:arrived ended"},
		"response": {faultproxy.Responded, "request:arrived dialed fault response:arrived fin:arrived ended"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := faultproxy.InMemory(t, n, echoServer(t, n))
				p.Add(faultproxy.Rule{Name: "hang", On: c.on, Do: faultproxy.Hang{}})
				hung := rawConnect(t, n, p)
				io.WriteString(hung, upgradeRequest+"\r\n")
				hung.SetReadDeadline(time.Now().Add(time.Hour))
				if got, err := hung.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the client was answered: %d bytes, %v", got, err)
				}
				left := time.Now()
				hung.Close()
				synctest.Wait()
				time.Sleep(time.Millisecond)
				if c.tell == "" {
					if e := last(p, 0, timeline.KindMute); e.Field("error") == "" || e.At != left.Sub(p.Timeline.Start())+time.Microsecond {
						t.Errorf("the timeline says of the client that left: %v", e)
					}
				} else {
					mustTell(t, p, 1, c.tell)
				}
				if fired(p, "hang") != 1 {
					t.Errorf("the rule fired %d times", fired(p, "hang"))
				}

				hung = rawConnect(t, n, p)
				io.WriteString(hung, upgradeRequest+"\r\n")
				time.Sleep(time.Minute)
				before := p.Timeline.Last()
				closing := time.Now()
				if err := p.Close(); err != nil || time.Since(closing) > time.Millisecond {
					t.Errorf("Close took %v: %v", time.Since(closing), err)
				}
				if _, err := hung.Read(make([]byte, 1)); err == nil {
					t.Error("the client was answered by Close")
				}
				for _, e := range p.Timeline.From(before + 1).Events() {
					if e.Kind != timeline.KindEnded {
						t.Errorf("Close made it look as if something happened: %v", e)
					}
				}
			})
		})
	}
}

func TestRefuseResetsAtAccept(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Do: faultproxy.Refuse{}, Times: 2})
		for range 2 {
			if _, _, err := gorillaTry(n, p); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the client got %v, want a reset", err)
			}
		}
		gorillaDial(t, n, p)
		p.Replace(faultproxy.Rule{Name: "refuse", Do: faultproxy.Refuse{}, Times: 3})
		if _, err := rawConnect(t, n, p).Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a client that had sent nothing got %v, want a reset", err)
		}
		if conns := p.Timeline.Conns(); fired(p, "refuse") != 3 || conns[len(conns)-1] != 1 {
			t.Errorf("fired %d times; numbered connections %v, want only 1", fired(p, "refuse"), conns)
		}
	})
}

func TestUpstreamIsLeftAtOnceWhenTheClientLeaves(t *testing.T) {
	for _, end := range []string{"FIN", "RST"} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			var after time.Duration
			var left time.Time
			done := make(chan struct{})
			p := faultproxy.InMemory(t, n, answering(t, n, func(c net.Conn, _ string, _ []byte) {
				io.Copy(io.Discard, c)
				after = time.Since(left)
				close(done)
			}))
			c := rawConnect(t, n, p)
			io.WriteString(c, upgradeRequest+"\r\n")
			time.Sleep(time.Minute)
			left = time.Now()
			if end == "RST" {
				reset(c)
			}
			c.Close()
			<-done
			if after > 10*time.Microsecond {
				t.Errorf("the upstream was left %v after the client's %s", after, end)
			}
			mustEnd(t, p, 1)
			mustTell(t, p, 1, "request:arrived dialed "+strings.ToLower(end)+":arrived ended")
		})
	}
}

// A proxy that closes is not a client that leaves.
func TestCloseDuringHandshakes(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		url := answering(t, n, func(c net.Conn, _ string, _ []byte) { io.Copy(io.Discard, c) })
		for range 20 { // it is a matter of scheduling
			p := faultproxy.InMemory(t, n, url)
			for range 20 {
				io.WriteString(rawConnect(t, n, p), upgradeRequest+"\r\n")
			}
			time.Sleep(time.Second)
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			for i := range 20 {
				mustTell(t, p, i+1, "request:arrived dialed ended")
			}
		}
	})
}

// last returns the last event of a kind, of a connection.
func last(p *faultproxy.Proxy, conn int, kind timeline.Kind) (found timeline.Event) {
	for _, e := range p.Timeline.Events() {
		if e.Kind == kind && e.Conn == conn {
			found = e
		}
	}
	return found
}
