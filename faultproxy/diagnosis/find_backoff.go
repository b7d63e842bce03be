package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// backoff judges one aspect of the delays between each client's attempts, or warns by
// what is wrong with any delays where the policy promises nothing about it.
func (e *exam) backoff(aspect Aspect, unpromised func(c *client)) {
	for _, c := range e.clients {
		switch {
		case c.unsure != "":
			e.blindTo(c, nil, c.unsure)
		case e.policy.promised(e.rule.info.ID):
			e.delays(c, aspect)
		case unpromised == nil:
			e.nothing("the policy promises nothing about it")
		case len(c.attempts) < 2:
			e.nothing("the client did not connect again")
		default:
			unpromised(c)
		}
	}
	e.nothing("nothing is wrong with the delays as far as can be said without a promise")
}

// delays takes over what the model says of a client's attempts.
func (e *exam) delays(c *client, aspect Aspect) {
	verdict := e.policy.Backoff.Judge(c.attempts, e.policy.Leeway())
	for _, v := range verdict.Aspects {
		if v.Aspect != aspect {
			continue
		}
		switch v.Verdict {
		case Broken:
			g := verdict.Gaps[v.Gaps[0]]
			f := Finding{Conn: c.tracks[g.To].conn, Text: v.Text, Measured: v.Measured, Expected: v.Expected}
			if v.More > 0 {
				f.Text += fmt.Sprintf("; the same goes for %d more", v.More)
			}
			if aspect == AspectDelay && g.Least > g.High {
				f.Advice = "look at what holds the attempt up: a lookup, a closing handshake that is waited for, a timer that is set twice; or promise the longer delay"
			}
			e.fault(c, nil, f, c.between(g.From, g.To)...)
		case Kept:
			e.rule.kept++
			e.rule.praise = v.Text
		default:
			e.nothing("%s", v.Text)
		}
	}
}

// between is the evidence of a delay: with what the client knew of the end, and the
// next attempt.
func (c *client) between(from, to int) []*timeline.Event {
	_, ending, _ := c.tracks[from].over()
	return []*timeline.Event{ending, &c.tracks[to].events[0]}
}

// What makes delays look wrong where nothing is promised; all by judgement, no standard
// gives numbers.
const (
	soon       = 100 * time.Millisecond // a delay that is none
	manyEqual  = 5                      // so many equal delays are no accident
	equalShare = 0.05                   // how far equal delays may lie apart
	manyFailed = 4                      // so many failures in a row are enough to see growth
	shortLived = time.Second            // a connection that was not stable
	manyShort  = 3                      // so many of them in a row are a loop
)

// measured reports whether the delay before an attempt is known, and was no one
// else's doing.
func (c *client) measured(i int) bool {
	return i > 0 && c.attempts[i].Before == DelayMeasured && c.attempts[i].Hidden == "" && !c.attempts[i-1].onPurpose
}

// atOnce warns of attempts without a delay. The RFC wants even the first one delayed.
func (e *exam) atOnce(c *client) {
	n := 0
	for i := range c.attempts {
		if !c.measured(i) {
			continue
		}
		if d := c.attempts[i].Delay; d < soon {
			e.fault(c, c.tracks[i], Finding{Text: "the client connected again at once", Measured: span(d),
				Expected: "a delay, a random one at first"}, c.between(i-1, i)...)
		} else {
			n++
		}
	}
	e.kept(n, "attempt", "%s after a delay")
}

// constantDelays warns of delays that do not grow while attempts fail.
func (e *exam) constantDelays(c *client) {
	var run []int // attempts after failed ones, in a row
	judge := func() {
		if len(run) >= manyFailed {
			least, most := c.extent(run)
			if float64(most) <= 1.5*float64(least) {
				last := run[len(run)-1]
				e.fault(c, c.tracks[last], Finding{Text: fmt.Sprintf("%s failed in a row, and the delays did not grow", count(len(run), "attempt")),
					Measured: between(least, most), Expected: "longer and longer delays"}, c.between(run[0]-1, last)...)
			} else {
				e.kept(1, "series of failures", "%s with delays that differ")
			}
		}
		run = run[:0]
	}
	for i := range c.attempts {
		if !c.measured(i) || c.attempts[i-1].Opened {
			judge()
		}
		if c.measured(i) && !c.attempts[i-1].Opened {
			run = append(run, i)
		}
	}
	judge()
}

// extent is the shortest and the longest of the delays before attempts.
func (c *client) extent(attempts []int) (least, most time.Duration) {
	least = forEver
	for _, i := range attempts {
		least, most = min(least, c.attempts[i].Delay), max(most, c.attempts[i].Delay)
	}
	return least, most
}

// equalDelays warns of first delays that are all the same.
func (e *exam) equalDelays(c *client) {
	var first []int
	for i := range c.attempts {
		if c.measured(i) && c.attempts[i-1].Opened {
			first = append(first, i)
		}
	}
	if len(first) < manyEqual {
		e.nothing("%s after a connection, too few to see whether they are all the same", count(len(first), "delay"))
		return
	}
	least, most := c.extent(first)
	if least < soon || float64(most-least) > equalShare*float64(most) {
		e.kept(len(first), "delay", "%s after connections, not all the same")
		return
	}
	last := first[len(first)-1]
	e.fault(c, c.tracks[last], Finding{Text: fmt.Sprintf("the delays after %s are all the same", count(len(first), "connection")),
		Measured: between(least, most), Expected: "random delays, so that not all clients come back at once"}, c.between(last-1, last)...)
}

// resetsTooEarly warns of a loop: connections that do not last, and delays that do not
// grow.
func (e *exam) resetsTooEarly(c *client) {
	var run []int
	told := false // of this run
	for i := range c.attempts {
		before := Attempt{}
		if i > 0 {
			before = c.attempts[i-1]
		}
		if !c.measured(i) || !before.Opened || before.By == Client || before.KnownAt-before.OpenedAt >= shortLived {
			run, told = run[:0], false
			continue
		}
		run = append(run, i)
		if told || len(run) < manyShort {
			continue
		}
		if least, most := c.extent(run); most < shortLived && float64(most) <= 1.5*float64(least)+float64(e.tolerance) {
			told = true
			e.fault(c, c.tracks[i], Finding{Text: fmt.Sprintf("%s in a row lasted less than %s, and the client came back as fast as before",
				count(len(run), "connection"), limitWords(shortLived)), Measured: between(least, most), Expected: "longer and longer delays"}, c.between(run[0]-1, i)...)
		}
	}
}
