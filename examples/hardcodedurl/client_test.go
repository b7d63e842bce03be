package hardcodedurl_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/hardcodedurl"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// On loopback: whatever host the client asks for, it is led to the proxy.
func TestLedToAProxy(t *testing.T) {
	g := NewWithT(t)
	srv := fakeserver.Start(t, fakeserver.Script(fakeserver.Send(frame.Text("42"))))
	p := faultproxy.Start(t, srv.URL)
	dials(t, func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, p.Listener.Addr().String())
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	g.Expect(hardcodedurl.First(ctx)).To(Equal("42"))
	g.Expect(p).To(HaveConnected(1))
}

// In virtual time it is simpler still: on a virtual network the name is ours.
func TestOnANetworkWhereTheNameIsOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		network := memnet.New()
		l, err := network.Listen("tcp", "stream.example.com:80")
		g.Expect(err).NotTo(HaveOccurred())
		srv := &fakeserver.Server{Listener: l, Handlers: []fakeserver.Handler{
			fakeserver.Script(fakeserver.Pause(time.Hour), fakeserver.Send(frame.Text("42")))}}
		srv.StartIn(t)
		dials(t, network.DialContext)
		g.Expect(hardcodedurl.First(t.Context())).To(Equal("42"))
		g.Expect(srv.Conn(1).Request().Host).To(Equal("stream.example.com"))
	})
}

func dials(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) {
	before := hardcodedurl.Dialer.NetDialContext
	hardcodedurl.Dialer.NetDialContext = dial
	t.Cleanup(func() { hardcodedurl.Dialer.NetDialContext = before })
}
