package faultproxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
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

// A timeline serves one proxy after another; the numbers of a server on it are its own.
func TestConnectionsAreNumberedOn(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		url := echoServer(t, n)
		tl := timeline.New()
		tl.Append(timeline.Record{Conn: 9, Kind: timeline.KindOpened, Vantage: timeline.AtServer})
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
		if n := len(tl.At(timeline.AtProxy).Conns()); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
	})
}

// What stands between frames has no place in a stream of bytes; ends have.
func TestCallersOnARelay(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := relay(t, n, echoBytes, faultproxy.Rule{Name: "inject", On: faultproxy.Elapsed(time.Second), Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
		c := relayDial(t, n, p)
		if _, err := p.View().Wait(t.Context(), timeline.Opened); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.Conn(1).SendClose(1001, ""), p.Conn(1).Inject(frame.Ping(nil), frame.ToClient)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		if k, err := c.Read(make([]byte, 10)); k > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read %d bytes, %v", k, err)
		}
		denied := 0
		for e := range p.View().Conn(1).All() {
			if e.Kind == timeline.KindNotApplied && strings.Contains(e.Field("why"), "relayed as bytes") {
				denied++
			}
		}
		if denied != 3 {
			t.Errorf("%d were not applied, want the Close and both pings", denied)
		}
		begun := time.Now()
		_ = c.SetReadDeadline(time.Time{})
		if err := p.Conn(1).Silence(frame.Both); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() { _ = p.Conn(1).Heal() })
		_, _ = io.WriteString(c, "a")
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil || time.Since(begun) < time.Minute {
			t.Errorf("healed after %v, %v", time.Since(begun), err)
		}
		if err := p.Conn(1).Reset(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after the reset: %v", err)
		}
	})
}

// A rule of the path that selects by the request's path acts once that is known.
func TestRelaySelectsByThePathOnceItIsKnown(t *testing.T) {
	for path, want := range map[string]time.Duration{"/ws": time.Second, "/other": 0} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := relay(t, n, func(c net.Conn) {
				_, _ = io.ReadFull(c, make([]byte, len(upgradeRequest)+2))
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			}, faultproxy.Rule{Name: "all", Do: faultproxy.Slice{Size: 1000}},
				faultproxy.Rule{Name: "slow", Do: faultproxy.Rate{BytesPerSecond: 36, Dir: frame.ToClient}, Conns: faultproxy.Conns{Path: path}})
			begun := time.Now()
			c := relayDial(t, n, p)
			_, _ = io.WriteString(c, upgradeRequest+"\r\n")
			if _, err := io.ReadAll(c); err != nil || time.Since(begun).Round(time.Second) != want {
				t.Errorf("%s: answered after %v, %v; want %v", path, time.Since(begun), err, want)
			}
		})
	}
}

func TestRelayHasTimeRulesOfThePath(t *testing.T) {
	for path, want := range map[string]time.Duration{"/ws": 10 * time.Second, "/other": time.Minute} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := relay(t, n, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
				faultproxy.Rule{Name: "life", On: faultproxy.Elapsed(10 * time.Second), Do: faultproxy.End{Client: faultproxy.FIN}, Conns: faultproxy.Conns{Path: path}},
				faultproxy.Rule{Name: "rest", On: faultproxy.Elapsed(time.Minute), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN}})
			begun := time.Now()
			c := relayDial(t, n, p)
			_, _ = io.WriteString(c, upgradeRequest+"\r\n")
			if _, err := io.ReadAll(c); err != nil || time.Since(begun).Round(time.Second) != want {
				t.Errorf("%s: ended after %v, %v; want %v", path, time.Since(begun), err, want)
			}
		})
	}
}

// What Toxiproxy's reset_peer and timeout do.
func TestToxicsOnARelay(t *testing.T) {
	for name, each := range map[string]struct {
		do   faultproxy.Fault
		want string
	}{
		"reset":   {faultproxy.ResetPeer{Delay: 3 * time.Second, Dir: frame.ToServer}, "after 3s: connection reset by peer"},
		"timeout": {faultproxy.DiscardBytes{Dir: frame.ToServer, Timeout: 5 * time.Second}, "after 5s: EOF"},
		"down":    {faultproxy.DiscardBytes{Dir: frame.ToClient, Timeout: 7 * time.Second}, "after 7s: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := relay(t, n, echoBytes, faultproxy.Rule{Name: name, Do: each.do, Expect: faultproxy.Fired})
				begun := time.Now()
				c := relayDial(t, n, p)
				_, _ = io.WriteString(c, "a")
				k, err := c.Read(make([]byte, 10))
				if errors.Is(err, syscall.ECONNRESET) {
					err = syscall.ECONNRESET
				}
				if got := fmt.Sprintf("after %v: %v", time.Since(begun).Round(time.Second), err); got != each.want || k > 0 {
					t.Errorf("%d bytes, %s; want %s", k, got, each.want)
				}
				if _, err := p.View().Wait(t.Context(), timeline.Ended(1)); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Nothing that a rule does to a client which does not read keeps the rule from being
// taken away.
func TestRemovalFromARelayUnderLoad(t *testing.T) {
	for _, do := range []faultproxy.Fault{faultproxy.Rate{Dir: frame.ToClient}, faultproxy.ResetPeer{Delay: time.Hour, Dir: frame.ToClient},
		faultproxy.Latency{Delay: time.Hour, Dir: frame.ToClient}, faultproxy.Slice{Size: 1, Pause: time.Hour, Dir: frame.ToClient}} {
		t.Run(do.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				load := strings.Repeat("x", 3<<20)
				p := relay(t, n, func(c net.Conn) { _, _ = io.WriteString(c, load) }, faultproxy.Rule{Name: "toxic", Do: do})
				c := relayDial(t, n, p)
				begun := time.Now()
				acted := timeline.KindFault
				if _, resets := do.(faultproxy.ResetPeer); resets { // it would have acted in an hour
					acted = timeline.KindHeld
				}
				if _, err := p.View().Wait(t.Context(), acted); err != nil {
					t.Fatal(err)
				}
				p.Remove("toxic")
				if got, err := io.ReadAll(c); err != nil || string(got) != load {
					t.Errorf("%d bytes of %d, %v", len(got), len(load), err)
				}
				if after := time.Since(begun); after > 2*time.Hour {
					t.Errorf("it took %v", after)
				}
			})
		})
	}
}

// Either side's reset reaches the other one as a reset.
func TestRelayOfResets(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ended := make(chan error, 1)
		p := relay(t, n, func(c net.Conn) {
			b := make([]byte, 1)
			_, _ = io.ReadFull(c, b)
			if b[0] == 'r' {
				_ = c.(interface{ SetLinger(int) error }).SetLinger(0)
				return // closed now
			}
			_, err := c.Read(b)
			ended <- err
		})
		c := relayDial(t, n, p)
		_, _ = io.WriteString(c, "r")
		if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the server reset, and the client got %v", err)
		}
		c = relayDial(t, n, p)
		_, _ = io.WriteString(c, "\x00") // no HTTP, so it is recorded at once
		if _, err := p.View().Conn(2).Wait(t.Context(), timeline.KindBytes); err != nil {
			t.Fatal(err)
		}
		_ = c.(interface{ SetLinger(int) error }).SetLinger(0)
		_ = c.Close()
		if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the client reset, and the server got %v", err)
		}
	})
}
