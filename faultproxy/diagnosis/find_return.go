package diagnosis

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// returnPatience is how long a client that promises nothing may stay away before it is
// warned.
const returnPatience = 60 * time.Second

// returns judges whether the client comes back: after Close 1001 and 1012 if restarts,
// else after all else that it did not do itself.
func (e *exam) returns(restarts bool) {
	n := 0
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		for i, a := range c.attempts {
			if !a.Ended || e.isRestart(c, i) != restarts || c.tracks[i].partial() && a.Conn > 0 {
				continue
			}
			why := e.mayStop(c, i)
			switch {
			case why != "":
				e.nothing("%s", why)
			case i+1 < len(c.attempts):
				n++
			default:
				e.absent(c, i)
			}
		}
	}
	e.kept(n, "time", "the client came back %s")
	e.nothing("nothing happened after which the client would have had to come back")
}

// isRestart reports whether a server that goes away or restarts ended an attempt.
func (e *exam) isRestart(c *client, i int) bool {
	t := c.tracks[i]
	code := closeCode(t.heard)
	return t.closedByServer() && (code == frame.CodeGoingAway || code == frame.CodeServiceRestart)
}

// mayStop returns why the client need not come back after an attempt; empty if it
// must.
func (e *exam) mayStop(c *client, i int) string {
	a, t := c.attempts[i], c.tracks[i]
	p := e.policy
	switch {
	case a.onPurpose:
		return "the client closed the connection itself, perhaps on purpose"
	case t.heard != nil && has(append(p.GiveUpCodes, usuallyFinalCodes...), int(closeCode(t.heard))):
		return fmt.Sprintf("the client may give up after Close %d", closeCode(t.heard))
	case a.Status != 0 && a.Status != 101 && has(append(p.GiveUpStatuses, usuallyFinalStatuses...), a.Status):
		return fmt.Sprintf("the client may give up after status %d", a.Status)
	case p.Backoff.Attempts > 0 && failedInARow(c.attempts[:i+1], p.Backoff, p.Leeway()) >= p.Backoff.Attempts:
		return "the client has made all the attempts that it promises"
	case a.By == Client && !e.gaveUpOn(c, i):
		return "the client ended the connection itself, and it is not known why"
	}
	return ""
}

// failedInARow is how many attempts at the end of the list may have failed in a row to
// the client, its very first one included.
func failedInARow(attempts []Attempt, b Backoff, leeway Leeway) int {
	n := 0
	for i := len(attempts) - 1; i >= 0; i-- {
		if failed, _ := b.stability(attempts[i], leeway); !failed {
			break
		}
		n++
	}
	return n
}

// gaveUpOn reports whether the client ended an attempt because nothing came any more:
// it must come back then.
func (e *exam) gaveUpOn(c *client, i int) bool {
	a, t := c.attempts[i], c.tracks[i]
	p := e.policy
	if !a.Opened {
		return p.ConnectTimeout > 0 && near(a.KnownAt-a.RequestedAt, p.ConnectTimeout, e.tolerance)
	}
	if p.DetectWithin() == 0 || t.opened == nil {
		return false
	}
	for _, d := range e.deafnesses(c, t, a.KnownAt) {
		if d.end != nil && d.end == t.acted && d.to-d.from+e.tolerance >= p.DetectWithin() {
			return true
		}
	}
	return false
}

