package zoo_test

import (
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
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
	t.Eventually(srv, 20*sec).Should(HaveReported("received"))
	t.Consistently(srv, 19*sec).Should(HaveConnected(1)) // the client looks after 6 to 12 s, and again as long after that
}

// A heartbeat that nobody acknowledges ends the connection.
func discordgo396ack(t *trial) {
	gateway := fake.Script(
		fake.Send(frame.Text(`{"op":10,"d":{"heartbeat_interval":300}}`)),
		fake.WaitFor(frame.JSON("op", 2)),
		fake.Send(frame.Text(`{"op":0,"t":"READY","s":1,"d":{"v":6,"session_id":"a","user":{"id":"1"}}}`)))
	srv := fake.Start(t, gateway, fake.Silent)
	srv.HTTP("/gateway", fake.Respond(200, `{"url":"{ws}"}`))
	t.run(srv)
	t.Eventually(srv, 15*sec).Should(HaveReconnected())
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
	t.Eventually(srv, 40*sec).Should(HaveReceived(ping))
	t.Eventually(srv, 8*sec).Should(HaveSent(pong))
	t.Eventually(srv, 8*sec).Should(HaveReported("head"))
	t.Consistently(srv, sec).ShouldNot(HaveReported("subscription_error"))
}

// Both subscriptions come back, also when the reconnect is slow.
func graphqlWS99(t *trial) {
	gql := heartbeat.GraphQLTransportWS()
	srv := fake.Start(t,
		fake.Script(fake.Session(gql), fake.WaitFor(frame.JSON("type", "subscribe")).Times(2), fake.Pause(200*ms), fake.Fin()),
		fake.Script(fake.Handshake(fake.Pause(4*sec)), fake.Session(gql)))
	t.run(srv)
	t.Eventually(srv, 20*sec).Should(HaveReconnected())
	t.Eventually(srv.Since(timeline.Ended(1)), 10*sec).Should(And(
		HaveSent(frame.Contains("alpha")), HaveSent(frame.Contains("beta"))))
}

// After a fatal close nobody comes back.
func graphqlWSFatalClose(t *trial) {
	srv := fake.Start(t, fake.Script(fake.WaitFor(frame.Any), fake.Close(4400, "no")))
	t.run(srv)
	t.Eventually(srv, 8*sec).Should(HaveReported("sink_error"))
	t.Consistently(srv, 4*sec).Should(HaveConnected(1))
}

// Sixty connections leave no goroutines behind.
func nhooyr231(t *trial) {
	srv := fake.Start(t, fake.Silent)
	t.run(srv)
	t.Eventually(srv, 30*sec).Should(HaveReported("goroutines"))
	t.Expect(srv).To(HaveReported("goroutines", WithField("after", BeNumerically("<", 20))))
}

// An upgrade that stalls is given up and tried again, by a process that lives on.
func partysocket912(t *trial) {
	srv := fake.Start(t, fake.Stall().Times(2), fake.Echo)
	t.run(srv)
	t.Eventually(srv, 15*sec).Should(HaveReported("open"))
	t.Consistently(srv, sec).ShouldNot(HaveExited())
}

// An unanswered heartbeat has an effect.
func phoenix2123(t *trial) {
	srv := fake.Start(t, fake.Silent)
	t.run(srv, "HEARTBEAT_MS=500")
	t.Eventually(srv, 10*sec).Should(HaveReconnected())
}

// After an explicit reconnect the channel is joined again.
func phoenix3458(t *trial) {
	phoenix := heartbeat.Phoenix()
	srv := fake.Start(t, fake.Script(fake.Session(phoenix), fake.AnswerBeats(phoenix)))
	t.run(srv, "HEARTBEAT_MS=20000")
	t.Eventually(srv, 10*sec).Should(HaveReconnected())
	t.Eventually(srv.Conn(2), 5*sec).Should(HaveSent(frame.JSON("[3]", "phx_join")))
}

// However often it reconnected, the client beats once an interval.
func phoenix4623(t *trial) {
	phoenix := heartbeat.Phoenix()
	srv := fake.Start(t,
		fake.Script(fake.Pause(100*ms), fake.Fin()).Times(5),
		fake.Script(fake.AnswerBeats(phoenix)))
	t.run(srv, "HEARTBEAT_MS=1500", "RECONNECT_MS=50")
	t.Eventually(srv, 20*sec).Should(HaveConnected(6))
	t.Consistently(srv, 4800*ms).Should(HaveConnected(6))
	t.Expect(srv.Conn(6)).To(HaveHeartbeat(phoenix, Every(1500*ms, PlusMinus(sec))))
}

// Two reconnects in a row leave one socket.
func phoenix6600(t *trial) {
	srv := fake.Start(t, fake.Script(fake.AnswerBeats(heartbeat.Phoenix())))
	t.run(srv, "HEARTBEAT_MS=20000")
	t.Eventually(srv, 10*sec).Should(HaveReported("open").Times(2))
	t.Eventually(srv, 4*sec).Should(HaveLive(1))
	t.Consistently(srv, 2*sec).Should(HaveLive(1))
}

// A reset is followed by one reconnect, and no more.
func recws29(t *trial) {
	srv := fake.Start(t,
		fake.Script(fake.Send(frame.Text("hello")), fake.Pause(500*ms), fake.Reset()),
		fake.Silent)
	t.run(srv)
	t.Eventually(srv, 15*sec).Should(HaveReconnected())
	t.Consistently(srv, 1500*ms).Should(And(HaveConnected(2), HaveLive(1)))
}

// A failed URL lookup does not end the reconnecting.
func slackNode1495(t *trial) {
	protocol := heartbeat.Protocol()
	srv := fake.Start(t,
		fake.Script(fake.Beat(protocol, 300*ms), fake.Pause(sec), fake.Fin()),
		fake.Script(fake.Beat(protocol, 300*ms)))
	open := fake.Respond(200, `{"ok":true,"url":"{ws}/link"}`)
	srv.HTTP("/api/apps.connections.open", open, fake.Respond(200, `{"ok":false,"error":"internal_error"}`), open)
	t.run(srv)
	t.Eventually(srv, 25*sec).Should(HaveReconnected())
}

// A server that accepts and closes is not hammered.
func stw135(t *trial) {
	srv := fake.Start(t, fake.Script(fake.WaitFor(frame.Any), fake.Close(1011, "no")))
	t.run(srv)
	t.Eventually(srv, 10*sec).Should(HaveReconnected())
	t.Consistently(srv, 12*sec).Should(HaveConnected(BeNumerically("<=", 6)))
}
