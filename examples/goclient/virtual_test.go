package goclient_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/goclient"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
)

// The third form, virtual time: the client's real 3 s, 3 s and 2 s, exact to the
// nanosecond, in a millisecond.
func TestInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t, mute()...)
		go (&goclient.Client{URL: srv.URL, Dialer: srv.Dialer()}).Run(t.Context())
		comesBack(g, srv)

		time.Sleep(time.Hour)
		g.Expect(srv).To(And(HaveConnected(2), HaveLive(1)))
		g.Expect(srv.Conn(2)).To(HaveHeartbeat(ping, Every(3*sec)))
	})
}
