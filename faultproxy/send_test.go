package faultproxy_test

import (
	"crypto/tls"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

const sendBuffer = 256 << 10 // of memnet

// stalling sends a frame that is larger than all sockets and the proxy hold, in each
// direction, to a peer that does not read.
func stalling(t *testing.T, b faultproxy.Behavior, f func(t *testing.T, r *rig, dir frame.Direction, from, to *side)) {
	t.Helper()
	b.Name = "box"
	both(t, func(p *faultproxy.Proxy) { p.Behave(b) }, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		to.deaf()
		from.until(10 * time.Second)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = from.Write([]byte(from.wire(frame.Binary(make([]byte, 4*sendBuffer)))))
		}()
		f(t, r, dir, from, to)
		_ = from.Close()
		_ = to.Close()
		<-sent
		r.over(true)
	})
}

func TestSendTimeoutEndsWhatAPeerDoesNotTake(t *testing.T) {
	stalling(t, faultproxy.Behavior{SendTimeout: 2 * time.Second}, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.until(time.Minute)
		for _, e := range r.p.Timeline.Events() {
			if e.Kind == closedKind && (e.At < 12*time.Second || e.At > 12*time.Second+50*hop) {
				t.Errorf("closed at %v, want 12s", e.At)
			}
		}
		r.tells("fault", "fault box "+dir.String())
		r.tells("closed", "closed box to-server", "closed box to-client")
		// An RST where bytes were left unread at the close(2), as on TCP: the proxy reads and
		// discards from when the other side is closed, a moment before.
		if got := from.words(); !slices.Equal(got, []string{"rst"}) && !slices.Equal(got, []string{"fin"}) {
			t.Errorf("%s received %q, want its end alone", from.name, got)
		}
		to.listen()
		to.until(2 * time.Minute)
		to.mu.Lock()
		defer to.mu.Unlock()
		if len(to.raw) < sendBuffer || len(to.raw) > 2*sendBuffer {
			t.Errorf("the peer then reads %d bytes, want what its socket held", len(to.raw))
		}
	})
}

func TestSendTimeoutEndsAsItIsTold(t *testing.T) {
	end := faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}
	stalling(t, faultproxy.Behavior{SendTimeout: 2 * time.Second, SendEnd: end}, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.until(time.Minute)
		from.wants(line(12*time.Second+4*hop, "rst"))
		r.tells("rst", "rst box to-server left", "rst box to-client left")
	})
}

// A peer that takes a little now and then is slow, not stalled: the time counts from
// the last byte it took.
func TestSendTimeoutCountsFromTheLastByteTaken(t *testing.T) {
	stalling(t, faultproxy.Behavior{SendTimeout: 2 * time.Second}, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		for i := range 20 {
			from.until(time.Duration(10000+1900*i) * time.Millisecond)
			if _, err := to.Read(make([]byte, 1)); err != nil {
				t.Fatalf("byte %d at %v: %v", i, to.now(), err)
			}
		}
		last := to.now()
		from.until(2 * time.Minute)
		if e := mustFind(t, r.p, 1, closedKind); e.At-mustFind(t, r.p, 1, opened).At-last > 2*time.Second+4*hop || e.At-last < 2*time.Second {
			t.Errorf("closed %v after the last byte was taken, want 2s", e.At-last)
		}
	})
}

func TestSendTimeoutLeavesWhatFlowsAlone(t *testing.T) {
	both(t, func(p *faultproxy.Proxy) { p.Behave(faultproxy.Behavior{SendTimeout: time.Second}) }, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		big := frame.Binary(make([]byte, 3*sendBuffer))
		from.send(big, frame.Text("a"))
		from.until(time.Hour)
		from.send(big)
		to.says(big.String(), `text "a"`, big.String())
		r.tells("fault closed")
	})
}

// What a rule holds waits for the rule, not for the peer.
func TestSendTimeoutDoesNotCountWhatARuleHolds(t *testing.T) {
	both(t, func(p *faultproxy.Proxy) { p.Behave(faultproxy.Behavior{SendTimeout: time.Second}) }, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Silence(dir)
		from.send(frame.Text("a"))
		from.until(time.Hour)
		r.p.Conn(1).Heal()
		to.says(`text "a"`)
	})
}

// The end of a side acts on a write that is stuck, whoever comes first.
func TestEndsActOnAWriteUnderASendTimeout(t *testing.T) {
	for _, how := range []faultproxy.Ending{faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST} {
		stalling(t, faultproxy.Behavior{SendTimeout: time.Minute}, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
			from.until(20 * time.Second)
			r.p.Conn(1).End(faultproxy.End{Client: how, Server: how})
			from.until(2 * time.Minute)
			for _, e := range r.p.Timeline.Events() {
				if e.Rule == "box" {
					t.Errorf("%v: the send timeout acted at %v", how, e.At)
				}
			}
		})
	}
}

// On TLS a peer must take 16 KiB in that time.
func TestSendTimeoutOnTLS(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, func(p *faultproxy.Proxy) {
			p.TLS = true
			p.Behave(faultproxy.Behavior{Name: "box", SendTimeout: 2 * time.Second})
		})
		c, err := n.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.p.URL, "wss://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		client := tls.Client(c, &tls.Config{RootCAs: r.p.CertPool(), ServerName: "127.0.0.1"})
		io.WriteString(client, upgradeRequest+"\r\n")
		server := <-r.accepted
		defer server.Close()
		if _, _, err := readHTTPHead(server); err != nil {
			t.Fatal(err)
		}
		io.WriteString(server, switching+"\r\n")
		if head, _, err := readHTTPHead(client); err != nil {
			t.Fatalf("%q, %v", head, err)
		}
		start := time.Now()
		for err == nil {
			_, err = server.Write([]byte(wire(frame.Binary(make([]byte, sendBuffer)))))
		}
		if !isResetError(err) || time.Since(start).Round(time.Millisecond) != 2*time.Second {
			t.Errorf("the server's write: %v after %v, want a reset after 2s", err, time.Since(start))
		}
		time.Sleep(2 * time.Second) // for the close_notify, which is stuck too
		r.over(true)
	})
}
