package herd_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/herd"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// A thousand clients lose their server, which refuses everybody for another 20 s. Without rand.N:
//
//	The client asked for an upgrade up to 1000 times in 1s since a note "died", expected at most 400 times.
func TestTheHerdComesBackSpreadOut(t *testing.T) {
	const clients = 1000
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t,
			fakeserver.Echo.Times(clients),
			fakeserver.RejectWith(503).For(20*time.Second),
			fakeserver.Echo)
		for i := range clients {
			go herd.Run(t.Context(), srv.Dialer(), fmt.Sprintf("%s/?user=%d", srv.URL, i))
		}
		time.Sleep(time.Minute)
		g.Expect(srv).To(HaveLive(clients))

		died := srv.Mark("died")
		srv.DropAll(fakeserver.Fin())
		time.Sleep(5 * time.Minute)
		g.Expect(srv).To(HaveLive(clients))
		g.Expect(died).To(HavePeak(BeNumerically("<=", 400), Per(time.Second)))
		g.Expect(died).To(HaveSpread(BeNumerically(">=", 10*time.Second)))
		g.Expect(srv).To(HaveBackedOff(
			diagnosis.Exponential(5*time.Second, 2).UpTo(time.Minute).WithJitter(diagnosis.FullJitter), ClientByQuery("user")))
	})
}
