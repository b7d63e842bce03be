package faultproxy_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// shutting closes the proxy of a rig and checks how long that took; the bubble's
// end checks that no goroutine is left.
func shutting(t *testing.T, r *rig, atMost time.Duration) {
	t.Helper()
	before := time.Now()
	if err := r.p.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if took := time.Since(before); took > atMost {
		t.Errorf("Close took %v, want at most %v", took, atMost)
	}
}

func TestProxyCloseEndsEveryConnection(t *testing.T) {
	for name, prepare := range map[string]func(r *rig, client, server *side){
		"open":     func(*rig, *side, *side) {},
		"busy":     func(_ *rig, c, s *side) { c.send(frame.Text("x")); s.send(frame.Text("x")) },
		"silenced": func(r *rig, c, s *side) { r.p.Conn(1).Silence(0); c.send(frame.Text("x")); s.closeWrite() },
		"a full silence": func(r *rig, c, s *side) {
			r.p.Conn(1).Silence(0)
			go io.WriteString(c, c.wire(frame.Binary(make([]byte, 8<<20))))
		},
		"latency":        func(r *rig, c, s *side) { r.p.Add(slow); c.send(frame.Text("x")); settle(); c.closeWrite() },
		"late":           func(r *rig, c, s *side) { r.p.Add(tardy); c.send(frame.Text("x")); settle(); c.closeWrite() },
		"stalled server": func(r *rig, c, s *side) { s.deaf(); go io.WriteString(c, c.wire(frame.Binary(make([]byte, 8<<20)))) },
		"stalled client": func(r *rig, c, s *side) { c.deaf(); go io.WriteString(s, s.wire(frame.Binary(make([]byte, 8<<20)))) },
		"half a frame": func(r *rig, c, s *side) {
			c.write(c.wire(frame.Text("whole"))[:8])
			r.p.Conn(1).Inject(frame.Ping(nil), frame.ToServer)
		},
		"half closed": func(r *rig, c, s *side) { c.closeWrite() },
		"closing":     func(r *rig, c, s *side) { r.p.Conn(1).SendClose(1001, "") },
		"lingering":   func(r *rig, c, s *side) { r.p.Conn(1).End(faultproxy.End{Client: faultproxy.FIN}) },
		"in a gap": func(r *rig, c, s *side) {
			r.p.Conn(1).End(faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST, Gap: time.Hour})
		},
		"timers":  func(r *rig, c, s *side) { r.p.Add(faultproxy.IdleTimeout(time.Hour), faultproxy.Lifetime(time.Hour)) },
		"one end": func(r *rig, c, s *side) { r.p.Conn(1).End(faultproxy.End{Client: faultproxy.RST}) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				client, server := r.open()
				prepare(r, client, server)
				client.until(time.Second)
				shutting(t, r, 0)
				r.over(true)
				for _, s := range []*side{client, server} {
					if _, err := s.Write([]byte("x")); err == nil {
						settle()
						if _, err := s.Write([]byte("x")); err == nil {
							t.Errorf("the %s can still write", s.name)
						}
					}
				}
			})
		})
	}
}

var (
	slow  = faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Hour}}
	tardy = faultproxy.Rule{Name: "tardy", On: frame.Any, Do: faultproxy.Late{By: time.Hour}}
)

func TestProxyCloseIsIdempotentAndConcurrent(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		for range 20 {
			r.open()
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { shutting(t, r, 0) })
		}
		all.Wait()
		shutting(t, r, 0)
		if got := r.p.Conns(); len(got) != 0 {
			t.Errorf("still open: %v", got)
		}
		if c, err := n.Dial("tcp", r.p.Listener.Addr().String()); err == nil {
			_ = c.Close()
			t.Error("the listener is still there")
		}
	})
}

