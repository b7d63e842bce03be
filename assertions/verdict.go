package assertions

import (
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// answer is what a recording says about a claim.
type answer uint8

const (
	no answer = iota
	yes
	unclear // it cannot be judged, or not yet
)

// verdict is the answer to a claim, with what a reader needs to believe it.
type verdict struct {
	is    answer
	final bool // nothing that may still happen changes it

	// said is what was measured, a sentence about the client without its end: "The
	// client connected twice". Of an unclear verdict it is why it is unclear.
	said string
	// expected and unexpected say what was asked for, of the claim and of its negation.
	expected, unexpected string
	// advice is what to do where the verdict is unclear.
	advice string

	details []string // more of what was measured, by lines
	apart   bool     // they say it all: no timeline is shown

	conns    []int  // the connections it is about; nil: all
	diagnose []int  // those of them to say more about; nil: all, or the last one if it is about all
	marks    []mark // where to look, in order
}

// mark is a place on the timeline to look at: an event, or a time at which something
// is missing.
type mark struct {
	seq  int           // the event's number; 0: there is none
	at   time.Duration // when, if there is no event
	text string        // what is there to see
}

// is makes yes or no of a bool.
func is(ok bool) answer {
	if ok {
		return yes
	}
	return no
}

// cannot is a verdict that there is none, and what to do about it.
func cannot(why, advice string) verdict { return verdict{is: unclear, said: why, advice: advice} }

// never is cannot, where waiting does not help.
func never(why, advice string) verdict {
	return verdict{is: unclear, final: true, said: why, advice: advice}
}

// unfit is the verdict where a matcher cannot take what was measured.
func unfit(err error) verdict {
	return never("the matcher does not take what was measured: "+strings.TrimSuffix(squeeze(err.Error()), "."), "")
}

// about adds the connections that the verdict is about.
func (v verdict) about(conns ...int) verdict {
	v.conns = conns
	return v
}

// marked adds places to look at.
func (v verdict) marked(marks ...mark) verdict {
	v.marks = append(v.marks, marks...)
	return v
}

// at marks an event.
func at(e timeline.Event, text string) mark { return mark{seq: e.Seq, at: e.At, text: text} }

// missing marks a time.
func missing(when time.Duration, text string) mark { return mark{at: when, text: text} }
