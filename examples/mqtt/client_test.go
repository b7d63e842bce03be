package mqtt_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/mqtt"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// The broker answers two PINGREQs and then no more. A client without a read deadline:
//
//	The client did not notice the silence on connection 1 for 58m0s, expected it to within 1m10s.
func TestABrokerThatStopsAnswering(t *testing.T) {
	broker := heartbeat.MQTT()
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t,
			fakeserver.Script(fakeserver.Session(broker), fakeserver.AnswerBeats(broker, fakeserver.StopAfter(2))),
			fakeserver.Script(fakeserver.Session(broker), fakeserver.AnswerBeats(broker)))
		go mqtt.Run(t.Context(), srv.Dialer(), srv.URL)

		time.Sleep(time.Hour)
		g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(70 * time.Second))
		g.Expect(srv).To(And(HaveReconnectedWithin(time.Second), HaveLive(1)))
		g.Expect(srv.Conn(2)).To(HaveHeartbeat(broker, Every(time.Minute)))
	})
}
