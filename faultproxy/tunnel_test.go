package faultproxy_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// connect asks for a tunnel.
func connect(t *testing.T, c net.Conn, target string) {
	t.Helper()
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n", target)
	head, rest, err := readHTTPHead(c)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 200 ") || len(rest) > 0 {
		t.Fatalf("CONNECT %s: %q, %q, %v", target, head, rest, err)
	}
}

func TestATunnelIsTransparentAndEndsAsItsConnection(t *testing.T) {
	for name, run := range onBothNetworks {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s TLS %v", name, secure), func(t *testing.T) {
				run(t, func(t *testing.T, n network) {
					o := opening{network: n, tls: secure, tunnel: true, behindRequest: "early"}
					r := mathrand.New(mathrand.NewPCG(5, 5))
					ps := o.open(t)
					receives(t, "the server", ps.up, "early")
					ps.mustPass(t, randomStream(r, true), randomStream(r, false), randomly(3, 9000, 0))
					mustEnd(t, ps.p, 1)
					if e := mustFind(t, ps.p, 0, timeline.KindHTTP); e.Field("method") != "CONNECT" || e.Field("target") != "stream.test:443" || e.Field("status") != "200" {
						t.Errorf("the timeline has %v", e)
					}

					ps = o.open(t)
					receives(t, "the server", ps.up, "early")
					reset(ps.client)
					if _, err := io.ReadAll(ps.up); !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("the server got %v, want the client's reset", err)
					}
					for end, want := range map[faultproxy.Ending]error{faultproxy.FIN: nil, faultproxy.RST: syscall.ECONNRESET} {
						ps = o.open(t)
						if err := ps.p.Conn(1).End(faultproxy.End{Client: end}); err != nil {
							t.Fatal(err)
						}
						if _, err := io.ReadAll(ps.down); !errors.Is(err, want) {
							t.Errorf("%v: the client got %v, want %v", end, err, want)
						}
					}
				})
			})
		}
	}
}

// A client with a URL that nobody can change is told of an HTTP proxy.
func TestATunnelLeadsToTheUpstreamWhateverItsHost(t *testing.T) {
	for _, host := range []string{"ws://stream.test/v1", "wss://stream.test/v1", "wss://192.0.2.7:8443/v1", "wss://[2001:db8::1]/v1", "ws://stream.test:8080/v1"} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := (&faultproxy.Proxy{Upstream: echoServer(t, n), TLS: strings.HasPrefix(host, "wss")}).On(t, n).StartIn(t)
			p.Add(faultproxy.IdleTimeout(time.Minute))
			_, address, _ := strings.Cut(p.URL, "//")
			d := websocket.Dialer{NetDialContext: n.DialContext, TLSClientConfig: &tls.Config{RootCAs: p.CertPool()},
				Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: address})}
			c, _, err := d.Dial(host, nil)
			if err != nil {
				t.Fatalf("%s: %v", host, err)
			}
			defer c.Close()
			c.WriteMessage(websocket.TextMessage, []byte("hello"))
			if msgs, err := readUntilError(c); len(msgs) != 1 || msgs[0] != "hello" || closeCode(err) != 1006 {
				t.Errorf("%s: got %q, %v; want the echo and a 1006", host, msgs, err)
			}
			if e := mustFind(t, p, 1, timeline.KindRequest); e.Field("target") != "/v1" {
				t.Errorf("%s: the request is %v", host, e)
			}
		})
	}
}

