package retryafter_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/retryafter"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// The server asks for 7 s, then for 2 minutes. A client that does not look at the header:
//
//	The client did not wait as Steps(7s, 2m0s) says: the 1st delay (before connection 2) was 1s, expected exactly 7s
func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		inTwoMinutes := time.Now().Add(7*time.Second + 2*time.Minute).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		srv := fakeserver.InMemory(t,
			fakeserver.RejectWith(503, fakeserver.Header("Retry-After", "7")),
			fakeserver.RejectWith(503, fakeserver.Header("Retry-After", inTwoMinutes)),
			fakeserver.Echo)

		ws, err := retryafter.Dial(t.Context(), srv.Dialer(), srv.URL)
		g.Expect(err).NotTo(HaveOccurred())
		defer ws.Close()
		g.Expect(srv).To(And(HaveAttempted(3), HaveConnected(1)))
		g.Expect(srv).To(HaveBackedOff(diagnosis.Steps(7*time.Second, 2*time.Minute)))
	})
}
