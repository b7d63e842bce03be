package graphql_test

import (
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/graphql"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The server answers three pings and then no more. A client that does not miss the pong:
//
//	The client did not reconnect: its connection 1 has not ended, expected it to within 1s.
func TestASubscriptionSurvivesAMuteServer(t *testing.T) {
	gql := heartbeat.GraphQLTransportWS()
	subscribed := frame.JSON("type", "subscribe")
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t,
			fakeserver.Script(fakeserver.Session(gql), fakeserver.AnswerBeats(gql, fakeserver.StopAfter(3)), fakeserver.Expect(subscribed)),
			fakeserver.Script(fakeserver.Session(gql), fakeserver.AnswerBeats(gql), fakeserver.Expect(subscribed)))
		again := srv.Since(timeline.Ended(1))
		go graphql.Subscribe(t.Context(), srv.Dialer(), srv.URL, "subscription { price }")

		time.Sleep(10 * time.Minute)
		g.Expect(srv).To(HaveReconnectedWithin(time.Second))
		g.Expect(srv.Conn(2)).To(HaveHeartbeat(gql, Every(20*time.Second)))
		g.Expect(again).To(HaveSent(subscribed).Times(1))
		g.Expect(srv).To(HaveLive(1))
	})
}
