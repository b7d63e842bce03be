package laptopsleep_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/laptopsleep"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// A night of eight hours: both directions fall silent, and dials hang as if every SYN
// were lost; in the morning the first attempt is accepted and not answered. Without
// dialWithin the client waits for that answer for ever:
//
//	The client connected 0 times since a note "awake", expected once.
func TestBackAfterTheLidOpens(t *testing.T) {
	const night = 8 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t)
		p := faultproxy.InMemory(t, srv.Network(), srv.URL)
		dialer := &websocket.Dialer{NetDialContext: srv.Network().DialContext} // srv.Dialer gives up by itself after 45 s
		go laptopsleep.Run(t.Context(), dialer, p.URL)
		time.Sleep(time.Minute)
		g.Expect(p).To(HaveLive(1))

		g.Expect(p.Add(
			faultproxy.Rule{Name: "asleep", On: faultproxy.At(0).Present(), Do: faultproxy.Silence{For: night}, Expect: faultproxy.Fired},
			faultproxy.Rule{Name: "no answer yet", On: faultproxy.Requested, After: night, Times: 1, Do: faultproxy.Hang{}, Expect: faultproxy.Fired},
			faultproxy.Rule{Name: "no network", On: faultproxy.At(0), Do: faultproxy.Down{Hang: true, For: night}, Expect: faultproxy.Fired},
		)).To(Succeed())
		time.Sleep(night)
		awake := p.Mark("awake")
		time.Sleep(time.Minute)
		g.Expect(p.Conn(1)).To(HaveDetectedSilenceWithin(25 * time.Second))
		g.Expect(awake).To(HaveConnected(1))
		g.Expect(p).To(HaveLive(1))
	})
}
