package faultproxy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// own is a certificate of the tests' own, valid in virtual time (which starts in
// 2000) and in ours, and the pool that trusts it.
var own = func() (o struct {
	cert  tls.Certificate
	roots *x509.CertPool
}) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"upstream.test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	o.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	o.roots = x509.NewCertPool()
	o.roots.AddCert(leaf)
	return o
}()

func TestTLSOnBothSidesIsTransparent(t *testing.T) {
	for name, run := range onBothNetworks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, n network) {
				for _, c := range idleRules {
					r := mathrand.New(mathrand.NewPCG(5, 5))
					early := string(shortStream(true))
					ps := opening{network: n, rules: c.rules, tls: true, behindRequest: early, behind101: early}.open(t)
					receives(t, "the server", ps.up, early)
					receives(t, "the client", ps.down, early)
					ps.mustPass(t, randomStream(r, true), randomStream(r, false), randomly(3, 9000, 0))
					mustEnd(t, ps.p, 1)
				}
			})
		})
	}
}

func TestSecureClientsTalkToASecureUpstreamInVirtualTime(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		url := echoServer(t, n)
		inner := (&faultproxy.Proxy{Upstream: url, TLS: true}).On(t, n).StartIn(t)
		outer := (&faultproxy.Proxy{Upstream: inner.URL, TLS: true, UpstreamTLS: &tls.Config{RootCAs: inner.CertPool()}}).On(t, n).StartIn(t)
		outer.Add(faultproxy.IdleTimeout(60 * time.Second))
		d := websocket.Dialer{NetDialContext: n.DialContext, TLSClientConfig: &tls.Config{RootCAs: outer.CertPool()}, EnableCompression: true}
		c, _, err := d.Dial(outer.URL, nil)
		if err != nil || !strings.HasPrefix(outer.URL, "wss://") {
			t.Fatalf("%s: %v", outer.URL, err)
		}
		defer c.Close()
		start := time.Now()
		c.WriteMessage(websocket.TextMessage, []byte("hello"))
		msgs, err := readUntilError(c)
		if len(msgs) != 1 || msgs[0] != "hello" || closeCode(err) != 1006 {
			t.Errorf("got %q, %v; want the echo and a 1006", msgs, err)
		}
		if took := time.Since(start).Truncate(time.Millisecond); took != 60*time.Second {
			t.Errorf("the idle timeout came after %v", took)
		}
	})
}

func TestCertificatesThatAreNotTrusted(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{own.cert}}, ErrorLog: log.New(io.Discard, "", 0)}
		go srv.ServeTLS(l, "", "")
		defer srv.Close()
		p := faultproxy.InMemory(t, n, "wss://"+l.Addr().String())
		for name, request := range map[string]string{"upgrade": upgradeRequest + "\r\n", "plain": "GET / HTTP/1.1\r\nHost: a\r\n\r\n"} {
			got := get(t, n, p, request)
			if !strings.HasPrefix(got, "HTTP/1.1 502 ") || !strings.Contains(got, "certificate signed by unknown authority") {
				t.Errorf("%s: the client got %q", name, got)
			}
		}
		if e := mustFind(t, p, 1, timeline.KindError); !strings.Contains(e.Field("error"), "TLS handshake with "+l.Addr().String()) {
			t.Errorf("the timeline says %v", e)
		}

		secure := (&faultproxy.Proxy{Upstream: "ws://nobody.test:1", TLS: true}).On(t, n).StartIn(t)
		d := websocket.Dialer{NetDialContext: n.DialContext, TLSClientConfig: &tls.Config{RootCAs: own.roots}}
		if _, _, err := d.Dial(secure.URL, nil); err == nil || !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("the client got %v", err)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if e := mustFind(t, secure, 0, timeline.KindMute); !strings.Contains(e.Field("error"), "TLS handshake: remote error: tls: bad certificate") {
			t.Errorf("the timeline says %v", e)
		}
	})
}

// Every end of a side, as a TLS client sees it.
func TestEndsOnTLS(t *testing.T) {
	for name, run := range onBothNetworks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, n network) {
				for _, c := range []struct {
					end  faultproxy.Ending
					want error // nil: a FIN behind a close_notify
				}{
					{faultproxy.HalfClose, nil},
					{faultproxy.FIN, nil},
					{faultproxy.FullClose, nil},
					{faultproxy.RST, syscall.ECONNRESET},
				} {
					ps := opening{network: n, tls: true}.open(t)
					io.WriteString(ps.server, wire(frame.Text("before")))
					receives(t, "the client", ps.down, wire(frame.Text("before")))
					if err := ps.p.Conn(1).End(faultproxy.End{Client: c.end}); err != nil {
						t.Fatal(err)
					}
					_, err := io.ReadAll(ps.down)
					if !errors.Is(err, c.want) {
						t.Errorf("%v: the client got %v, want %v", c.end, err, c.want)
					}
					// Behind the close_notify TCP ends too.
					if _, err := ps.client.(*tls.Conn).NetConn().Read(make([]byte, 1)); err == nil {
						t.Errorf("%v: TCP lives on", c.end)
					}
					if c.end == faultproxy.HalfClose {
						io.WriteString(ps.client, "still")
						receives(t, "the server", ps.up, "still")
					}
				}
			})
		})
	}
}

