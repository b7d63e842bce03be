package faultproxy

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A moment is a trigger of the proxy's own: a stage of the handshake, or a time
// on an open connection.
type moment struct {
	stage Stage
	name  string
}

// The moments of a handshake.
var (
	Accepted  frame.Trigger = moment{StageAccept, "accepted"}   // a TCP connection was accepted
	Requested frame.Trigger = moment{StageRequest, "request"}   // an upgrade request was read, the upstream not yet dialed
	Responded frame.Trigger = moment{StageResponse, "response"} // the upstream's answer was read, the client has not seen it
)

func (m moment) String() string { return m.name }
func (moment) IsTrigger()       {}

type timing uint8

const (
	elapsed timing = iota
	every
	idle
	at
)

// A Timing is a trigger that time pulls: see [Elapsed], [Every] and [Idle] for that of
// an open connection, [At] for the proxy's.
type Timing struct {
	kind    timing
	d       time.Duration
	by      frame.Direction
	lazy    time.Duration
	early   time.Duration
	late    time.Duration
	period  time.Duration
	stagger time.Duration
	present bool
}

// Elapsed happens once, d after the connection opened (or after the rule was
// added, if that is later). [timeline.Opened] is Elapsed(0).
func Elapsed(d time.Duration) Timing { return Timing{kind: elapsed, d: d} }

// leastApart is how far apart the times of one trigger are at least, so that a test in
// virtual time, where waiting takes none, gets past them.
const leastApart = time.Millisecond

// Every happens every d after the connection opened (or the rule was added). d is at
// least 1 ms.
func Every(d time.Duration) Timing { return Timing{kind: every, d: d} }

// Idle happens when no byte has arrived from either peer for d. Any byte counts,
// pings too; what the proxy itself injects or releases late does not, nor do
// bytes from a peer that a rule silences. d is at least 1 ms.
//
// While the connection stays idle it happens again every d, unless what the rule did
// lasts: a silence, say, must end first, from when d counts anew, and who ended a side is
// done with the connection.
func Idle(d time.Duration) Timing { return Timing{kind: idle, d: d, by: frame.Both} }

// At happens d after the proxy started (or the rule was added, if that is later), on
// all connections that are open then: to drop everyone at once, to close everyone with
// 1012, to take the port down.
func At(d time.Duration) Timing { return Timing{kind: at, d: d} }

// Every makes an At happen again and again, period apart, to flap on a schedule. period
// is at least 1 ms; 0: once.
func (t Timing) Every(period time.Duration) Timing { t.period = period; return t }

// Staggered makes an At happen on one connection after the other, d apart, in the
// order of their numbers: a rolling restart.
func (t Timing) Staggered(d time.Duration) Timing { t.stagger = d; return t }

// Present limits an At to the connections that were open when it began to count, which
// is when the proxy started or the rule was added: those that a reload finds.
func (t Timing) Present() Timing { t.present = true; return t }

// ResetBy makes an idle trigger count only bytes travelling in the given
// direction: [frame.ToServer] for what the client sends. Proxies differ in this;
// nginx and most others count both.
func (t Timing) ResetBy(d frame.Direction) Timing { t.by = d; return t }

// Lazy makes an idle trigger keep its old deadline when activity would move it by
// less than d, so that it may come up to d early. nginx does this with 300 ms
// (NGX_TIMER_LAZY_DELAY).
func (t Timing) Lazy(d time.Duration) Timing { t.lazy = d; return t }

// Off makes an idle or elapsed trigger happen by chance, at any moment from early before
// its time to late after it, each as likely as the other and drawn anew each time: the
// error of a timer that looks at its connections once a second, say. early must be less
// than the time itself.
func (t Timing) Off(early, late time.Duration) Timing { t.early, t.late = early, late; return t }

var timingNames = [...]string{"elapsed", "every", "idle", "at"}

// String returns words such as "elapsed 30s", "idle 1m0s" or "at 30s and every 1m0s".
func (t Timing) String() string {
	s := timingNames[t.kind] + " " + t.d.String()
	if t.period > 0 {
		s += " and every " + t.period.String()
	}
	if t.stagger > 0 {
		s += fmt.Sprintf(", connections %v apart", t.stagger)
	}
	if t.present {
		s += ", connections that were there"
	}
	if t.kind == idle && t.by != frame.Both {
		s += " " + t.by.String()
	}
	if t.lazy > 0 {
		s += fmt.Sprintf(" (up to %v early)", t.lazy)
	}
	if t.early > 0 || t.late > 0 {
		s += fmt.Sprintf(" (off by chance, %v early to %v late)", t.early, t.late)
	}
	return s
}

// IsTrigger marks a Timing as usable where a trigger is asked for.
func (Timing) IsTrigger() {}

// stageOf says at which stage a trigger happens; nil is "always", on the path.
func stageOf(on frame.Trigger) (Stage, error) {
	switch on := on.(type) {
	case nil:
		return StagePath, nil
	case moment:
		return on.stage, nil
	case Timing:
		switch {
		case on.d < 0, on.d == 0 && (on.kind == every || on.kind == idle):
			return 0, fmt.Errorf("%q needs a time above zero", on)
		case on.period < 0 || on.stagger < 0:
			return 0, fmt.Errorf("%q: a time is negative", on)
		case on.kind != at && (on.period != 0 || on.stagger != 0 || on.present):
			return 0, fmt.Errorf("%q: only At has a period or is staggered, or is about present connections", on)
		case on.kind != idle && (on.by != 0 || on.lazy != 0):
			return 0, fmt.Errorf("%q: only an idle trigger has a direction or is lazy", on)
		case on.kind == idle && on.by == 0:
			return 0, fmt.Errorf("%q is reset by nothing: give ResetBy a direction", on)
		case on.lazy < 0 || on.lazy >= on.d && on.lazy > 0:
			return 0, fmt.Errorf("%q: lazy must be less than the idle time", on)
		case on.early < 0 || on.late < 0:
			return 0, fmt.Errorf("%q: a time is negative", on)
		case on.early+on.late > 0 && on.kind != idle && on.kind != elapsed:
			return 0, fmt.Errorf("%q: only Idle and Elapsed can be off", on)
		case on.early > 0 && on.early >= on.d-on.lazy:
			return 0, fmt.Errorf("%q: early must be less than the time", on)
		case on.d < leastApart && (on.kind == every || on.kind == idle), on.period > 0 && on.period < leastApart:
			return 0, fmt.Errorf("%q comes again too soon: want %v at least", on, leastApart)
		}
		return StageTime, nil
	case frame.Match:
		return StageFrame, nil
	case timeline.Moment:
		if on == timeline.Opened {
			return StageTime, nil
		}
	}
	return 0, fmt.Errorf("a rule cannot be hung on %q: use a frame match, Accepted, Requested, Responded, timeline.Opened, Elapsed, Every, Idle or At", on)
}

// turn says when an At comes for the n-th time (from 0) to what has been there from a
// time on; negative is never. base is what it counts from.
func (t Timing) turn(base, from time.Duration, n int) time.Duration {
	first := base + t.d
	switch {
	case t.present && from > base, t.period == 0 && (n > 0 || first < from):
		return -1
	case t.period == 0:
		return first
	case first < from:
		n += int((from - first + t.period - 1) / t.period)
	}
	return first + time.Duration(n)*t.period
}

// timingOf returns the time trigger that on stands for.
func timingOf(on frame.Trigger) Timing {
	if t, ok := on.(Timing); ok {
		return t
	}
	return Elapsed(0)
}
