package goclient_test

import (
	"context"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

const sec = time.Second

var ping = heartbeat.Text("ping", "pong")

// mute is the server of all three forms: it answers two beats and then no more, and the
// connection stays open. The second connection finds it well; that somebody comes for it
// is left to the spec to say.
func mute() []fakeserver.Handler {
	return []fakeserver.Handler{
		fakeserver.Script(fakeserver.AnswerBeats(ping, fakeserver.StopAfter(2))),
		fakeserver.Script(fakeserver.AnswerBeats(ping)).Optional(),
	}
}

// client is the client under test: a Client, or the Naive one.
type client interface{ Run(context.Context) }

// comesBack is the spec, the same for every client.
func comesBack(g Gomega, srv *fakeserver.Server) {
	g.Eventually(srv, 20*sec, sec).Should(HaveReconnected())
	g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(6 * sec))
	g.Expect(srv).To(HaveReconnectedWithin(3 * sec))
	g.Expect(srv).To(HaveAtMostOneLiveConnection())
}