func TestEndsOfTLSPeersPass(t *testing.T) {
	for name, run := range onBothNetworks {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, n network) {
				ps := opening{network: n, tls: true}.open(t)
				io.WriteString(ps.client, "bye")
				ps.client.(*tls.Conn).CloseWrite() // a close_notify without a FIN
				receives(t, "the server", ps.up, "bye")
				receivesEOF(t, "the server", ps.up)
				io.WriteString(ps.server, "still here")
				receives(t, "the client", ps.down, "still here")
				ps.server.(*tls.Conn).NetConn().Close() // a FIN without a close_notify
				receivesEOF(t, "the client", ps.down)
				mustEnd(t, ps.p, 1)

				ps = opening{network: n, tls: true}.open(t)
				io.WriteString(ps.client, "bye")
				receives(t, "the server", ps.up, "bye")
				reset(ps.client)
				if _, err := io.ReadAll(ps.up); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the server got %v, want a reset", err)
				}
			})
		})
	}
}

func TestALPNOffersHTTP1Alone(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		var offered []string
		var name string
		l, err := n.Listen("tcp", "upstream.test:443")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			tls.Server(c, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				offered, name = h.SupportedProtos, h.ServerName
				return &tls.Config{Certificates: []tls.Certificate{own.cert}}, nil
			}}).Handshake()
		}()
		p := (&faultproxy.Proxy{Upstream: "wss://upstream.test/x", TLS: true, UpstreamTLS: &tls.Config{RootCAs: own.roots, NextProtos: []string{"h2"}}}).On(t, n).StartIn(t)
		dial := func(protos ...string) (*tls.Conn, error) {
			c, err := n.DialContext(context.Background(), "tcp", strings.TrimPrefix(p.URL, "wss://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			s := tls.Client(c, &tls.Config{RootCAs: p.CertPool(), ServerName: "localhost", NextProtos: protos})
			return s, s.Handshake()
		}
		c, err := dial("h2", "http/1.1")
		if err != nil || c.ConnectionState().NegotiatedProtocol != "http/1.1" {
			t.Fatalf("negotiated %q, %v; want http/1.1", c.ConnectionState().NegotiatedProtocol, err)
		}
		io.WriteString(c, upgradeRequest+"\r\n")
		io.ReadAll(c)
		if len(offered) != 1 || offered[0] != "http/1.1" || name != "upstream.test" {
			t.Errorf("the upstream was offered %q for %q", offered, name)
		}
		if _, err := dial("h2"); err == nil {
			t.Error("a client that wants HTTP/2 alone got in")
		}
		time.Sleep(time.Millisecond)
		if e := mustFind(t, p, 0, timeline.KindMute); !strings.Contains(e.Field("error"), "application protocol") {
			t.Errorf("the timeline says %v", e)
		}
	})
}

func TestPlainHTTPOnAPortWithTLSIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		var proto string
		p := (&faultproxy.Proxy{TLS: true, Upstream: httpServer(t, n, func(_ http.ResponseWriter, r *http.Request) {
			proto = r.Header.Get("X-Forwarded-Proto")
		})}).On(t, n).StartIn(t)
		p.URL = strings.Replace(p.URL, "wss", "ws", 1) // what a user got wrong
		got := get(t, n, p, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, "use wss:// or https://") {
			t.Errorf("got %q", got)
		}
		if e := mustFind(t, p, 0, timeline.KindMute); !strings.Contains(e.Field("error"), "plain HTTP on a port with TLS") {
			t.Errorf("the timeline says %v", e)
		}
		client := http.Client{Transport: &http.Transport{DialContext: n.DialContext, TLSClientConfig: &tls.Config{RootCAs: p.CertPool()}}}
		resp, err := client.Get("https" + strings.TrimPrefix(p.URL, "ws"))
		if err != nil || resp.StatusCode != 200 || proto != "https" {
			t.Errorf("%v, %v, X-Forwarded-Proto %q; want 200 and https", resp, err, proto)
		}
	})
}

func TestTheAuthorityOfAProxy(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := (&faultproxy.Proxy{Upstream: "ws://a", TLS: true}).On(t, n).StartIn(t)
		block, _ := pem.Decode(p.AuthorityPEM())
		if block == nil || block.Type != "CERTIFICATE" {
			t.Fatalf("not a PEM certificate: %q", p.AuthorityPEM())
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !ca.IsCA {
			t.Fatalf("%v, %v", ca, err)
		}
		mine := &tls.Config{Certificates: []tls.Certificate{own.cert}}
		brought := (&faultproxy.Proxy{Upstream: "ws://a", TLSConfig: mine}).On(t, n).StartIn(t)
		plain := faultproxy.InMemory(t, n, "ws://a")
		if brought.CertPool() != nil || brought.AuthorityPEM() != nil || plain.CertPool() != nil || plain.AuthorityPEM() != nil {
			t.Error("a proxy that made no certificate has an authority")
		}
		if len(mine.NextProtos) > 0 {
			t.Error("the user's TLS configuration was changed")
		}
		if !strings.HasPrefix(brought.URL, "wss://") {
			t.Errorf("a TLSConfig alone gives %s", brought.URL)
		}
	})
}