// absent judges a client that has not come back so far.
func (e *exam) absent(c *client, i int) {
	a := c.attempts[i]
	limit := returnPatience
	if !e.policy.Backoff.IsZero() {
		limit = e.policy.Backoff.longest(i+1, c.attempts)
		allowed := allowance(c.attempts, i, limit, e.policy.Leeway())
		limit = sum(limit, allowed)
	} else if a.HasRetryAfter {
		limit = sum(limit, a.RetryAfter)
	}
	if a.ReportedAt < 0 {
		e.nothing("the client may not know yet that its connection is over")
		return
	}
	deadline := sum(a.ReportedAt, sum(limit, e.tolerance))
	hidden, left := e.r.hides(a.KnownAt, min(deadline, e.r.now)), e.left(deadline)
	switch exit := e.quit(c, i); {
	case hidden != "":
		e.blindTo(c, c.tracks[i], hidden)
	case exit != nil && exit.At <= deadline:
		lost := "its connection was lost"
		if !a.Opened {
			lost = "its attempt had failed"
		}
		e.fault(c, c.tracks[i], Finding{Text: "the client program ended, with code 0, when " + lost, Measured: "an exit " + span(exit.At-a.KnownAt) + " later",
			Expected: "another attempt within " + span(limit), Advice: "do not let the program end with its connection: wait, and connect again"}, c.ending(i), exit)
	case left != "":
		e.nothing("%s", left)
	case e.r.now <= deadline:
		e.nothing("the recording ends before the client has to come back")
	default:
		e.fault(c, c.tracks[i], Finding{Text: "the client did not come back", Measured: "no attempt for " + span(e.r.now-a.KnownAt),
			Expected: "one within " + span(limit)}, c.ending(i))
	}
}

// longest is the longest delay after n attempts, whatever their numbers.
func (b Backoff) longest(n int, attempts []Attempt) time.Duration {
	longest := b.Initial
	previous := b.First
	for _, a := range attempts {
		previous = max(previous, a.Delay)
		if a.Hidden != "" || a.Before == DelayNotSeen {
			n = math.MaxInt // there may have been any number of them
		}
	}
	for i := 1; i <= min(n, 64); i++ {
		_, high := b.Window(i, previous)
		longest = max(longest, high)
	}
	return longest
}

// ending is with what the client knew that an attempt was over.
func (c *client) ending(i int) *timeline.Event {
	t := c.tracks[i]
	if _, ev, ok := t.over(); ok {
		return ev
	}
	return &t.events[len(t.events)-1]
}

// left says why nobody was there to come back any more by a time: the client program
// had ended, or the user disconnected. Empty if somebody was.
func (e *exam) left(by time.Duration) string {
	if e.disconnected(by) {
		return "the client was told to disconnect before it had to come back"
	}
	for _, run := range e.r.runs {
		switch exit := run.exit; {
		case exit == nil || exit.At > by:
		case exit.Rule != "":
			return "the client program was stopped before it had to come back"
		case badExit(exit):
			return "the client program failed before it had to come back, which R17-survives judges"
		default:
			return "the client program had ended"
		}
	}
	return ""
}

// badExit reports whether a program ended by a signal or with a code other than 0.
func badExit(exit *timeline.Event) bool {
	return exit.Field("signal") != "" || exit.Field("code") != "0"
}

// quit is the exit of the client's program, by itself and as if all were well, though
// its last attempt was over and it had promised to make another. It is nil if there
// was none, or if it had a reason.
func (e *exam) quit(c *client, i int) *timeline.Event {
	if e.policy.Backoff.IsZero() || c.unsure != "" || i+1 < len(c.attempts) || !c.attempts[i].Ended || e.mayStop(c, i) != "" {
		return nil
	}
	exit, ending := e.r.soleExit(c.attempts[i].RequestedAt), c.ending(i)
	if exit == nil || exit.Rule != "" || badExit(exit) || !precedes(ending, exit) {
		return nil
	}
	if e.disconnected(exit.At) {
		return nil
	}
	return exit
}

// disconnected reports whether the user told the client to disconnect by a time.
func (e *exam) disconnected(by time.Duration) bool {
	name := e.policy.Reports.Disconnect
	return name != "" && slices.ContainsFunc(e.r.said, func(said timeline.Event) bool { return said.Field("name") == name && said.At <= by })
}

// soleExit is the exit of the only client program that ran at a time; nil if several
// did, none did, or it runs on.
func (r *recording) soleExit(at time.Duration) *timeline.Event {
	var exit *timeline.Event
	running := 0
	for i := range r.runs {
		if run := &r.runs[i]; run.from <= at && (run.exit == nil || run.exit.At >= at) {
			running++
			exit = run.exit
		}
	}
	if running != 1 {
		return nil
	}
	return exit
}
