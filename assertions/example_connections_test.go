package assertions_test

import (
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func ExampleHaveAttempted() {
	tl := recording(`
		0s  #1 refused 503
		1s  #2 refused 503
		3s  #3 opens`)
	ask(tl, HaveAttempted(3))
	ask(tl, HaveAttempted(BeNumerically("<=", 2)))
	// Output:
	// yes
	// no: The client asked for an upgrade 3 times, expected at most twice.
}

func ExampleHaveConnected() {
	tl := recording(`
		0s  #1 opens
		1s  #1 cut
		2s  #2 opens`)
	ask(tl, HaveConnected(2))
	ask(tl.Since(timeline.Ended(1)), HaveConnected(0))
	ask(tl.Since(timeline.Ended(2)), HaveConnected(0))
	// Output:
	// yes
	// no: The client connected once since the end of connection 1, expected 0 times.
	// HaveConnected(0) cannot judge yet: nothing counts before the end of connection 2, which has not happened.
}

func ExampleHaveReconnected() {
	tl := recording(`
		0s  #1 opens
		1s  #1 cut
		9s  now`)
	ask(tl, HaveReconnected())
	// Output:
	// no: The client did not reconnect: it made no attempt in the 8s since connection 1 was over, expected it to.
}

func ExampleHaveReconnectedWithin() {
	tl := recording(`
		0s  #1 opens
		1s  #1 cut
		4s  #2 opens`)
	ask(tl, HaveReconnectedWithin(3*time.Second))
	ask(tl, HaveReconnectedWithin(2*time.Second))
	// Output:
	// yes
	// no: The client took 3s to connect again after connection 1, expected no more than 2s.
}

func ExampleHaveLive() {
	tl := recording(`
		0s  #1 opens
		1s  #2 opens
		2s  now`)
	ask(tl, HaveLive(1))
	// Output:
	// no: The client has 2 connections live (#1, #2), expected 1.
}

func ExampleHaveAtMostOneLiveConnection() {
	tl := recording(`
		0s  #1 opens
		1s  #2 opens
		3s  #1 cut`)
	ask(tl, HaveAtMostOneLiveConnection(Overlap(2*time.Second)))
	ask(tl, HaveAtMostOneLiveConnection())
	// Output:
	// yes
	// no: The client had two live connections for 2s (#1 and #2), expected at most one.
}

func ExampleHaveDetectedSilenceWithin() {
	tl := recording(`
		 0s  #1 opens
		 1s  #1 receives text news
		11s  #1 sends ping
		15s  #1 sends close 4000`)
	ask(tl.Conn(1), HaveDetectedSilenceWithin(20*time.Second))
	ask(tl.Conn(1), HaveDetectedSilenceWithin(10*time.Second))
	// Output:
	// yes
	// no: The client noticed the silence on connection 1 after 14s, expected it to within 10s.
}

func ExampleHaveClosed() {
	tl := recording(`
		0s  #1 opens
		5s  #1 closed 1012`)
	ask(tl.Conn(1), HaveClosed(ByPeer, WithCode(1012), Cleanly))
	ask(tl.Conn(1), HaveClosed(ByClient))
	// Output:
	// yes
	// no: The client's connection 1 was closed by its peer, 1012 "" wasClean=true, expected a connection closed by the client.
}

func ExampleHavePeak() {
	tl := recording(`
		0s     #1 refused 503
		200ms  #2 refused 503
		400ms  #3 refused 503
		5s     #4 opens`)
	ask(tl, HavePeak(BeNumerically("<=", 2), Per(time.Second)))
	// Output:
	// no: The client asked for an upgrade up to 3 times in 1s, expected at most twice.
}

func ExampleHaveSpread() {
	tl := recording(`
		0s     #1 opens
		10ms   #2 opens
		20ms   #3 opens
		30ms   #4 opens`)
	ask(tl, HaveSpread(BeNumerically(">=", 4*time.Second)))
	// Output:
	// no: Of 4 attempts, 4 came within 30ms, expected at least 4s.
}

func ExampleHaveGivenUpAfter() {
	tl := recording(`
		0s   #1 refused 401
		30s  now`)
	ask(tl, HaveGivenUpAfter(1, Quiet(20*time.Second)))
	ask(tl, HaveGivenUpAfter(1, Quiet(time.Minute)))
	// Output:
	// yes
	// HaveGivenUpAfter(1, Quiet(1m0s)) cannot judge yet: the client has made 1 attempt, the last one over for only 30s.
}

func ExampleHaveBackedOff() {
	tl := recording(`
		0s  #1 refused 503
		1s  #2 refused 503
		2s  #3 refused 503`)
	ask(tl, HaveBackedOff(diagnosis.Fixed(time.Second)))
	ask(tl, HaveBackedOff(diagnosis.Exponential(time.Second, 2)))
	// Output:
	// yes
	// no: The client did not wait as Exponential(1s, 2) says: the 2nd delay (before connection 3) did not grow: it fits an earlier one, and was 1s, expected exactly 2s (no PlusMinus was given).
}
