package faultproxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// network is what a test runs on: a memnet.Network, or loopback.
type network interface {
	Listen(network, address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

type loopback struct{ net.Dialer }

func (*loopback) Listen(network, address string) (net.Listener, error) {
	return net.Listen(network, address)
}

// passage is a connection through a proxy whose two ends the test holds.
type passage struct {
	p               *faultproxy.Proxy
	client, server  net.Conn
	request, answer string // the heads as they arrived
	up, down        io.Reader
}

// opening says how a passage is opened; its zero value is plain.
type opening struct {
	network                  network
	configure                func(*faultproxy.Proxy)
	rules                    []faultproxy.Rule
	offer, agree             string // the values of Sec-WebSocket-Extensions
	behindRequest, behind101 string // sent in the same write
	tls                      bool   // on both sides
	tunnel                   bool   // to stream.test, by CONNECT
}

func (o opening) open(t *testing.T) *passage {
	t.Helper()
	l, err := o.network.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := &faultproxy.Proxy{Upstream: "ws://" + l.Addr().String(), Dial: o.network.DialContext}
	if p.Listener, err = o.network.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if o.tls {
		p.Upstream = "wss" + strings.TrimPrefix(p.Upstream, "ws")
		p.TLS, p.UpstreamTLS = true, &tls.Config{RootCAs: own.roots}
	}
	if o.configure != nil {
		o.configure(p)
	}
	ps := &passage{p: p.StartIn(t)}
	if len(o.rules) > 0 {
		p.Add(o.rules...)
	}
	ps.connect(t, o, l)
	return ps
}

func (ps *passage) connect(t *testing.T, o opening, upstream net.Listener) {
	t.Helper()
	var err error
	_, address, _ := strings.Cut(ps.p.URL, "://")
	if ps.client, err = o.network.DialContext(context.Background(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ps.client.Close() })
	name := "localhost"
	if o.tunnel {
		name = "stream.test"
		connect(t, ps.client, "stream.test:443")
	}
	if o.tls {
		ps.client = tls.Client(ps.client, &tls.Config{RootCAs: ps.p.CertPool(), ServerName: name})
	}
	io.WriteString(ps.client, upgradeRequest+extensionsLine(o.offer)+"\r\n"+o.behindRequest)
	if ps.server, err = upstream.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ps.server.Close() })
	if o.tls {
		ps.server = tls.Server(ps.server, &tls.Config{Certificates: []tls.Certificate{own.cert}})
	}
	var rest []byte
	if ps.request, rest, err = readHTTPHead(ps.server); err != nil {
		t.Fatalf("the request: %q, %v", ps.request, err)
	}
	ps.up = io.MultiReader(bytes.NewReader(rest), ps.server)
	io.WriteString(ps.server, switching+extensionsLine(o.agree)+"\r\n"+o.behind101)
	if ps.answer, rest, err = readHTTPHead(ps.client); err != nil || !strings.HasPrefix(ps.answer, "HTTP/1.1 101 ") {
		t.Fatalf("the answer: %q, %v", ps.answer, err)
	}
	ps.down = io.MultiReader(bytes.NewReader(rest), ps.client)
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

func extensionsLine(value string) string {
	if value == "" {
		return ""
	}
	return "Sec-WebSocket-Extensions: " + value + "\r\n"
}

// pace says how a stream is cut into writes, and how long to wait between them.
type pace struct {
	cut   func(sent, rest int) int
	pause time.Duration
}

var allAtOnce = pace{cut: func(_, rest int) int { return rest }}

// bytewise writes every byte alone.
func bytewise(pause time.Duration) pace { return pace{func(int, int) int { return 1 }, pause} }

// randomly writes 1 byte to most at a time.
func randomly(seed uint64, most int, pause time.Duration) pace {
	return pace{func(sent, _ int) int { return 1 + rand.New(rand.NewPCG(seed, uint64(sent))).IntN(most) }, pause}
}

func (w pace) send(c net.Conn, data []byte) error {
	for sent := 0; sent < len(data); {
		n := min(w.cut(sent, len(data)-sent), len(data)-sent)
		if _, err := c.Write(data[sent : sent+n]); err != nil {
			return err
		}
		sent += n
		if w.pause > 0 {
			time.Sleep(w.pause)
		}
	}
	return nil
}

// mustPass sends a stream each way at once, each behind it a FIN, and compares what
// arrives.
func (ps *passage) mustPass(t *testing.T, up, down []byte, w pace) {
	t.Helper()
	var wg sync.WaitGroup
	send := func(name string, c net.Conn, data []byte) {
		if err := w.send(c, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Errorf("%s: FIN: %v", name, err)
		}
	}
	receive := func(name string, r io.Reader, want []byte) {
		got, err := io.ReadAll(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sameBytes(t, name, got, want)
	}
	wg.Go(func() { send("the client sends", ps.client, up) })
	wg.Go(func() { send("the server sends", ps.server, down) })
	wg.Go(func() { receive("the server receives", ps.up, up) })
	wg.Go(func() { receive("the client receives", ps.down, down) })
	wg.Wait()
}

func sameBytes(t *testing.T, name string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Errorf("%s %d bytes, want %d; the first difference is at %d: % x, want % x",
		name, len(got), len(want), i, got[i:min(i+16, len(got))], want[i:min(i+16, len(want))])
}

// receives wants exactly this to arrive next.
func receives(t *testing.T, who string, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	if err != nil {
		t.Errorf("%s received %q, %v; want %q", who, got[:n], err, want)
		return
	}
	sameBytes(t, who+" received", got, []byte(want))
}

// receivesEOF wants a FIN to arrive next.
func receivesEOF(t *testing.T, who string, r io.Reader) {
	t.Helper()
	if got, err := io.ReadAll(r); err != nil || len(got) > 0 {
		t.Errorf("%s received %q, %v; want a FIN", who, got, err)
	}
}

func reset(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.(interface{ SetLinger(int) error }).SetLinger(0)
	_ = c.Close()
}
