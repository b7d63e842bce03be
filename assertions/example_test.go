package assertions_test

import (
	"fmt"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// A failure says what the client did, what was expected, where to look, and what is
// known of the connection.
func Example() {
	g := NewGomega(func(message string, _ ...int) { fmt.Println(message) })

	tl := recording(`
		 0s  #1 opens
		 0s  #1 sends text hello
		10s  #1 sends ping
		20s  #1 sends ping
		35s  now`)
	g.Expect(tl).To(HaveHeartbeat(heartbeat.Protocol(), Every(10*time.Second, PlusMinus(time.Second))))
	// Output:
	// The client has not beaten (protocol) on connection 1 in the 15s since its last beat, expected one every 10s ± 1s.
	//
	//        0.000s  #1  →  GET /  upgrade
	//        0.000s  #1     open
	//        0.000s  #1  →  text 5 B "hello"
	//       10.000s  #1  →  ping  (+10.0s)
	//   >   20.000s  #1  →  ping  (+10.0s)   -- the last beat
	//   >   31.000s  -- no beat, which was due by now
	//       35.000s  -      note now
	//
	// connection 1: still open
	//   cause    still-open (certain): open for 35.0 s, the last bytes 15.0 s ago; 2 protocol beats of the client unanswered, the first for 25.0 s
}
