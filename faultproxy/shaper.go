package faultproxy

import (
	"math/rand/v2"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// A shaper is a fault of the path that decides over bytes as they are about to leave.
// It is asked about a chunk and what it remembers of the direction, does nothing
// itself, and is told what left.
type shaper interface {
	Fault
	along() frame.Direction
	// paces reports whether it holds bytes back for long.
	paces() bool
	// piece says how many bytes of the chunk leave together next; 0: none ever will,
	// the connection ends.
	piece(m *memory, c chunk, chance *rand.Rand) int
	// when says at what time they leave; forGood: never.
	when(m *memory, c chunk) time.Duration
	// left notes that they leave, and when they were to.
	left(m *memory, c chunk, at time.Duration)
}

// chunk is bytes that may leave, as far as the rules before are concerned.
type chunk struct {
	n    int
	came time.Duration // when they could have left were there no shapers; equal for what arrived together
	now  time.Duration
	at   time.Duration // when they can, as far as the shapers before are concerned
}

// memory is what a shaper remembers of one direction of one connection.
type memory struct {
	free  time.Duration // when the next bytes may leave
	start time.Duration // when the line was last idle; when the piece in progress left
	count int64         // bytes since the line was idle, or in all
	rate  int
	room  int // what is left of the piece in progress
	begun bool
	came  time.Duration // with what it arrived
}

// ender is a shaper that ends the connection.
type ender interface{ end() End }

// shaping is a shaper in force on a lane.
type shaping struct {
	shaper
	a      *armed
	m      *memory
	chance *rand.Rand

	// Of the chunk in hand.
	asked, acted, told bool
	from, at           time.Duration
}

// shapes is what a lane keeps of its shapers.
type shapes struct {
	by    *ruleSet // the rules that list was worked out from
	list  []*shaping
	begun []item // at most one: the rest of an item of which a part has left
	endBy *armed // the rule that ends the connection, behind what has left
}

// busy reports whether something is in the middle of leaving. The mutex is held.
func (s *shapes) busy() bool { return s != nil && (len(s.begun) > 0 || s.endBy != nil) }

// ends reports whether the connection ends here. The mutex is held.
func (s *shapes) ends() bool { return s != nil && s.endBy != nil }

// drop forgets what is leaving. The mutex is held.
func (s *shapes) drop() {
	if s != nil {
		s.begun, s.endBy = nil, nil
	}
}

// shapers returns what shapes this lane under the rules in force. The mutex is held.
func (ln *lane) shapers() []*shaping {
	o, l := &ln.out, ln.l
	rules := l.p.rules.Load()
	inForce := rules.shapers[dirIndex(ln.dir)]
	if o.shapes == nil {
		if len(inForce) == 0 {
			return nil
		}
		o.shapes = &shapes{}
	}
	s := o.shapes
	if s.by == rules {
		return s.list
	}
	s.by, s.list = rules, nil
	for _, a := range inForce {
		if l.selected(a) {
			s.list = append(s.list, &shaping{shaper: a.Do.(shaper), a: a,
				m: l.memory(a, ln.dir), chance: l.chance(a.Name, ln.dir)})
		}
	}
	return s.list
}

// paced reports whether a shaper holds bytes back. The mutex is held.
func (ln *lane) paced() bool {
	for _, s := range ln.shapers() {
		if s.paces() && s.a.inWindow(ln.l.tl.Now()) {
			return true
		}
	}
	return false
}

// shaped is what the shapers make of bytes that may leave.
type shaped struct {
	n    int           // how many leave now
	wait time.Duration // if none do: how long to wait before asking again; negative: until woken
	lost bool          // they go nowhere
	end  *armed        // the rule that ends the connection, behind them
}

// shape asks the shapers about n bytes that may leave, and tells them which do. The
// mutex is held.
func (ln *lane) shape(n int, came, now time.Duration) shaped {
	c := chunk{n: n, came: came, now: now, at: came}
	v := shaped{}
	again := forGood // when a window ends, whatever they say
	list := ln.shapers()
	for _, s := range list {
		if s.asked = !v.lost && s.a.inWindow(now); !s.asked {
			continue
		}
		if s.a.For > 0 {
			again = min(again, s.a.windowEnd())
		}
		k := s.piece(s.m, c, s.chance)
		if k == 0 && !s.m.begun {
			s.m.begun = true
			return shaped{end: s.a}
		}
		_, swallows := s.shaper.(DiscardBytes)
		_, counts := s.shaper.(ender)
		v.lost = swallows || k == 0
		s.acted = swallows || !counts && k < c.n // what ends the connection acts then
		if !v.lost {
			c.n = k
		}
	}
	for _, s := range list {
		if s.asked {
			s.from, s.at = c.at, s.when(s.m, c)
			if _, ends := s.shaper.(ender); !ends {
				s.acted = s.acted || s.at > c.at
			}
			c.at = s.at
		}
	}
	for _, s := range list {
		if s.asked && s.acted && !s.told {
			s.told = true
			ln.l.firePath(s.a, ln.dir, now)
		}
	}
	switch {
	case c.at <= now:
	case c.at == forGood && again == forGood:
		return shaped{wait: -1}
	default:
		return shaped{wait: min(c.at, again) - now}
	}
	for _, s := range list {
		if _, resets := s.shaper.(ResetPeer); resets && s.asked {
			return shaped{end: s.a}
		}
	}
	for _, s := range list {
		if s.asked {
			v.end = ln.leaves(s, chunk{n: c.n, came: came, now: now, at: s.from})
		}
	}
	v.n = c.n
	return v
}

// leaves tells a shaper what leaves, and returns its rule if that ends the connection.
func (ln *lane) leaves(s *shaping, c chunk) (end *armed) {
	s.a.seen.Add(1)
	s.told = false
	s.left(s.m, c, s.at)
	switch f := s.shaper.(type) {
	case Limit:
		if s.m.count >= int64(f.Bytes) && !s.m.begun {
			s.m.begun = true
			return s.a
		}
	case DiscardBytes:
		if s.a.For > 0 && !s.m.begun {
			s.m.begun = true
			ln.l.after(s.a.windowEnd()-c.now, func() { ln.l.cripple(s.a) })
		}
	}
	return nil
}

// reshape makes the lanes look at the shapers again: other rules are in force.
func (l *link) reshape() {
	l.each(frame.Both, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		ln.out.makeRoom()
		ln.kick()
	})
}
