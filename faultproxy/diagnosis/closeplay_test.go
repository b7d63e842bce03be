package diagnosis_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// play lets the kit play a case in virtual time and returns what it derives from
// its own recording. The client does what the measured one did.
func (s sample) play(t *testing.T) (r diagnosis.Report) {
	client, err := diagnosis.ParseClientKind(s.Client)
	if err != nil {
		t.Fatal(err)
	}
	a := diagnosis.Analyzer{Client: client}
	synctest.Test(t, func(t *testing.T) {
		switch {
		case strings.HasSuffix(s.Case, "_before_101"):
			r = a.Diagnose(s.beforeAnswer(t), 1)
		case s.Case == "rst_on_accept":
			r = first(t, a.Mute(s.refused(t)))
		case s.Case == "hs_tls_selfsigned":
			r = first(t, a.Mute(s.untrusted(t)))
		default:
			r = a.Diagnose(s.proxied(t), 1)
		}
	})
	return r
}

func first(t *testing.T, reports []diagnosis.Report) diagnosis.Report {
	t.Helper()
	if len(reports) != 1 {
		t.Fatalf("%d connections without a request, want one", len(reports))
	}
	return reports[0]
}

// proxied plays the case with both ends on raw TCP and the proxy between them.
func (s sample) proxied(t *testing.T) diagnosis.Events {
	network := memnet.New()
	listener, err := network.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := faultproxy.InMemory(t, network, "ws://"+listener.Addr().String())
	if how, ok := strings.CutSuffix(s.Case, "_mid_101"); ok {
		p.Add(faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.Cut{After: 40, How: cuts[how]}})
	}
	client := dialRaw(t, network, p.URL)
	write(t, client, s.request())
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	if _, err := http.ReadRequest(bufio.NewReader(server)); err != nil {
		t.Fatal(err)
	}
	go drain(server)
	go drain(client)
	if s.Case == "hs_bytewise_101" {
		for _, b := range []byte(s.answer()) {
			write(t, server, string(b))
			time.Sleep(time.Microsecond)
		}
	} else {
		write(t, server, s.answer())
	}
	opened := time.Now()
	for _, a := range s.acts() {
		time.Sleep(time.Until(opened.Add(a.at)))
		end := server
		if a.byClient {
			end = client
		}
		a.do(end)
		synctest.Wait()
	}
	time.Sleep(s.watched())
	p.Timeline.Note("watched until here")
	events := diagnosis.Events(p.Timeline.Events())
	_ = listener.Close()
	return events
}

// cuts are the ends within the 101.
var cuts = map[string]faultproxy.Ending{"fin": faultproxy.HalfClose, "close": faultproxy.FullClose, "rst": faultproxy.RST}

// watched is how long the recording goes on behind the last act. ws waits for 30 s
// for a FIN that does not come.
func (s sample) watched() time.Duration {
	if s.Client == diagnosis.NodeWS.String() && s.Code != nil {
		return 31 * sec
	}
	return sec
}

// do carries out an act. The other end may be gone by now.
func (a act) do(c net.Conn) {
	tcp := c.(*memnet.Conn)
	switch a.end {
	case "":
		_, _ = c.Write(a.bytes)
	case "fin":
		_ = tcp.CloseWrite()
	case "close":
		_ = c.Close()
	case "rst":
		_ = tcp.SetLinger(0)
		_ = c.Close()
	}
}

// beforeAnswer plays the ends before the 101, which a proxy would hide behind a
// 502, with the server alone.
func (s sample) beforeAnswer(t *testing.T) diagnosis.Events {
	how := map[string]fakeserver.HandshakeStep{
		"fin": fakeserver.HalfClose(), "close": fakeserver.Fin(), "rst": fakeserver.Reset(),
	}[strings.TrimSuffix(s.Case, "_before_101")]
	srv := fakeserver.InMemory(t, fakeserver.Handshake(how))
	client := dialRaw(t, srv.Network(), srv.URL)
	write(t, client, s.request())
	drain(client)
	_ = client.Close()
	synctest.Wait()
	return diagnosis.Events(srv.Timeline.Events())
}

// refused plays a reset at accept.
func (s sample) refused(t *testing.T) diagnosis.Events {
	network := memnet.New()
	p := faultproxy.InMemory(t, network, "ws://nobody.test:1")
	p.Add(faultproxy.Rule{Do: faultproxy.Refuse{}})
	drain(dialRaw(t, network, p.URL))
	return diagnosis.Events(p.Timeline.Events())
}

// untrusted plays a client that does not trust the certificate.
func (s sample) untrusted(t *testing.T) diagnosis.Events {
	network := memnet.New()
	p := (&faultproxy.Proxy{Upstream: "ws://nobody.test:1", TLS: true}).On(t, network).StartIn(t)
	raw := dialRaw(t, network, p.URL)
	_ = tls.Client(raw, &tls.Config{ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()}).Handshake()
	_ = raw.Close()
	synctest.Wait()
	return diagnosis.Events(p.Timeline.Events())
}

func dialRaw(t *testing.T, network *memnet.Network, url string) net.Conn {
	t.Helper()
	_, address, _ := strings.Cut(url, "://")
	c, err := network.DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// drain reads until the end.
func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
