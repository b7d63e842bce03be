package faultproxy

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Drop keeps a frame from going on. The rest of a fragmented message goes with
// its first frame.
type Drop struct{}

// Stages of Drop: a frame.
func (Drop) Stages() Stage { return StageFrame }

// Apply drops the frame in hand.
func (Drop) Apply(p *Plan) { p.Drop() }

func (Drop) String() string { return "drop" }

// Latency delays by Delay plus or minus a uniformly distributed share of Jitter.
// Without a trigger it delays the path: everything that travels in direction Dir
// (zero: both), order kept, ends and handshake too. Hung on a frame, it delays
// that frame and so everything behind it.
type Latency struct {
	Delay, Jitter time.Duration
	Dir           frame.Direction
}

// Stages of Latency: the path, or a frame.
func (Latency) Stages() Stage { return StagePath | StageFrame }

// Apply delays what is in hand.
func (f Latency) Apply(p *Plan) {
	if p.stage == StagePath && f.Dir != 0 && !f.Dir.Has(p.dir) {
		return
	}
	p.Delay(p.Jitter(f.Delay, f.Jitter))
}

// along is the direction whose path it delays.
func (f Latency) along() frame.Direction { return orBoth(f.Dir) }

// Validate refuses negative times.
func (f Latency) Validate() error { return nonNegative("latency", f.Delay, f.Jitter) }

func (f Latency) String() string {
	s := "latency " + withJitter(f.Delay, f.Jitter)
	if f.Dir != 0 && f.Dir != frame.Both {
		s += " " + f.Dir.String()
	}
	return s
}

// Late holds a frame alone for By, plus or minus a share of Jitter; what comes
// behind it passes. It applies to control frames, and to whole messages unless
// they are compressed with context takeover.
type Late struct{ By, Jitter time.Duration }

// Stages of Late: a frame.
func (Late) Stages() Stage { return StageFrame }

// Apply makes the frame in hand late.
func (f Late) Apply(p *Plan) { p.Late(p.Jitter(f.By, f.Jitter)) }

// Validate refuses negative times.
func (f Late) Validate() error { return nonNegative("late", f.By, f.Jitter) }

func (f Late) String() string { return "late " + withJitter(f.By, f.Jitter) }

// Duplicate sends a frame Copies more times, right behind itself. Zero is once more.
type Duplicate struct{ Copies int }

// Stages of Duplicate: a frame.
func (Duplicate) Stages() Stage { return StageFrame }

// Apply duplicates the frame in hand.
func (f Duplicate) Apply(p *Plan) { p.Duplicate(max(f.Copies, 1)) }

// Validate refuses more than 1000 copies, and negative numbers.
func (f Duplicate) Validate() error {
	if f.Copies < 0 || f.Copies > 1000 {
		return fmt.Errorf("duplicate: copies is %d; want 0 to 1000", f.Copies)
	}
	return nil
}

func (f Duplicate) String() string {
	if f.Copies > 1 {
		return fmt.Sprintf("duplicate %d times", f.Copies)
	}
	return "duplicate"
}

// Replace sends With in a frame's place. Toward the server it is masked.
type Replace struct{ With frame.Frame }

// Stages of Replace: a frame.
func (Replace) Stages() Stage { return StageFrame }

// Apply replaces the frame in hand.
func (f Replace) Apply(p *Plan) { p.Replace(f.With) }

func (f Replace) String() string { return "replace with " + f.With.String() }

func orToClient(d frame.Direction) frame.Direction {
	if d == 0 {
		return frame.ToClient
	}
	return d
}

func orBoth(d frame.Direction) frame.Direction {
	if d == 0 {
		return frame.Both
	}
	return d
}

func withJitter(d, jitter time.Duration) string {
	if jitter == 0 {
		return d.String()
	}
	return d.String() + "±" + jitter.String()
}

func nonNegative(what string, ds ...time.Duration) error {
	for _, d := range ds {
		if d < 0 {
			return fmt.Errorf("%s: %v is negative", what, d)
		}
	}
	return nil
}
