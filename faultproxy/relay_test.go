package faultproxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// relay starts a proxy that relays to a server of bytes, which f plays.
func relay(t *testing.T, n *memnet.Network, f func(c net.Conn), rules ...faultproxy.Rule) *faultproxy.Proxy {
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
			go func() {
				defer func() { _ = c.Close() }()
				f(c)
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return relayTo(t, n, l.Addr().String(), rules...)
}

func relayTo(t *testing.T, n *memnet.Network, addr string, rules ...faultproxy.Rule) *faultproxy.Proxy {
	t.Helper()
	p := (&faultproxy.Proxy{Upstream: "tcp://" + addr, Seed: 1}).On(t, n)
	if err := p.Add(rules...); err != nil {
		t.Fatal(err)
	}
	return p.StartIn(t)
}

func relayDial(t *testing.T, n *memnet.Network, p *faultproxy.Proxy) net.Conn {
	t.Helper()
	c, err := n.DialContext(context.Background(), "tcp", strings.TrimPrefix(p.URL, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// echoBytes sends every byte back, then its FIN.
func echoBytes(c net.Conn) {
	_, _ = io.Copy(c, c)
	_ = c.(interface{ CloseWrite() error }).CloseWrite()
}

func closeWrite(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

func TestRelayOfBytes(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := relay(t, n, echoBytes)
		c := relayDial(t, n, p)
		want := strings.Repeat("\x00\xff no frames ", 50_000)
		go func() {
			_, _ = io.WriteString(c, want)
			closeWrite(t, c) // half of it; the answer still comes
		}()
		got, err := io.ReadAll(c)
		if err != nil || string(got) != want {
			t.Errorf("%d of %d bytes came back, %v", len(got), len(want), err)
		}
		_ = c.Close()
		if _, err := p.View().Wait(t.Context(), timeline.Ended(1)); err != nil {
			t.Fatal(err)
		}
		counts := map[frame.Direction]int{}
		for e := range p.View().Conn(1).All() {
			if e.Kind == timeline.KindBytes {
				counts[e.Dir] += e.Count
				if len(e.Payload) > 0 {
					t.Errorf("what is relayed was recorded: %.20q", e.Payload)
				}
			}
		}
		if counts[frame.ToServer] != len(want) || counts[frame.ToClient] != len(want) {
			t.Errorf("recorded %v bytes, want %d", counts, len(want))
		}
	})
}

func TestRelayOfAServerThatSpeaksFirst(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := relay(t, n, func(c net.Conn) {
			_, _ = io.WriteString(c, "220 ready\r\n")
			line, _ := bufio.NewReader(c).ReadString('\n')
			_, _ = io.WriteString(c, "you said "+line)
		})
		r := bufio.NewReader(relayDial(t, n, p))
		if line, err := r.ReadString('\n'); line != "220 ready\r\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		c := relayDial(t, n, p)
		r = bufio.NewReader(c)
		_, _ = r.ReadString('\n')
		_, _ = io.WriteString(c, "GET / HTTP/1.1\n") // too late to be an upgrade
		if line, err := r.ReadString('\n'); line != "you said GET / HTTP/1.1\n" {
			t.Errorf("got %q, %v", line, err)
		}
	})
}

// A WebSocket through a relay meets the rules for frames, and its requests and frames
// are recorded as before a ws upstream.
func TestRelayOfAWebSocket(t *testing.T) {
	lost := faultproxy.Rule{Name: "lost", On: frame.AllOf(frame.Op(frame.OpPong), frame.Toward(frame.ToClient)), Do: faultproxy.Drop{}, Conns: faultproxy.Conns{Path: "/ws"}}
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := relayTo(t, n, strings.TrimPrefix(echoServer(t, n), "ws://"), lost)
		c := relayDial(t, n, p)
		_, _ = io.WriteString(c, upgradeRequest+"Cookie: topsecret\r\n\r\n")
		head, rest, err := readHTTPHead(c)
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") || len(rest) > 0 {
			t.Fatalf("%q, %q, %v", head, rest, err)
		}
		for _, f := range []frame.Frame{frame.Ping([]byte("lost")), frame.Text("hello"), frame.Close(1000, "")} {
			_, _ = c.Write(f.WithMask([4]byte{1, 2, 3, 4}).Append(nil))
		}
		got, err := io.ReadAll(c)
		want := string(frame.Text("hello").Append(nil)) + string(frame.Close(1000, "").Append(nil))
		if string(got) != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
		_ = c.Close()
		if _, err := p.View().Wait(t.Context(), timeline.Ended(1)); err != nil {
			t.Fatal(err)
		}
		wantLines(t, lines(p.View().Conn(1)),
			"dialed", "opened", "request /ws", "response 101", "→ ping", "→ text", "→ close", "← pong", "fault", "← text", "← close", "← fin", "→ fin", "ended")
		if text := p.Timeline.CanonicalText(); strings.Contains(text, "topsecret") {
			t.Error("a cookie was recorded")
		}
		if r := diagnosis.Diagnose(p.View(), 1); r.CloseEvent.Code != 1000 {
			t.Errorf("diagnosed as %v, %v", r.Cause, r.CloseEvent)
		}
	})
}

