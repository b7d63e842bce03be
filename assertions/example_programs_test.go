package assertions_test

import (
	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
)

func ExampleHaveReported() {
	tl := recording(`
		0s  starts chat
		0s  #1 opens
		5s  #1 cut
		5s  reports close code=1000 wasClean=true`)
	ask(tl, HaveReported("close"))
	ask(tl, HaveReported("close", WithField("code", 1006)))
	// Output:
	// yes
	// no: The client reported "close" with code 1006 0 times, expected it to, at least once.
}

func ExampleHaveReportedCloseEvent() {
	tl := recording(`
		0s  starts chat
		0s  #1 opens
		5s  #1 cut
		5s  reports close code=1000 wasClean=true`)
	ask(tl, HaveReportedCloseEvent("close"))
	// Output:
	// no: The client reported code 1000 of connection 1, expected 1006, since it was told 1006 "" wasClean=false.
}

func ExampleHaveExited() {
	tl := recording(`
		0s  starts chat
		5s  exits chat 1`)
	ask(tl, HaveExited())
	ask(tl, HaveExited(0))
	// Output:
	// yes
	// no: The client program exited with code 1, expected it to exit with code 0.
}

func ExampleHaveFired() {
	tl := recording(`
		0s   rule drop-pongs
		0s   rule drop-pings
		0s   #1 opens
		10s  #1 fires drop-pongs drop`)
	ask(tl, HaveFired("drop-pongs"))
	ask(tl, HaveFired("drop-pings"))
	ask(tl, HaveFired("drop-all"))
	// Output:
	// yes
	// no: The rule "drop-pings" fired 0 times, expected it to, at least once.
	// HaveFired("drop-all") cannot judge yet: no rule named "drop-all" was added; there are "drop-pings", "drop-pongs".
}

func ExampleMatchGolden() {
	tl := recording(`
		0s  #1 opens
		5s  #1 cut`)
	ask(tl, MatchGolden("testdata/canonical/example.golden"))
	// Output:
	// yes
}

func ExampleCounted_Times() {
	tl := recording(`
		0s  #1 opens
		1s  #1 sends text join
		2s  #1 sends text join`)
	ask(tl, HaveSent(HavePrefix("join")).Times(1))
	ask(tl, HaveSent(HavePrefix("join")).Times(BeNumerically("<", 3)))
	// Output:
	// no: The client sent a payload with the prefix "join" twice, expected once.
	// yes
}
