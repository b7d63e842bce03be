package redeploy_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/redeploy"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// A rolling restart, then one of everybody at once, with fifty clients. With a fixed
// second in the place of rand.N the herd shows:
//
//	Of 50 attempts since a note "deployed", 45 came within 0s, expected at least 2s.
func TestEverybodyIsBackAfterADeploy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t)
		p := faultproxy.InMemory(t, srv.Network(), srv.URL)
		for i := range 50 {
			go redeploy.Run(t.Context(), srv.Dialer(), fmt.Sprintf("%s/?user=%d", p.URL, i))
		}
		time.Sleep(time.Second)
		restart := faultproxy.CloseWith(1012, "restart")

		g.Expect(p.Add(faultproxy.Rule{On: faultproxy.At(0).Present().Staggered(100 * time.Millisecond), Do: restart})).To(Succeed())
		time.Sleep(time.Minute)
		g.Expect(p.Conn(1)).To(HaveClosed(ByPeer, WithCode(1012), Cleanly))
		g.Expect(p).To(HaveReconnectedWithin(5*time.Second, ClientByQuery("user")))
		g.Expect(p).To(And(HaveConnected(100), HaveLive(50)))

		deployed := p.Mark("deployed")
		g.Expect(p.Add(faultproxy.Rule{On: faultproxy.At(0).Present(), Do: restart})).To(Succeed())
		time.Sleep(time.Minute)
		g.Expect(deployed).To(HaveSpread(BeNumerically(">=", 2*time.Second)))
		g.Expect(p).To(And(HaveConnected(150), HaveLive(50)))
	})
}
