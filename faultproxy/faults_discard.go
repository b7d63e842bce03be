package faultproxy

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// DiscardBytes swallows the bytes of direction Dir (zero: both) from the next one on,
// within a frame too; ends still pass. Nobody could read what came later, so when the
// rule is removed or its window is over, both sides of a connection that lost bytes
// are closed. [Discard] swallows whole frames, and can be healed.
type DiscardBytes struct {
	Dir frame.Direction
	// Timeout closes both sides once nothing has arrived in direction Dir for so long,
	// in either of them if it is both, counted from the opening or the rule's addition
	// at the earliest. 0: never.
	Timeout time.Duration
}

// Stages of DiscardBytes: the path.
func (DiscardBytes) Stages() Stage { return StagePath }

// Apply edits nothing: bytes are swallowed as they are about to leave.
func (DiscardBytes) Apply(*Plan) {}

// Validate refuses a negative timeout.
func (f DiscardBytes) Validate() error { return nonNegative("discard-bytes", f.Timeout) }

func (f DiscardBytes) String() string {
	s := "discard-bytes" + oneWay(f.Dir)
	if f.Timeout > 0 {
		s += ", until nothing came for " + f.Timeout.String()
	}
	return s
}

func (f DiscardBytes) along() frame.Direction { return orBoth(f.Dir) }

func (DiscardBytes) paces() bool { return false }

func (DiscardBytes) piece(_ *memory, c chunk, _ *rand.Rand) int { return c.n }

func (DiscardBytes) when(_ *memory, c chunk) time.Duration { return c.at }

func (DiscardBytes) left(m *memory, c chunk, _ time.Duration) { m.count += int64(c.n) }

// starve sees to the timeouts of what swallows bytes, whether or not any come.
func (l *link) starve() {
	for _, a := range l.p.rules.Load().starving {
		if !l.selected(a) {
			continue
		}
		l.mu.Lock()
		s := l.slot(a)
		watched := s.starves == a
		s.starves = a
		l.mu.Unlock()
		if watched {
			continue
		}
		for _, dir := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
			if a.Do.(DiscardBytes).along().Has(dir) {
				l.starved(a, dir)
			}
		}
	}
}

// starved ends the connection if nothing came in a direction for as long as a rule
// allows, or looks again when that can be.
func (l *link) starved(a *armed, dir frame.Direction) {
	now := l.tl.Now()
	last := max(l.opened, a.added+a.After, time.Duration(l.active[dirIndex(dir)].Load()))
	due := last + a.Do.(DiscardBytes).Timeout
	switch {
	case !slices.Contains(l.p.rules.Load().starving, a), a.For > 0 && max(now, due) >= a.windowEnd():
	case now < due:
		l.after(due-now, func() { l.starved(a, dir) })
	default:
		l.firePath(a, dir, now)
		l.endBoth(End{Client: FullClose, Server: FullClose}, a.id)
	}
}

// cripple ends a connection of which a rule has swallowed bytes, now that it no
// longer does.
func (l *link) cripple(a *armed) {
	if _, ok := a.Do.(DiscardBytes); !ok {
		return
	}
	for _, dir := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		ln := l.lane(dir)
		ln.mu.Lock()
		m := l.memory(a, dir)
		lost := m.count > 0
		*m = memory{}
		ln.mu.Unlock()
		if lost {
			l.endBoth(End{Client: FullClose, Server: FullClose}, a.id)
		}
	}
}
