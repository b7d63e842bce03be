package faultproxy_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// secure is a proxy with TLS; its upstream need not be there.
func secure(t *testing.T, n network, rules ...faultproxy.Rule) *faultproxy.Proxy {
	t.Helper()
	l, err := n.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := (&faultproxy.Proxy{Upstream: "ws://nobody.test:1", TLS: true, Listener: l, Dial: n.DialContext}).StartIn(t)
	p.Add(rules...)
	return p
}

// shakeHands does a TLS handshake with a proxy.
func shakeHands(t *testing.T, n network, p *faultproxy.Proxy, cfg *tls.Config) (*tls.Conn, error) {
	t.Helper()
	c, err := n.DialContext(context.Background(), "tcp", strings.TrimPrefix(p.URL, "wss://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := tls.Client(c, cfg)
	return s, s.Handshake()
}

// muteBy waits for a connection that ended without a request, by a rule.
func muteBy(t *testing.T, p *faultproxy.Proxy, rule, text string) {
	t.Helper()
	e, err := p.Timeline.Wait(t.Context(), timeline.KindMute)
	if err != nil || e.Rule != rule || !strings.Contains(e.Field("error"), text) {
		t.Errorf("the timeline has %v by %q, %v; want %q", e, e.Rule, err, text)
	}
}

func TestBadCertificates(t *testing.T) {
	for name, run := range onBothNetworks {
		for problem, want := range map[faultproxy.CertificateProblem]string{
			faultproxy.Expired:   "certificate has expired",
			faultproxy.WrongName: "certificate is valid for wrong-name.invalid, not localhost",
			faultproxy.Untrusted: "certificate signed by unknown authority",
		} {
			t.Run(name+" "+problem.String(), func(t *testing.T) {
				run(t, func(t *testing.T, n network) {
					p := secure(t, n, faultproxy.Rule{Name: "cert", Do: faultproxy.BadCertificate{Problem: problem}, Times: 2, Expect: faultproxy.Fired})
					good := &tls.Config{RootCAs: p.CertPool(), ServerName: "localhost"}
					if _, err := shakeHands(t, n, p, good); err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("the client got %v, want %q", err, want)
					}
					muteBy(t, p, "cert", "TLS handshake: remote error")
					if _, err := shakeHands(t, n, p, &tls.Config{InsecureSkipVerify: true}); err != nil {
						t.Errorf("a client that verifies nothing got %v", err)
					}
					if _, err := shakeHands(t, n, p, good); err != nil {
						t.Errorf("when the rule is spent the client got %v", err)
					}
					if e := mustFind(t, p, 0, timeline.KindFault); e.Field("does") != "bad-certificate "+problem.String() || fired(p, "cert") != 2 {
						t.Errorf("the timeline has %v, the rule fired %d times", e, fired(p, "cert"))
					}
				})
			})
		}
	}
}

func TestCutTLSHandshakes(t *testing.T) {
	for name, run := range onBothNetworks {
		for _, c := range []struct {
			do   faultproxy.CutTLS
			want error
		}{
			{faultproxy.CutTLS{}, io.EOF},
			{faultproxy.CutTLS{How: faultproxy.HalfClose}, io.EOF},
			{faultproxy.CutTLS{How: faultproxy.FullClose}, io.EOF},
			{faultproxy.CutTLS{How: faultproxy.RST}, syscall.ECONNRESET},
			{faultproxy.CutTLS{After: 4}, io.ErrUnexpectedEOF},
			{faultproxy.CutTLS{After: 400, How: faultproxy.FullClose}, io.ErrUnexpectedEOF},
		} {
			t.Run(name+" "+c.do.String(), func(t *testing.T) {
				run(t, func(t *testing.T, n network) {
					p := secure(t, n, faultproxy.Rule{Name: "cut", Do: c.do, Times: 1, Expect: faultproxy.Fired})
					good := &tls.Config{RootCAs: p.CertPool(), ServerName: "localhost"}
					client, err := shakeHands(t, n, p, good)
					if !errors.Is(err, c.want) {
						t.Errorf("the client got %v, want %v", err, c.want)
					}
					_ = client.Close()
					muteBy(t, p, "cut", "TLS handshake: cut with "+strings.TrimPrefix(c.do.String(), "cut-tls with "))
					if _, err := shakeHands(t, n, p, good); err != nil {
						t.Errorf("when the rule is spent the client got %v", err)
					}
				})
			})
		}
	}
}

func TestCutTLSBehindTheWholeHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := secure(t, n, faultproxy.Rule{Do: faultproxy.CutTLS{After: 1 << 20}})
		c, err := shakeHands(t, n, p, &tls.Config{RootCAs: p.CertPool(), ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("behind the handshake the client got %v", err)
		}
	})
}