// lines are the kinds of events, in the canonical order.
func lines(v *timeline.View) (list []string) {
	for _, e := range v.Events() {
		s := e.Kind.String()
		if e.Kind == timeline.KindFrame {
			s = e.Header.Opcode.String()
		}
		if f := e.Field("target") + e.Field("status"); f != "" {
			s += " " + f
		} else if e.Kind == timeline.KindFrame || e.Kind == timeline.KindFIN {
			s = map[frame.Direction]string{frame.ToServer: "→ ", frame.ToClient: "← "}[e.Dir] + s
		}
		if e.Kind != timeline.KindClosed {
			list = append(list, s)
		}
	}
	return list
}

// What looks like a handshake and is none stays bytes, whatever follows.
func TestRelayOfHandshakesThatFail(t *testing.T) {
	for name, each := range map[string]struct{ request, answer, behind string }{
		"refused":        {upgradeRequest + "\r\n", "HTTP/1.1 503 Later\r\nContent-Length: 2\r\n\r\nno", ""},
		"a plain GET":    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""},
		"no HTTP answer": {upgradeRequest + "\r\n", "\x00\x01\x02\x03", ""},
		"impatient":      {upgradeRequest + "\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "\x8f\x8f early, and no frame"},
		"a long head":    {"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 100_000), "ok", ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := relay(t, n, func(c net.Conn) {
					_, _ = io.ReadFull(c, make([]byte, len(each.request)+len(each.behind)))
					_, _ = io.WriteString(c, each.answer)
				}, faultproxy.Rule{Name: "never", On: frame.Op(frame.OpPong), Do: faultproxy.Drop{}})
				c := relayDial(t, n, p)
				_, _ = io.WriteString(c, each.request)
				_, _ = io.WriteString(c, each.behind)
				if got, err := io.ReadAll(c); string(got) != each.answer {
					t.Errorf("got %q, %v", got, err)
				}
			})
		})
	}
}

func TestRelayOfFramesInTheSegmentOfThe101(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		hello := string(frame.Text("hello").Append(nil))
		url := rawServer(t, n, hello+hello[:3], func(c net.Conn, _ []byte) {
			_, _ = io.WriteString(c, hello[3:])
			_, _ = io.Copy(io.Discard, c)
		})
		p := relayTo(t, n, strings.TrimPrefix(url, "ws://"), faultproxy.Rule{Name: "first", On: frame.Op(frame.OpText), Do: faultproxy.Drop{}, Times: 1})
		c := relayDial(t, n, p)
		_, _ = io.WriteString(c, upgradeRequest+"\r\n")
		_, rest, err := readHTTPHead(c)
		for err == nil && len(rest) < len(hello) {
			b := make([]byte, 100)
			var k int
			k, err = c.Read(b)
			rest = append(rest, b[:k]...)
		}
		if string(rest) != hello {
			t.Errorf("behind the 101 came %q, %v; want one of the two texts", rest, err)
		}
	})
}