func TestProxyCloseBeforeStart(t *testing.T) {
	p := &faultproxy.Proxy{}
	if err := p.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestProxyCloseDuringHandshakes(t *testing.T) {
	for name, rules := range map[string][]faultproxy.Rule{
		"nothing sent":          nil,
		"half a request":        nil,
		"upstream silent":       nil,
		"hanging at accepted":   {{On: faultproxy.Accepted, Do: faultproxy.Hang{}}},
		"hanging at request":    {{On: faultproxy.Requested, Do: faultproxy.Hang{}}},
		"delayed":               {{Do: faultproxy.Delay{By: time.Hour}}},
		"on a path of latency":  {slow},
		"hanging at the answer": {{On: faultproxy.Responded, Do: faultproxy.Hang{}}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(rules...)
				c := rawConnect(t, n, r.p)
				switch name {
				case "nothing sent":
				case "half a request":
					io.WriteString(c, upgradeRequest)
				default:
					io.WriteString(c, upgradeRequest+"\r\n")
				}
				settle()
				if name == "hanging at the answer" {
					s := <-r.accepted
					defer s.Close()
					readHTTPHead(s)
					io.WriteString(s, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
				} else {
					go func() {
						if s, ok := <-r.accepted, true; ok && s != nil {
							defer s.Close()
							io.Copy(io.Discard, s)
						}
					}()
				}
				settle()
				shutting(t, r, 0)
				close(r.accepted)
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Error("the client got an answer")
				}
			})
		})
	}
}

// A connection that opens while the proxy closes is ended too.
func TestProxyCloseRacesWithOpening(t *testing.T) {
	for d := time.Duration(0); d < 14*hop; d += hop {
		t.Run(fmt.Sprint(d), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := faultproxy.InMemory(t, n, echoServer(t, n))
				var all sync.WaitGroup
				for range 10 {
					all.Go(func() {
						if c, _, err := gorillaTry(n, p); err == nil {
							if _, err = readUntilError(c); err == nil {
								t.Error("still open")
							}
							_ = c.Close()
						}
					})
				}
				time.Sleep(d)
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				all.Wait()
			})
		})
	}
}

func TestLinksLeaveNothingBehind(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.IdleTimeout(time.Hour), faultproxy.Lifetime(time.Hour),
			faultproxy.Rule{On: opened, Do: faultproxy.Silence{For: 30 * time.Minute}},
			faultproxy.Rule{On: opened, Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
		client, server := r.open()
		client.reset()
		server.reset()
		settle()
		r.p.Conn(1).Heal()
		r.over(true)
		events := len(r.p.Timeline.Conn(1).Events())
		client.until(3 * time.Hour)
		if late := r.p.Timeline.Conn(1).Events()[events:]; len(late) != 0 {
			t.Errorf("happened after the end: %v", late)
		}
	})
}

// stubborn is a connection whose Close does nothing, so that its link never ends.
type stubborn struct{ net.Conn }

func (stubborn) Close() error { return nil }

type stubbornListener struct {
	net.Listener
	accepted chan net.Conn
}

func (l stubbornListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- c
	}
	return stubborn{c}, err
}

func TestProxyCloseIsBoundedAndSaysWhatItWaitsFor(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		accepted := make(chan net.Conn, 1)
		p := &faultproxy.Proxy{Upstream: r.p.Upstream, Listener: stubbornListener{l, accepted}, Dial: n.DialContext}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		r.p = p
		r.open()
		before := time.Now()
		err = p.Close()
		if took := time.Since(before); took != 5*time.Second {
			t.Errorf("Close took %v, want 5s", took)
		}
		if want := "faultproxy: after 5 s still waiting for connection 1 (1 goroutines)"; fmt.Sprint(err) != want {
			t.Errorf("Close says %v, want %q", err, want)
		}
		_ = (<-accepted).Close()
	})
}

func TestProxyCloseWithATLSClientThatDoesNotRead(t *testing.T) {
	for _, before := range []faultproxy.Ending{faultproxy.Keep, faultproxy.HalfClose} { // its close_notify is stuck too
		t.Run(before.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := &faultproxy.Proxy{TLS: true, Upstream: rawServer(t, n, "", func(c net.Conn, _ []byte) {
					for big := []byte(wire(frame.Binary(make([]byte, 64<<10)))); ; {
						if _, err := c.Write(big); err != nil {
							return
						}
					}
				})}
				p.On(t, n).StartIn(t)
				raw, err := n.Dial("tcp", p.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer raw.Close()
				c := tls.Client(raw, &tls.Config{RootCAs: p.CertPool(), ServerName: "127.0.0.1"})
				io.WriteString(c, upgradeRequest+"\r\n")
				time.Sleep(time.Second)
				if before != faultproxy.Keep {
					if err := p.Conn(1).End(faultproxy.End{Client: before}); err != nil {
						t.Fatal(err)
					}
					settle()
				}
				start := time.Now()
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("Close took %v; a close_notify may take a second", took)
				}
			})
		})
	}
}
