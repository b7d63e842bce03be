package finalcodes_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/finalcodes"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// An accident first, which the client must get over, then a final code. A client that
// takes them for the same goes on for ever:
//
//	The client has not given up: its connection 60 is still there, after 60 attempts, expected 2 attempts and then none for 30m0s.
func TestFinalCodesAreFinal(t *testing.T) {
	for code, want := range map[frame.CloseCode]string{1000: "", 4401: "websocket: close 4401: token expired"} {
		synctest.Test(t, func(t *testing.T) {
			g := NewWithT(t)
			srv := fakeserver.InMemory(t,
				fakeserver.Script(fakeserver.Pause(time.Minute), fakeserver.Close(1011, "oops")),
				fakeserver.Script(fakeserver.Pause(time.Minute), fakeserver.Close(code, "token expired")))
			done := make(chan error, 1)
			go func() { done <- finalcodes.Run(t.Context(), srv.Dialer(), srv.URL) }()

			time.Sleep(time.Hour)
			g.Expect(srv).To(HaveGivenUpAfter(2, Quiet(30*time.Minute)))
			g.Expect(srv.Conn(2)).To(HaveClosed(ByPeer, WithCode(int(code)), Cleanly))
			if want == "" {
				g.Expect(done).To(Receive(BeNil()))
			} else {
				g.Expect(done).To(Receive(MatchError(want)))
			}
		})
	}
}
