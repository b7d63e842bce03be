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
)

// A Timing is a trigger that time pulls on an open connection: see [Elapsed],
// [Every] and [Idle].
type Timing struct {
	kind timing
	d    time.Duration
	by   frame.Direction
	lazy time.Duration
}

// Elapsed happens once, d after the connection opened (or after the rule was
// added, if that is later). [timeline.Opened] is Elapsed(0).
func Elapsed(d time.Duration) Timing { return Timing{kind: elapsed, d: d} }

// Every happens every d after the connection opened (or the rule was added).
func Every(d time.Duration) Timing { return Timing{kind: every, d: d} }

// Idle happens when no byte has arrived from either peer for d. Any byte counts,
// pings too; what the proxy itself injects or releases late does not, nor do
// bytes from a peer that a rule silences.
func Idle(d time.Duration) Timing { return Timing{kind: idle, d: d, by: frame.Both} }

// ResetBy makes an idle trigger count only bytes travelling in the given
// direction: [frame.ToServer] for what the client sends. Proxies differ in this;
// nginx and most others count both.
func (t Timing) ResetBy(d frame.Direction) Timing { t.by = d; return t }

// Lazy makes an idle trigger keep its old deadline when activity would move it by
// less than d, so that it may come up to d early. nginx does this with 300 ms
// (NGX_TIMER_LAZY_DELAY).
func (t Timing) Lazy(d time.Duration) Timing { t.lazy = d; return t }

// String returns words such as "elapsed 30s" or "idle 1m0s".
func (t Timing) String() string {
	s := [...]string{"elapsed", "every", "idle"}[t.kind] + " " + t.d.String()
	if t.kind == idle && t.by != frame.Both {
		s += " " + t.by.String()
	}
	if t.lazy > 0 {
		s += fmt.Sprintf(" (up to %v early)", t.lazy)
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
		case on.d < 0, on.d == 0 && on.kind != elapsed:
			return 0, fmt.Errorf("%q needs a time above zero", on)
		case on.kind != idle && (on.by != 0 || on.lazy != 0):
			return 0, fmt.Errorf("%q: only an idle trigger has a direction or is lazy", on)
		case on.kind == idle && on.by == 0:
			return 0, fmt.Errorf("%q is reset by nothing: give ResetBy a direction", on)
		case on.lazy < 0 || on.lazy >= on.d && on.lazy > 0:
			return 0, fmt.Errorf("%q: lazy must be less than the idle time", on)
		}
		return StageTime, nil
	case frame.Match:
		return StageFrame, nil
	case timeline.Moment:
		if on == timeline.Opened {
			return StageTime, nil
		}
	}
	return 0, fmt.Errorf("a rule cannot be hung on %q: use a frame match, Accepted, Requested, Responded, timeline.Opened, Elapsed, Every or Idle", on)
}

// timingOf returns the time trigger that on stands for.
func timingOf(on frame.Trigger) Timing {
	if t, ok := on.(Timing); ok {
		return t
	}
	return Elapsed(0)
}
