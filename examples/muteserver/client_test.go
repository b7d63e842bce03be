package muteserver_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/muteserver"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// The server answers three pings and then swallows everything, its socket open. Without
// the deadline the client waits for ever:
//
//	The client did not notice the silence on connection 1 for 9m30s, expected it to within 25s.
func TestAMuteServerIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t,
			fakeserver.Script(fakeserver.WaitFor(heartbeat.Protocol().Beats()).Times(3), fakeserver.GoDark()),
			fakeserver.Echo)
		go muteserver.Run(t.Context(), srv.Dialer(), srv.URL)

		time.Sleep(10 * time.Minute)
		g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(25 * time.Second))
		g.Expect(srv).To(HaveReconnectedWithin(time.Second))
		g.Expect(srv).To(And(HaveConnected(2), HaveLive(1)))
	})
}
