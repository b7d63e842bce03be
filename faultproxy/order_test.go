package faultproxy_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// told is what a server that says something and then listens has its client read
// through a proxy with rules, from the time of opening on.
func told(t *testing.T, says string, rules []faultproxy.Rule, then func(p *faultproxy.Proxy)) (got string) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, rawServer(t, n, "", func(c net.Conn, _ []byte) {
			io.WriteString(c, says)
			io.Copy(io.Discard, c)
		}))
		p.Add(rules...)
		c, rest := rawDial(t, n, p, "")
		done := make(chan struct{})
		go func() {
			defer close(done)
			all, _ := io.ReadAll(c)
			got = string(rest) + string(all)
		}()
		then(p)
		<-done
	})
	return got
}

var late = faultproxy.Rule{Name: "late", Do: faultproxy.Latency{Delay: time.Second}}

// What arrived before an injection goes out before it, however late.
func TestInjectionsKeepTheirPlaceBehindLatency(t *testing.T) {
	got := told(t, wire(frame.Text("1"))+wire(frame.Text("2")), []faultproxy.Rule{late}, func(p *faultproxy.Proxy) {
		time.Sleep(500 * time.Millisecond)
		if err := p.Conn(1).Inject(frame.Text("injected"), frame.ToClient); err != nil {
			t.Error(err)
		}
		if err := p.Conn(1).SendClose(1012, "restart"); err != nil {
			t.Error(err)
		}
	})
	want := wire(frame.Text("1")) + wire(frame.Text("2")) + wire(frame.Text("injected")) + wire(frame.Close(1012, "restart"))
	if got != want {
		t.Errorf("the client read %q, want %q", got, want)
	}
}

// Nothing follows an injected Close, not even bytes that are no frames.
func TestNothingFollowsAnInjectedClose(t *testing.T) {
	illegal := "\x83\x03abc" // a reserved opcode: not parsed from here on
	bubble(t, func(t *testing.T, n *memnet.Network) {
		var server net.Conn
		opened := make(chan struct{})
		p := faultproxy.InMemory(t, n, rawServer(t, n, "", func(c net.Conn, _ []byte) {
			server = c
			close(opened)
			io.Copy(io.Discard, c)
		}))
		c, _ := rawDial(t, n, p, "")
		<-opened
		time.Sleep(time.Millisecond)
		if err := p.Conn(1).Close(faultproxy.Close{Code: 1012, Other: faultproxy.OtherKeep}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		io.WriteString(server, illegal+wire(frame.Text("after")))
		all, _ := io.ReadAll(c)
		if want := wire(frame.Close(1012, "")); string(all) != want {
			t.Errorf("the client read %q, want %q", all, want)
		}
	})
}

// A Close that cannot be written, since the client does not read, still ends.
func TestCloseTowardAClientThatDoesNotRead(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, rawServer(t, n, "", func(c net.Conn, _ []byte) {
			io.WriteString(c, strings.Repeat(wire(frame.Binary(make([]byte, 1000))), 600))
			io.Copy(io.Discard, c)
		}))
		rawDial(t, n, p, "")
		time.Sleep(time.Second)
		if err := p.Conn(1).SendClose(1012, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if open := p.Conns(); len(open) != 0 {
			t.Errorf("still open 30 s later: %v", open)
		}
	})
}

// What is due at one instant has one order: deliveries that latency held, what
// arrives, and rules of time.
func TestOneInstantOneOrder(t *testing.T) {
	run := func() (text string) {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := (&faultproxy.Proxy{Upstream: echoServer(t, n), Seed: 7}).On(t, n).StartIn(t)
			p.Add(faultproxy.Rule{Do: faultproxy.Latency{Delay: 100 * time.Millisecond}})
			c := gorillaDial(t, n, p)
			go readUntilError(c)
			for range 10 {
				if err := c.WriteMessage(1, []byte("beat")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			text = p.Timeline.CanonicalText()
		})
		return text
	}
	first := run()
	for i := range 300 {
		if again := run(); again != first {
			t.Fatalf("run %d differs:\n%s\nfrom the first:\n%s", i+2, again, first)
		}
	}
}