// counted is a network that counts what its first dialled connection reads.
type counted struct {
	network
	first *countedConn
}

func (n *counted) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := n.network.DialContext(ctx, network, address)
	if n.first == nil && err == nil {
		n.first = &countedConn{Conn: c}
		return n.first, nil
	}
	return c, err
}

type countedConn struct {
	net.Conn
	n int
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n += n
	return n, err
}

// Go takes an end at the boundary of a record for an end either way, so this counts
// the bytes below TLS: a close_notify is a record of 24 bytes.
func TestEndsWithoutCloseNotify(t *testing.T) {
	for name, run := range onBothNetworks {
		for _, how := range []faultproxy.Ending{faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose} {
			for _, abrupt := range []bool{false, true} {
				t.Run(name+" "+(faultproxy.End{Client: how, NoCloseNotify: abrupt}).String(), func(t *testing.T) {
					run(t, func(t *testing.T, n network) {
						below := &counted{network: n}
						ps := opening{network: below, tls: true}.open(t)
						io.WriteString(ps.server, wire(frame.Text("before")))
						receives(t, "the client", ps.down, wire(frame.Text("before")))
						before := below.first.n
						if err := ps.p.Conn(1).End(faultproxy.End{Client: how, Server: how, NoCloseNotify: abrupt}); err != nil {
							t.Fatal(err)
						}
						receivesEOF(t, "the client", ps.down)
						receivesEOF(t, "the server", ps.up)
						if got := below.first.n - before; (got == 0) != abrupt || got != 0 && got != 24 {
							t.Errorf("%d bytes came before the FIN", got)
						}
					})
				})
			}
		}
	}
}

func TestTLSFaultsNeedTLS(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		mine := &tls.Config{Certificates: []tls.Certificate{own.cert}}
		abrupt := faultproxy.End{Client: faultproxy.FIN, NoCloseNotify: true}
		for _, c := range []struct {
			rule     faultproxy.Rule
			tls      bool
			config   *tls.Config
			upstream string
			want     string // "": it can be done
		}{
			{faultproxy.Rule{Do: faultproxy.BadCertificate{}}, false, nil, "ws://a", `rule "bad-certificate": "bad-certificate expired": it needs TLS, and this proxy serves none: set TLS`},
			{faultproxy.Rule{Do: faultproxy.CutTLS{}}, false, nil, "ws://a", "it needs TLS"},
			{faultproxy.Rule{On: opened, Do: abrupt}, false, nil, "ws://a", "neither side of this proxy has TLS"},
			{faultproxy.Rule{Do: faultproxy.Limit{End: abrupt}}, false, nil, "ws://a", "neither side of this proxy has TLS"},
			{faultproxy.Rule{Do: faultproxy.BadCertificate{}}, false, mine, "ws://a", "only untrusted is possible"},
			{faultproxy.Rule{Do: faultproxy.BadCertificate{Problem: faultproxy.Untrusted}}, false, mine, "ws://a", ""},
			{faultproxy.Rule{Do: faultproxy.BadCertificate{}}, true, nil, "ws://a", ""},
			{faultproxy.Rule{On: opened, Do: abrupt}, false, nil, "wss://a", ""},
		} {
			for _, before := range []bool{true, false} {
				p := (&faultproxy.Proxy{Upstream: c.upstream, TLS: c.tls, TLSConfig: c.config}).On(t, n)
				if before {
					if err := p.Add(c.rule); err != nil {
						t.Fatalf("%v before the start: %v", c.rule, err)
					}
				}
				err := p.Start()
				if !before {
					err = errors.Join(err, p.Add(c.rule))
				}
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, added before the start: %v: %v, want %q", c.rule, before, err, c.want)
				}
				_ = p.Close()
			}
		}
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		gorillaDial(t, n, p)
		if err := p.Conn(1).End(faultproxy.End{Client: faultproxy.FIN, NoCloseNotify: true}); err == nil || !strings.Contains(err.Error(), "neither side") {
			t.Errorf("a caller got %v", err)
		}
	})
}