func TestFaultsOnRelayedBytes(t *testing.T) {
	for _, each := range []struct {
		rules []faultproxy.Rule
		want  string // what comes back of "hello", when, and how it ends
	}{
		{nil, "hello at 8µs, EOF"},
		{[]faultproxy.Rule{{Do: faultproxy.Latency{Delay: time.Second, Dir: frame.ToClient}}}, "hello at 1.000008s, EOF"},
		{[]faultproxy.Rule{{Do: faultproxy.Rate{BytesPerSecond: 5, Dir: frame.ToServer}}}, "hello at 1.000008s, EOF"},
		{[]faultproxy.Rule{{Do: faultproxy.Limit{Bytes: 2, Dir: frame.ToClient}}}, "he at 8µs, EOF"},
		{[]faultproxy.Rule{{Do: faultproxy.Limit{Dir: frame.ToServer, End: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}}}}, " at 0s, connection reset by peer"},
		{[]faultproxy.Rule{{On: faultproxy.Elapsed(time.Minute), Do: faultproxy.End{Client: faultproxy.RST}}, {Do: faultproxy.DiscardBytes{Dir: frame.ToClient}}}, " at 0s, connection reset by peer"},
	} {
		t.Run(fmt.Sprint(each.rules), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := relay(t, n, func(c net.Conn) {
					b := make([]byte, 5)
					_, _ = io.ReadFull(c, b)
					_, _ = c.Write(b)
					if len(each.rules) == 2 {
						_, _ = io.Copy(io.Discard, c)
					}
				}, each.rules...)
				begun := time.Now()
				c := relayDial(t, n, p)
				_, _ = io.WriteString(c, "hello")
				var got []byte
				var at time.Duration
				b := make([]byte, 10)
				k, err := c.Read(b)
				for ; err == nil; k, err = c.Read(b) {
					got, at = append(got, b[:k]...), time.Since(begun)
				}
				if errors.Is(err, syscall.ECONNRESET) {
					err = syscall.ECONNRESET
				}
				if result := fmt.Sprintf("%s at %v, %v", got, at, err); result != each.want {
					t.Errorf("%s; want %s", result, each.want)
				}
			})
		})
	}
}

func TestRulesThatARelayCannotHave(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := &faultproxy.Proxy{Upstream: "tcp://127.0.0.1:9"}
		if err := p.Add(faultproxy.Rule{Do: faultproxy.RejectWith(503)}); err != nil {
			t.Fatal(err)
		}
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p.Listener = l
		if err := p.Start(); err == nil || !strings.Contains(err.Error(), "takes no part in that") {
			t.Errorf("started with a rule for the handshake: %v", err)
		}
		for _, url := range []string{"tcp://host", "tcp://host:1/path", "tcp://host:1?q", "tcp://u@host:1"} {
			if err := (&faultproxy.Proxy{Upstream: url}).Start(); err == nil || !strings.Contains(err.Error(), "host and port only") {
				t.Errorf("%s: %v", url, err)
			}
		}
	})
}

func TestRelayWithoutAnUpstream(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := relayTo(t, n, "127.0.0.1:9")
		if got, err := io.ReadAll(relayDial(t, n, p)); err != nil || len(got) > 0 {
			t.Errorf("got %q, %v", got, err)
		}
		e, err := p.View().Wait(t.Context(), timeline.KindDialed)
		if err != nil || !strings.Contains(e.Field("error"), "refused") {
			t.Errorf("dialed %v, %v", e, err)
		}
		if _, err := p.View().Wait(t.Context(), timeline.Ended(1)); err != nil {
			t.Error(err)
		}
	})
}

// A timeline serves one proxy after another.
func TestConnectionsAreNumberedOn(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		url := echoServer(t, n)
		tl := timeline.New()
		for want := 1; want <= 3; want++ {
			p := (&faultproxy.Proxy{Upstream: url, Timeline: tl}).On(t, n).StartIn(t)
			c, _ := rawDial(t, n, p, "")
			_ = c.Close()
			if _, err := tl.Wait(t.Context(), timeline.Ended(want)); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(tl.Conns()); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
	})
}
