package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// leastAfter1013 is how long a client that promises nothing should wait after Close
// 1013: what the Pusher protocol asks for its codes 4100 to 4199.
const leastAfter1013 = time.Second

// retryAfter: an answer that says when to try again is heeded.
func (e *exam) retryAfter() {
	if e.policy.Browser {
		e.nothing("a page in a browser does not see the headers of a refusal")
		return
	}
	n := 0
	e.pauses(func(c *client, i int, waited time.Duration, followed bool) {
		a := c.attempts[i]
		if !a.HasRetryAfter || a.Status == 101 {
			return
		}
		switch {
		case followed && waited < a.RetryAfter-e.tolerance:
			e.fault(c, c.tracks[i+1], Finding{Text: fmt.Sprintf("the client tried again sooner than Retry-After of a %d asked", a.Status),
				Measured: span(waited), Expected: "at least " + limitWords(a.RetryAfter)}, c.between(i, i+1)...)
		case waited >= a.RetryAfter-e.tolerance:
			n++
		default:
			e.nothing("the recording ends before the time that Retry-After asked for")
		}
	})
	e.kept(n, "Retry-After", "%s heeded")
	e.nothing("no refusal had a Retry-After")
}

// tryAgain: Close 1013 is.
func (e *exam) tryAgain() {
	least := e.policy.TryAgainAfter
	if least == 0 {
		least = leastAfter1013
	}
	n := 0
	e.pauses(func(c *client, i int, waited time.Duration, followed bool) {
		t := c.tracks[i]
		if !t.closedByServer() || closeCode(t.heard) != frame.CodeTryAgainLater || t.maybeUnread(e.tolerance) {
			return
		}
		switch {
		case followed && waited < least-e.tolerance:
			e.fault(c, c.tracks[i+1], Finding{Text: "the client came back too soon after Close 1013, Try Again Later",
				Measured: span(waited), Expected: "at least " + limitWords(least)}, c.between(i, i+1)...)
		case waited >= least-e.tolerance:
			n++
		default:
			e.nothing("the recording ends before the time to wait after Close 1013")
		}
	})
	e.kept(n, "Close 1013", "%s, each with a pause after it")
	e.nothing("no Close 1013 reached the client")
}

// pauses calls f for every attempt that ended, with how long the client waited after
// it, or has waited so far.
func (e *exam) pauses(f func(c *client, i int, waited time.Duration, followed bool)) {
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		for i, a := range c.attempts {
			switch {
			case !a.Ended:
			case i+1 == len(c.attempts):
				f(c, i, e.r.now-a.KnownAt, false)
			case c.attempts[i+1].Before == DelayMeasured:
				f(c, i, c.attempts[i+1].Delay, true)
			}
		}
	}
}
