package slowconsumer_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/slowconsumer"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// A message every second, a ping every ten, and a handler that takes a minute. With
// handle in the place of push the first pong is not there in time:
//
//	The client answered a ping on connection 1 only after 8m51s, expected an answer within 1s.
func TestASlowConsumerAnswersPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t, fakeserver.Script(
			fakeserver.Beat(heartbeat.Protocol(), 10*time.Second),
			fakeserver.Every(time.Second, fakeserver.Send(frame.Text("price")))))
		handled := 0
		go slowconsumer.Listen(t.Context(), srv.Dialer(), srv.URL, func([]byte) {
			handled++
			select {
			case <-time.After(time.Minute):
			case <-t.Context().Done(): // nobody may sleep on when the bubble ends
			}
		})

		time.Sleep(10*time.Minute + 5*time.Second)
		synctest.Wait()
		g.Expect(srv).To(HaveAnsweredEveryPing(Within(time.Second)))
		g.Expect(srv).To(HaveReceived(frame.Contains("price")).Times(BeNumerically(">", 500)))
		g.Expect(handled).To(Equal(11), "one each minute, and the rest gave way")
	})
}
