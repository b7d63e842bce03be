package faultproxy

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// slot is what one rule keeps for one connection. The link's mutex guards it.
type slot struct {
	counter counter
	denied  bool       // "not applied" was recorded
	told    bool       // that it acts on everything was recorded
	drawn   bool       // it was decided whether the rule is about this connection
	chosen  bool       // and it is
	starves *armed     // what swallows bytes, of which the timeout is watched
	wire    *[2]memory // of a shaper, by direction; each guarded by its lane's mutex
}

// memory returns what a shaper remembers of a direction.
func (l *link) memory(a *armed, dir frame.Direction) *memory {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slot(a)
	if s.wire == nil {
		s.wire = new([2]memory)
	}
	return &s.wire[dirIndex(dir)]
}

// slot returns what a rule keeps for this connection. The mutex is held.
func (l *link) slot(a *armed) *slot {
	s := l.slots[a.tally]
	if s == nil {
		if l.slots == nil {
			l.slots = make(map[*tally]*slot)
		}
		s = &slot{}
		l.slots[a.tally] = s
	}
	return s
}

// forget drops what is kept for a rule that is no longer in force.
func (l *link) forget(a *armed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.slots, a.tally)
	delete(l.chances, a.Name)
}

// chance returns the stream of chance of a rule in a direction of this connection.
func (l *link) chance(name string, dir frame.Direction) *rand.Rand {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := 2
	if dir == frame.ToServer || dir == frame.ToClient {
		i = dirIndex(dir)
	}
	streams := l.chances[name]
	if streams == nil {
		if l.chances == nil {
			l.chances = make(map[string]*[3]*rand.Rand)
		}
		streams = new([3]*rand.Rand)
		l.chances[name] = streams
	}
	if streams[i] == nil {
		streams[i] = rand.New(&sharedSource{src: l.p.stream(name, l.num, i)})
	}
	return streams[i]
}

// sharedSource is a source of chance for goroutines that may draw at the same time,
// as timers and callers do.
type sharedSource struct {
	mu  sync.Mutex
	src rand.Source
}

func (s *sharedSource) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Uint64()
}

// admit counts an occurrence for a rule and reports whether it acts. If so one of
// its Times is taken, so that two directions or connections never share one;
// giveBack returns it.
func (l *link) admit(a *armed, dir frame.Direction) bool {
	a.seen.Add(1)
	var chance *rand.Rand
	if a.OneIn > 1 {
		chance = l.chance(a.Name, dir)
	}
	acts := false
	l.counted(a, func(c *counter) {
		if acts = a.admits(c, chance); acts {
			c.fired++
		}
	})
	return acts
}

// giveBack says that a rule that was admitted found nothing to do.
func (l *link) giveBack(a *armed) { l.counted(a, func(c *counter) { c.fired-- }) }

// counted hands out the counter of a rule under the mutex that guards it.
func (l *link) counted(a *armed, f func(*counter)) {
	if a.perProxy() {
		a.mu.Lock()
		defer a.mu.Unlock()
		f(&a.counter)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.slot(a).counter)
}

// fire counts and records that a rule acted.
func (l *link) fire(a *armed, dir frame.Direction, at time.Duration) {
	a.fired.Add(1)
	l.recordFault(a, dir, at)
}

func (l *link) recordFault(a *armed, dir frame.Direction, at time.Duration) {
	l.record(timeline.Record{Kind: timeline.KindFault, At: at, Rule: a.id, Dir: dir,
		Fields: []timeline.Field{{Name: "does", Value: a.Do.String()}}})
}

// deny records, once for each rule, that it could not act on this connection.
func (l *link) deny(a *armed, dir frame.Direction, why string) {
	l.mu.Lock()
	s := l.slot(a)
	first := !s.denied
	s.denied = true
	l.mu.Unlock()
	if first {
		l.notApplied(a.id, dir, why)
	}
}

// pathDelay is how long the rules of the path hold what leaves in a direction at
// a time.
// ending says that it is the end that leaves.
func (l *link) pathDelay(rules *ruleSet, dir frame.Direction, at time.Duration, ending bool) time.Duration {
	list := rules.delays[dirIndex(dir)]
	if len(list) == 0 {
		return 0
	}
	p := Plan{stage: StagePath, conn: l.num, at: at, dir: dir, ending: ending}
	for _, a := range list {
		if _, ends := a.Do.(SlowClose); ends && !ending {
			continue
		}
		if !a.inWindow(at) || !l.selected(a) || !l.admit(a, dir) || !p.run(a, l) {
			continue
		}
		l.firePath(a, dir, at)
		if a.Final {
			break
		}
	}
	return p.delay
}

// firePath counts that a rule of the path acted.
func (l *link) firePath(a *armed, dir frame.Direction, at time.Duration) {
	a.fired.Add(1)
	if l.first(a) {
		l.recordFault(a, dir, at)
	}
}

// first reports whether this is the first time that a rule of the path acts on the
// connection. Only that is recorded: such a rule acts on everything.
func (l *link) first(a *armed) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.slot(a)
	first := !s.told
	s.told = true
	return first
}
