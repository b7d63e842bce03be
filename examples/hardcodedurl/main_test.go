package main

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

var price = fakeserver.Script(fakeserver.Pause(50*time.Millisecond), fakeserver.Send(frame.Text("42")))

// The program as it is, told of an HTTP proxy by its environment. The proxy sees the
// frames, since the tunnel's TLS ends in it.
func TestToldOfAnHTTPProxy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED here: Go takes SSL_CERT_FILE on Linux and the BSDs; elsewhere trust is the system's")
	}
	g := NewWithT(t)
	srv := fakeserver.Start(t, price)
	p := (&faultproxy.Proxy{Upstream: srv.URL, TLS: true}).StartIn(t)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	g.Expect(os.WriteFile(authority, p.AuthorityPEM(), 0o600)).To(Succeed())

	resilience.Start(t, p, resilience.Command("go", "run", ".").
		Env("HTTPS_PROXY=http://{host}", "SSL_CERT_FILE="+authority))
	g.Eventually(p, 30*time.Second).Should(HaveReceived(frame.Text("42")))
	g.Expect(p).To(HaveConnected(1))
}

// In virtual time: the name is the network's own, and an hour takes no time.
func TestOnANetworkWhereTheNameIsOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		network := memnet.New()
		l, err := network.Listen("tcp", "stream.example.com:443")
		g.Expect(err).NotTo(HaveOccurred())
		srv := &fakeserver.Server{Listener: l, TLS: true, Handlers: []fakeserver.Handler{
			fakeserver.Script(fakeserver.Pause(time.Hour), fakeserver.Send(frame.Text("42")))}}
		srv.StartIn(t)
		lead(t, &websocket.Dialer{NetDialContext: network.DialContext, TLSClientConfig: &tls.Config{RootCAs: srv.CertPool()}})
		g.Expect(first(t.Context())).To(Equal("42"))
		g.Expect(srv.Conn(1).Request().Host).To(Equal("stream.example.com"))
	})
}

// lead gives the client another dialer, for the time of the test.
func lead(t *testing.T, d *websocket.Dialer) {
	before := websocket.DefaultDialer
	websocket.DefaultDialer = d
	t.Cleanup(func() { websocket.DefaultDialer = before })
}
