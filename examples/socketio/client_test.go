package socketio_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/socketio"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// A server with times of its own beats for two minutes, then nothing more. A client that
// does not answer, and one that does not miss the server:
//
//	The client did not answer an engine.io:10s/5s beat on connection 1 for 2m5s, expected an answer within 1s.
//	The client did not notice the silence on connection 1 for 8m5s, expected it to within 15s.
func TestTheServersBeat(t *testing.T) {
	engine := heartbeat.EngineIO(10*time.Second, 5*time.Second)
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t,
			fakeserver.Script(fakeserver.Session(engine), fakeserver.Beat(engine, 10*time.Second), fakeserver.Pause(2*time.Minute), fakeserver.GoDark()),
			fakeserver.Script(fakeserver.Session(engine), fakeserver.Beat(engine, 10*time.Second)))
		go socketio.Run(t.Context(), srv.Dialer(), srv.URL+"/socket.io/?EIO=4&transport=websocket")

		time.Sleep(10*time.Minute + 5*time.Second)
		g.Expect(srv).To(HaveAnsweredEveryBeat(engine, Within(time.Second)))
		g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(15 * time.Second))
		g.Expect(srv).To(And(HaveReconnectedWithin(time.Second), HaveLive(1)))
	})
}
