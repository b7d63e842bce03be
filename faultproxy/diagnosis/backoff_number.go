package diagnosis

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// numbers are the numbers that the next delay may have, as far as can be told: one,
// mostly, and two where it is open whether a connection was stable enough for the
// delays to start anew. None: anything is possible.
type numbers []int

// after returns the numbers of the delay that follows an attempt, whose own delay had
// these numbers (0: it was the first attempt).
func (b Backoff) after(own numbers, a Attempt, leeway Leeway) numbers {
	failed, anew := b.stability(a, leeway)
	var next numbers
	if anew {
		next = append(next, 1)
	}
	if failed {
		if len(own) == 0 {
			return nil
		}
		for _, n := range own {
			next = append(next, n+1)
		}
		if a.asksToWait() { // it need not count as a failure
			next = append(next, own...)
		}
	}
	slices.Sort(next)
	return slices.DeleteFunc(slices.Compact(next), func(n int) bool { return n < 1 })
}

// stability reports whether, for the client, an attempt may have failed to bring a
// stable connection, and whether it may have brought one.
func (b Backoff) stability(a Attempt, leeway Leeway) (failed, anew bool) {
	if !a.Opened {
		return true, false
	}
	age, most := a.KnownAt-a.OpenedAt, forEver // until it began to end, or was over
	if a.ReportedAt >= 0 {
		most = max(a.ReportedAt, a.KnownAt) - a.OpenedAt
	}
	switch {
	case b.ResetAfter > 0 && most < b.ResetAfter-leeway.Early:
		return true, false
	case b.ResetAfter > 0 && age <= b.ResetAfter+leeway.Late:
		return true, true
	case a.mute && (a.By == Client || age <= leeway.Late): // the client may not have seen it open
		return true, true
	}
	return false, true
}

// asksToWait reports whether the attempt was refused with a time to wait, or closed
// with 1013, which asks the same without one.
func (a Attempt) asksToWait() bool {
	return a.HasRetryAfter && a.Status != 101 || a.closedWith(frame.CodeTryAgainLater)
}

// closedWith reports whether the client received a Close with this code, whatever it
// makes of it.
func (a Attempt) closedWith(code frame.CloseCode) bool {
	return a.code == code || a.CloseEvent.Code == code
}

// allowance is by how much the delay after an attempt may be longer for reasons that
// are not the client's: it was asked to wait, or a browser holds it back.
func allowance(attempts []Attempt, from int, high time.Duration, leeway Leeway) time.Duration {
	allowed := time.Duration(0)
	a := attempts[from]
	switch {
	case a.closedWith(frame.CodeTryAgainLater):
		return forEver / 4
	case a.asksToWait():
		allowed = sum(a.RetryAfter, high)
	}
	if leeway.Browser {
		failures := 0
		for _, before := range attempts[:from+1] {
			if before.Ended && !before.Opened {
				failures++
			}
		}
		allowed = sum(allowed, browserDelay(failures))
	}
	return allowed
}

// What Chromium adds to the delays of a page, measured with version 156. Handshakes
// wait for one another; beyond that, on an idle machine, an attempt came no more than
// browserIdle late.
const browserIdle = 110 * time.Millisecond

// browserDelay is the longest time for which Chromium holds an attempt back after so
// many failed ones of the same renderer process: up to 5 s times 2^min(1+failures,16)
// / 2^16. Successes make it shorter, which is left out because they are forgotten.
func browserDelay(failures int) time.Duration {
	return browserIdle + (5*time.Second)>>(16-min(1+failures, 16))
}