// With TLS the port takes a tunnel in plain text, and one on TLS; in it come wss and ws.
func TestWhatComesInATunnel(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := (&faultproxy.Proxy{Upstream: echoServer(t, n), TLS: true}).On(t, n).StartIn(t)
		conns := 0
		for _, outer := range []bool{false, true} {
			for _, inner := range []bool{false, true} {
				c := rawConnect(t, n, p)
				secure := func(name string) {
					c = tls.Client(c, &tls.Config{RootCAs: p.CertPool(), ServerName: name})
				}
				if outer {
					secure("localhost")
				}
				connect(t, c, "stream.test:443")
				if inner {
					secure("stream.test")
				}
				io.WriteString(c, upgradeRequest+"\r\n"+masked(frame.Text("hello")))
				head, rest, err := readHTTPHead(c)
				if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
					t.Fatalf("TLS outside %v, inside %v: %q, %v", outer, inner, head, err)
				}
				receives(t, "the client", io.MultiReader(strings.NewReader(string(rest)), c), wire(frame.Text("hello")))
				conns++
				if err := p.Conn(conns).End(faultproxy.End{Client: faultproxy.RST}); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("TLS outside %v, inside %v: the client got %v, want a reset", outer, inner, err)
				}
			}
		}
	})
}

func TestTunnelsThatLeadNowhere(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		plain := (&faultproxy.Proxy{Upstream: echoServer(t, n)}).On(t, n).StartIn(t)
		secure := (&faultproxy.Proxy{Upstream: echoServer(t, n), TLS: true}).On(t, n).StartIn(t)
		for _, c := range []struct {
			p              *faultproxy.Proxy
			target, inside string
			status, why    string
		}{
			{plain, "stream.test", "", "400", `CONNECT "stream.test": want a host and a port`},
			{plain, ":443", "", "400", "want a host and a port"},
			{plain, "stream.test:wss", "", "400", "want a host and a port"},
			{plain, "stream.test:0", "", "400", "want a host and a port"},
			{plain, "a:443", "\x16\x03\x01\x00\x05", "200", "a TLS handshake on a port without TLS: use ws://, or serve wss (in a tunnel to a:443)"},
			{plain, "a:443", "\x01\x02\x03", "200", `not an HTTP request: it begins with "\x01\x02\x03" (in a tunnel to a:443)`},
			{plain, "a:443", "", "200", "closed without a request"},
			{secure, "a:443", "\x16\x03\x01\x00\x05abcde", "200", "TLS handshake: "},
			{secure, "a:443", "", "200", "closed without a request"},
		} {
			from := c.p.Timeline.Last() + 1
			conn := rawConnect(t, n, c.p)
			fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: a\r\n\r\n%s", c.target, c.inside)
			conn.(interface{ CloseWrite() error }).CloseWrite()
			answer, _ := io.ReadAll(conn)
			if !strings.HasPrefix(string(answer), "HTTP/1.1 "+c.status) {
				t.Errorf("%s, %q: the client got %q", c.target, c.inside, answer)
			}
			e, err := c.p.Timeline.WaitFrom(t.Context(), from, timeline.KindMute)
			if err != nil || !strings.Contains(e.Field("error"), c.why) {
				t.Errorf("%s, %q: the timeline says %v, %v; want %s", c.target, c.inside, e, err, c.why)
			}
		}
		late := rawConnect(t, n, secure)
		connect(t, late, "a:443")
		before := time.Now()
		if answer, _ := io.ReadAll(late); time.Since(before).Round(time.Second) != 10*time.Second {
			t.Errorf("after %v a silent tunnel ended with %q, want 10 s", time.Since(before), answer)
		}
	})
}

// A hosts file leads a client to the proxy, which it asks for the name it knows.
func TestNamesOfAHostsFile(t *testing.T) {
	for _, c := range []struct {
		rules []faultproxy.Rule
		want  string
	}{
		{nil, ""},
		{[]faultproxy.Rule{{Do: faultproxy.BadCertificate{Problem: faultproxy.Expired}}}, "has expired"},
		{[]faultproxy.Rule{{Do: faultproxy.BadCertificate{Problem: faultproxy.WrongName}}}, "valid for wrong-name.invalid, not stream.test"},
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := secure(t, n, c.rules...)
			s, err := shakeHands(t, n, p, &tls.Config{RootCAs: p.CertPool(), ServerName: "stream.test"})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("the client got %v, want %q", err, c.want)
			}
			if err == nil && s.ConnectionState().PeerCertificates[0].VerifyHostname("localhost") != nil {
				t.Error("the certificate is not for localhost any more")
			}
		})
	}
}
