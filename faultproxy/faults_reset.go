package faultproxy

import (
	"math/rand/v2"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// ResetPeer resets both sides Delay after the first bytes or the FIN that come in
// direction Dir (zero: either), from when the rule is in force; what comes there
// meanwhile stays in the proxy, up to 256 KiB. An idle connection lives on.
type ResetPeer struct {
	Delay time.Duration
	Dir   frame.Direction
}

// Stages of ResetPeer: the path.
func (ResetPeer) Stages() Stage { return StagePath }

// Apply edits nothing: the connection ends as bytes are about to leave.
func (ResetPeer) Apply(*Plan) {}

// Validate refuses a negative delay.
func (f ResetPeer) Validate() error { return nonNegative("reset-peer", f.Delay) }

func (f ResetPeer) String() string {
	s := "reset-peer"
	if f.Delay > 0 {
		s += " " + f.Delay.String() + " after something came"
	}
	return s + oneWay(f.Dir)
}

func (f ResetPeer) along() frame.Direction { return orBoth(f.Dir) }

func (ResetPeer) end() End { return End{Client: RST, Server: RST} }

func (ResetPeer) paces() bool { return true }

func (ResetPeer) piece(_ *memory, c chunk, _ *rand.Rand) int { return c.n }

func (f ResetPeer) when(m *memory, c chunk) time.Duration {
	if !m.begun {
		m.begun, m.start = true, c.at
	}
	return max(c.at, m.start+f.Delay)
}

func (ResetPeer) left(*memory, chunk, time.Duration) {}

// shapeFIN asks the shapers about a FIN that may leave: it does unless one of them ends
// the connection instead, now or after a wait. The mutex is held.
func (ln *lane) shapeFIN(came, now time.Duration) (end *armed, wait time.Duration) {
	for _, s := range ln.shapers() {
		f, resets := s.shaper.(ResetPeer)
		if !resets || !s.a.inWindow(now) {
			continue
		}
		at := f.when(s.m, chunk{at: came})
		if at <= now {
			return s.a, 0
		}
		if s.a.For > 0 {
			at = min(at, s.a.windowEnd())
		}
		return nil, at - now
	}
	return nil, 0
}
