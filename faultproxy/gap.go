package faultproxy

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// gap is the time between the ends of a connection's two sides. It holds a
// reference of the link: the second side stays open meanwhile, whatever became of
// the first.
type gap struct {
	side  frame.Direction // that is still to be ended
	timer *time.Timer
}

// endLater ends a side in d, unless it is gone by then. The caller holds a reference.
func (l *link) endLater(d time.Duration, side frame.Direction, how Ending, rule ruleRef) {
	l.refs.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	g := &gap{side: side}
	l.gaps = append(l.gaps, g)
	g.timer = time.AfterFunc(d, func() {
		if l.takeGaps(func(x *gap) bool { return x == g }) > 0 {
			l.endSide(side, how, rule)
			l.leave()
		}
	})
}

// skipGaps says that a side is gone: nobody need wait to end it. The caller holds
// a reference.
func (l *link) skipGaps(side frame.Direction) {
	for range l.takeGaps(func(g *gap) bool { return g.side == side }) {
		l.leave()
	}
}

// takeGaps removes gaps and returns how many; their references are the caller's now.
func (l *link) takeGaps(which func(*gap) bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.gaps)
	l.gaps = slices.DeleteFunc(l.gaps, func(g *gap) bool {
		if which(g) {
			g.timer.Stop()
			return true
		}
		return false
	})
	return before - len(l.gaps)
}
