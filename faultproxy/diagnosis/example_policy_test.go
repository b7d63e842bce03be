package diagnosis_test

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func ExampleFindings() {
	// The client beats, but does not notice that nothing is answered any more.
	recording := live(
		at(10*sec, say("ping")), at(10*sec, hear("pong")),
		at(20*sec, say("ping")), at(30*sec, say("ping")), at(40*sec, say("ping")))
	policy := diagnosis.Policy{
		Dialect: heartbeat.Text("ping", "pong"), Interval: 10 * time.Second, AnswerTimeout: 5 * time.Second,
		Backoff: diagnosis.Exponential(time.Second, 2).UpTo(30 * time.Second).WithJitter(diagnosis.FullJitter),
	}
	for _, f := range diagnosis.Findings(recording, policy) {
		if f.Verdict == diagnosis.Broken {
			fmt.Println(f.Rule, "on connection", f.Conn)
			fmt.Println("  " + f.Text)
			fmt.Println("  measured", f.Measured+", expected", f.Expected)
			fmt.Println("  " + f.Advice)
		}
	}
	// Output:
	// R2-dead-peer on connection 1
	//   the client did not notice that nothing came any more
	//   measured not ended for 30.0 s, expected the end within 15 s: an interval of 10 s and 5 s for an answer
	//   end the connection when an answer is overdue, and let nothing but what is received postpone that: TCP does not tell, and writes go on succeeding
}

func ExampleAttempts() {
	recording := merge(lasting(1, 0, 5*sec), refusedBy(2, 6*sec, "503", "retry-after", "10"), lasting(3, 16*sec, sec))
	for _, a := range diagnosis.Attempts(recording) {
		fmt.Printf("connection %d at %v: waited %v, answered %d, open %t, ended by the %v\n", a.Conn, a.RequestedAt, a.Delay, a.Status, a.Opened, a.By)
	}
	// Output:
	// connection 1 at 0s: waited 0s, answered 101, open true, ended by the server
	// connection 2 at 6s: waited 1s, answered 503, open false, ended by the server
	// connection 3 at 16s: waited 10s, answered 101, open true, ended by the server
}

func ExampleBackoff_Judge() {
	promised := diagnosis.Exponential(time.Second, 2).UpTo(30 * time.Second)
	recording := merge(lasting(1, 0, 5*sec), refusedBy(2, 6*sec, "503"), refusedBy(3, 8*sec, "503"), refusedBy(4, 9*sec, "503"))
	verdict := promised.Judge(diagnosis.Attempts(recording), diagnosis.PlusMinus(100*time.Millisecond))
	fmt.Println(verdict.Verdict)
	for _, a := range verdict.Aspects {
		fmt.Printf("%v %v: %s\n", a.Aspect, a.Verdict, a.Text)
	}
	// Output:
	// broken
	// delay kept: 3 delays as Exponential(1s, 2).UpTo(30s) says
	// growth broken: the 3rd delay (before connection 4) did not grow: it fits an earlier one
	// cap not judged: no delay came near the longest one, 30 s
}

func ExampleBackoff_Window() {
	b := diagnosis.Exponential(time.Second, 2).UpTo(10 * time.Second).WithJitter(diagnosis.EqualJitter)
	for n := 1; n <= 5; n++ {
		fmt.Println(b.Window(n, 0))
	}
	// Output:
	// 500ms 1s
	// 1s 2s
	// 2s 4s
	// 4s 8s
	// 5s 10s
}

func ExampleParsePolicy() {
	// What a YAML decoder makes of a file.
	tree := map[string]any{
		"dialect": "text", "interval": "30s", "answer_timeout": "10s",
		"backoff":       map[string]any{"kind": "exponential", "first": "1s", "max": "30s", "jitter": "full"},
		"give_up_codes": []any{1008, "4000-4099"},
	}
	policy, err := diagnosis.ParsePolicy(tree)
	fmt.Println(policy.DetectWithin(), policy.Backoff, policy.GiveUpCodes, err)

	tree["backoff"] = map[string]any{"kind": "exponentail", "first": 1}
	_, err = diagnosis.ParsePolicy(tree)
	fmt.Println(err)
	// Output:
	// 40s Exponential(1s, 2).UpTo(30s).WithJitter(full) [1008 4000-4099] <nil>
	// backoff.kind: unknown value "exponentail"; did you mean "exponential"? known: none, fixed, linear, exponential, decorrelated, steps
	// backoff.first: 1 needs a unit, such as 1ms or 1s
}
