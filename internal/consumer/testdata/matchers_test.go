package consumer

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// What the client must do, in the words of the matchers.
func TestTheClientBeatsAndNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t, fakeserver.Script(
			fakeserver.WaitFor(heartbeat.Protocol().Beats()).Times(6), fakeserver.GoDark()))
		c, _, err := srv.Dialer().DialContext(t.Context(), srv.URL, nil)
		g.Expect(err).NotTo(HaveOccurred())
		_ = live(c, 10*time.Second)
		_ = c.Close()
		synctest.Wait()

		g.Expect(srv.Conn(1)).To(HaveHeartbeat(heartbeat.Protocol(), Every(10*time.Second)))
		g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(30 * time.Second))
		g.Expect(srv.Conn(1)).To(HaveClosed(ByClient))
	})
}
