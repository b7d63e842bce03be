package resubscribe_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/resubscribe"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The connection is reset behind the third message, and the server sends that one again.
// A client that subscribes as if it were new breaks the script at its second Expect:
//
//	script: Expect(frame with JSON after = 3): the client sent text "{\"op\":\"subscribe\",\"after\":0}\n" instead
func TestNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t,
			fakeserver.Script(
				fakeserver.Expect(frame.JSON("after", 0)),
				fakeserver.Send(message(1), message(2), message(3)),
				fakeserver.Pause(time.Second), fakeserver.Reset()),
			fakeserver.Script(
				fakeserver.Expect(frame.JSON("after", 3)),
				fakeserver.Send(message(3), message(4), message(5))))
		again := srv.Since(timeline.Ended(1))

		var got []int
		go resubscribe.Follow(t.Context(), srv.Dialer(), srv.URL, func(m resubscribe.Message) { got = append(got, m.Seq) })
		time.Sleep(time.Minute)
		synctest.Wait()
		g.Expect(again).To(HaveSent(frame.JSON("op", "subscribe")).Times(1))
		g.Expect(got).To(Equal([]int{1, 2, 3, 4, 5}))
	})
}

func message(seq int) frame.Frame { return frame.Text(fmt.Sprintf(`{"seq":%d,"text":"news"}`, seq)) }
