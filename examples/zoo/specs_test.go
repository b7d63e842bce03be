package zoo_test

import (
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// A connection on which data flows is not stale, pings or not.
func actioncable42336(t *trial) {
	cable := heartbeat.ActionCable()
	message := frame.Text(`{"identifier":"{\"channel\":\"RoomChannel\"}","message":"hello"}`)
	srv := fake.Start(t, fake.Script(fake.Session(cable), fake.Every(100*ms, fake.Send(message))))
	t.run(srv)
	t.Eventually(srv, 20*sec).Should(haveReported("received"))
	t.Consistently(srv, 19*sec).Should(haveConnected(1)) // the client looks after 6 to 12 s, and again as long after that
}

// A ping after 12 s without a word is answered, and what follows it arrives.
func geth19798(t *trial) {
	ping, pong := frame.Ping([]byte("hb-1")), frame.Pong([]byte("hb-1"))
	srv := fake.Start(t, fake.Script(
		fake.WaitFor(frame.JSON("method", "eth_subscribe")),
		fake.Reply(`{"jsonrpc":"2.0","id":{$.id},"result":"0x1"}`),
		fake.Pause(12*sec),
		fake.Send(ping),
		fake.Pause(500*ms),
		fake.Send(frame.Text(`{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0x1","result":{"number":"0x2"}}}`))))
	t.run(srv)
	t.Eventually(srv, 40*sec).Should(haveReceived(ping))
	t.Eventually(srv, 8*sec).Should(haveSent(pong))
	t.Eventually(srv, 8*sec).Should(haveReported("head"))
	t.Consistently(srv, 1*sec).ShouldNot(haveReported("subscription_error"))
}

// Both subscriptions come back, also when the reconnect is slow.
func graphqlWS99(t *trial) {
	gql := heartbeat.GraphQLTransportWS()
	srv := fake.Start(t,
		fake.Script(fake.Session(gql), fake.WaitFor(frame.JSON("type", "subscribe")).Times(2), fake.Pause(200*ms), fake.Fin()),
		fake.Script(fake.Handshake(fake.Pause(4*sec)), fake.Session(gql)))
	t.run(srv)
	t.Eventually(srv, 20*sec).Should(haveConnected(2))
	again := srv.Since(timeline.Ended(1))
	t.Eventually(again, 10*sec).Should(haveSent(frame.Contains("alpha")))
	t.Eventually(again, 10*sec).Should(haveSent(frame.Contains("beta")))
}

// However often it reconnected, the client beats once an interval.
func phoenix4623(t *trial) {
	phoenix := heartbeat.Phoenix()
	srv := fake.Start(t,
		fake.Script(fake.Pause(100*ms), fake.Fin()).Times(5),
		fake.Script(fake.AnswerBeats(phoenix)))
	t.run(srv, "HEARTBEAT_MS=1500", "RECONNECT_MS=50")
	t.Eventually(srv, 20*sec).Should(haveConnected(6))
	t.Consistently(srv, 4800*ms).Should(haveConnected(6))
	t.Expect(srv.Conn(6)).To(haveHeartbeats(phoenix).between(2, 6)) // one an interval are 3
}

// A reset is followed by one reconnect, and no more.
func recws29(t *trial) {
	srv := fake.Start(t,
		fake.Script(fake.Send(frame.Text("hello")), fake.Pause(500*ms), fake.Reset()),
		fake.Silent)
	t.run(srv)
	t.Eventually(srv, 15*sec).Should(haveConnected(2))
	t.Consistently(srv, 1500*ms).Should(haveConnected(2))
	t.Expect(srv).To(haveLive(1))
}
