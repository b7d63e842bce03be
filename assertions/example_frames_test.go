package assertions_test

import (
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func ExampleHaveSent() {
	tl := recording(`
		0s  #1 opens
		0s  #1 sends text {"type":"subscribe","to":"news"}
		1s  #1 cut
		2s  #2 opens`)
	ask(tl.Conn(1), HaveSent(frame.JSON("type", "subscribe")))
	ask(tl, HaveSent(ContainSubstring("news")).Times(2))
	// Output:
	// yes
	// no: The client sent a payload containing "news" once, expected twice.
}

func ExampleHaveReceived() {
	tl := recording(`
		0s  #1 opens
		5s  #1 receives ping hb-1`)
	ask(tl, HaveReceived(frame.Op(frame.OpPing)))
	ask(tl, HaveReceived(frame.Text("welcome")))
	// Output:
	// yes
	// no: The client received text "welcome" 0 times, expected it to, at least once.
}

func ExampleHaveExchanged() {
	tl := recording(`
		0s  #1 opens
		0s  #1 sends text hello
		0s  #1 receives text welcome`)
	ask(tl, HaveExchanged(Sent(frame.Text("hello")), Received(frame.Text("welcome"))))
	ask(tl, HaveExchanged(Received(frame.Text("welcome")), Sent(frame.Text("hello"))))
	// Output:
	// yes
	// no: Step 2 of 2, Sent(text "hello"), did not come after Received(text "welcome"), expected it to.
}

func ExampleHaveHeartbeat() {
	tl := recording(`
		 0s  #1 opens
		10s  #1 sends ping
		20s  #1 sends ping
		40s  #1 sends ping`)
	ask(tl, HaveHeartbeat(heartbeat.Protocol()).Times(3))
	ask(tl, HaveHeartbeat(heartbeat.Protocol(), Every(10*time.Second, PlusMinus(time.Second))))
	// Output:
	// yes
	// no: The client's protocol heartbeat on connection 1 came 20s after the one before, expected one every 10s ± 1s.
}

func ExampleHaveHeartbeatJitter() {
	tl := recording(`
		 0s    #1 opens
		10s    #1 sends ping
		20s    #1 sends ping
		30.2s  #1 sends ping`)
	ask(tl, HaveHeartbeatJitter(heartbeat.Protocol(), BeNumerically("<=", 100*time.Millisecond)))
	// Output:
	// no: The client's protocol gaps differ by 200ms (10s to 10.2s), expected at most 100ms.
}

func ExampleHaveAnsweredEveryPing() {
	tl := recording(`
		0s  #1 opens
		1s  #1 receives ping a
		1s  #1 sends pong a
		2s  #1 receives ping b
		6s  #1 sends pong b`)
	ask(tl, HaveAnsweredEveryPing(Within(time.Second)))
	// Output:
	// no: The client answered a ping on connection 1 only after 4s, expected an answer within 1s.
}

func ExampleHaveAnsweredEveryBeat() {
	tl := recording(`
		 0s  #1 opens
		25s  #1 receives text 2
		25s  #1 sends text 3`)
	ask(tl, HaveAnsweredEveryBeat(heartbeat.EngineIO(25*time.Second, 20*time.Second), Within(time.Second)))
	// Output:
	// yes
}

func ExampleHavePongLatency() {
	tl := recording(`
		0s    #1 opens
		1s    #1 receives ping a
		1.2s  #1 sends pong a`)
	ask(tl, HavePongLatency(BeNumerically("<", 100*time.Millisecond)))
	// Output:
	// no: The client took up to 200ms to answer a ping, expected less than 100ms.
}

func ExampleHaveKeptProtocol() {
	tl := recording(`
		0s  #1 opens
		1s  #1 sends close 1006`)
	ask(tl, HaveKeptProtocol())
	// Output:
	// no: The client broke the protocol on connection 1: close code 1006 (Abnormal Closure) must never be sent (RFC 6455 section 7.4.1), expected it to keep to RFC 6455.
}

func ExampleHaveFollowed() {
	tl := recording(`
		 0s  #1 opens
		60s  now`)
	policy := diagnosis.Policy{Name: "chat", Dialect: heartbeat.Protocol(), Interval: 25 * time.Second}
	ask(tl, HaveFollowed(policy))
	// Output:
	// no: The client broke the rule R1-beats-sent, expected it to follow its policy "chat".
}
