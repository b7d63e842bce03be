package faultproxy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

type ruleRef = timeline.RuleID

// armed is a rule in force, with what was worked out about it once.
type armed struct {
	Rule
	id    ruleRef
	stage Stage       // where its trigger happens
	match frame.Match // at StageFrame
	needs frame.Needs
	added time.Duration
	boxed bool // it is of the middlebox that the proxy behaves like

	// Totals over all connections; shared with the rule that replaces it.
	*tally
}

// tally counts over the whole proxy.
type tally struct {
	seen, fired atomic.Int64
	mu          sync.Mutex
	counter     counter
	chance      *rand.Rand // of moments that are no connection's
	roll        []int      // the connections that a staggered rule acts on, in turn
	rollOf      int        // at which of its times
	turns       int        // how often its time has come, at StageProxy; guarded by the proxy's mutex
}

// counter is what Skip and Times count; its owner guards it.
type counter struct{ seen, fired int }

// admits counts an occurrence and reports whether the rule acts on it. chance is
// only asked when the rule has OneIn.
func (a *armed) admits(c *counter, chance *rand.Rand) bool {
	c.seen++
	switch {
	case c.seen <= a.Skip, a.Times > 0 && c.fired >= a.Times, a.Spare > 0 && (c.seen-a.Skip)%a.Spare == 0:
		return false
	case a.OneIn > 1:
		return chance.IntN(a.OneIn) == 0
	}
	return true
}

// inWindow reports whether the rule is armed at a time.
func (a *armed) inWindow(at time.Duration) bool {
	from := a.added + a.After
	return at >= from && (a.For == 0 || at < from+a.For)
}

// windowEnd is when a rule with a window is no longer armed.
func (a *armed) windowEnd() time.Duration { return a.added + a.After + a.For }

func (a *armed) perProxy() bool {
	if a.Count != CountDefault {
		return a.Count == CountPerProxy
	}
	return a.stage&(StageAccept|StageRequest|StageResponse|StageProxy) != 0
}

// ruleSet is an immutable list of rules, sorted out by where they are asked, so
// that rules which cannot match cost nothing.
type ruleSet struct {
	all      []*armed
	frames   [2][16][]*armed // by direction and opcode
	path     [2][]*armed     // by direction: whatever shapes or delays all that leaves
	delays   [2][]*armed     // of these, what is asked as it is queued
	shapers  [2][]*armed     // and what is asked as it leaves
	starving []*armed        // and what ends a connection by which nothing comes
	timed    []*armed
	proxied  []*armed
	accept   []*armed
	request  []*armed
	response []*armed
	payload  bool // some rule looks at payloads
}

var emptyRules = &ruleSet{}

func newRuleSet(list []*armed) *ruleSet {
	s := &ruleSet{all: list}
	for _, a := range list {
		switch a.stage {
		case StageAccept:
			s.accept = append(s.accept, a)
		case StageRequest:
			s.request = append(s.request, a)
		case StageResponse:
			s.response = append(s.response, a)
		case StageTime:
			s.timed = append(s.timed, a)
		case StageProxy:
			s.proxied = append(s.proxied, a)
		case StagePath:
			if f, ok := a.Do.(DiscardBytes); ok && f.Timeout > 0 {
				s.starving = append(s.starving, a)
			}
			for i, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
				if along, ok := a.Do.(interface{ along() frame.Direction }); ok && !along.along().Has(d) {
					continue
				}
				s.path[i] = append(s.path[i], a)
				if _, ok := a.Do.(shaper); ok {
					s.shapers[i] = append(s.shapers[i], a)
				} else {
					s.delays[i] = append(s.delays[i], a)
				}
			}
		case StageFrame:
			s.addFrameRule(a)
		}
	}
	return s
}

func (s *ruleSet) addFrameRule(a *armed) {
	s.payload = s.payload || a.needs.Payload
	for i, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		if !a.needs.Dirs.Has(d) {
			continue
		}
		for op := range s.frames[i] {
			if a.needs.Opcodes.Has(frame.Opcode(op)) {
				s.frames[i][op] = append(s.frames[i][op], a)
			}
		}
	}
}

// index of a single direction in arrays of two.
func dirIndex(d frame.Direction) int {
	if d == frame.ToClient {
		return 1
	}
	return 0
}

func (s *ruleSet) find(name string) (int, *armed) {
	for i, a := range s.all {
		if a.Name == name {
			return i, a
		}
	}
	return -1, nil
}

// arm checks a rule and works out what the engine needs to know of it.
func arm(r Rule) (*armed, error) {
	fail := func(format string, args ...any) (*armed, error) {
		return nil, fmt.Errorf("rule %q: %w", r.Name, fmt.Errorf(format, args...))
	}
	if r.Name == callerName || r.Name == closeName {
		return fail("the name is taken: it stands for what is done through a Conn, or by closing the proxy; choose another")
	}
	if r.Do == nil {
		return fail("it has no fault: set Do")
	}
	if v, ok := r.Do.(Validator); ok {
		if err := v.Validate(); err != nil {
			return fail("%w", err)
		}
	}
	if err := r.Conns.validate(); err != nil {
		return fail("%w", err)
	}
	if r.Skip < 0 || r.Times < 0 || r.OneIn < 0 || r.Spare < 0 || r.After < 0 || r.For < 0 {
		return fail("Skip, Times, OneIn, Spare, After and For cannot be negative")
	}
	if r.Spare == 1 {
		return fail("Spare 1 lets everything pass; want 2 or more, or 0 for nothing")
	}
	stage, err := stageOf(r.On)
	if err != nil {
		return fail("%w", err)
	}
	can := r.Do.Stages()
	if t, ok := r.On.(Timing); ok && t.kind == at && can&StageProxy != 0 {
		stage = StageProxy
	}
	if r.On == nil && can&StagePath == 0 {
		stage = can & (StageAccept | StageRequest | StageResponse)
		if can&StageProxy != 0 { // it goes with any moment, so none is its own
			stage = 0
		}
		switch stage {
		case StageAccept, StageRequest, StageResponse:
		case StageRequest | StageResponse, StageAccept | StageRequest | StageResponse:
			stage = StageRequest
		default:
			return fail("%q needs a trigger (on), one that happens at: %v", r.Do, can)
		}
	}
	if can&stage == 0 {
		return fail("%w", mismatch(r, can, stage))
	}
	if v, ok := r.Do.(interface{ validAt(Stage) error }); ok {
		if err := v.validAt(stage); err != nil {
			return fail("%w", err)
		}
	}
	if _, ok := r.Do.(shaper); ok && (r.Skip > 0 || r.Times > 0 || r.OneIn > 1 || r.Spare > 0 || r.Final) {
		return fail("%q acts on all bytes that pass: it has no occurrences to count, and none behind it to stop; use conns for some connections, after and for to limit the time", r.Do)
	}
	if t := timingOf(r.On); stage == StageProxy && (!r.Conns.isZero() || t.stagger > 0 || t.present) {
		return fail("%q is about the port, which is the same for all connections: leave conns and stagger out, and present", r.Do)
	}
	if stage == StageAccept && !r.Conns.isZero() {
		return fail("it cannot be limited to %v: a connection has no number, path or header before its request; use Skip and Times, or hang it on request", r.Conns)
	}
	a := &armed{Rule: r, stage: stage, tally: &tally{}}
	if stage == StageFrame {
		a.match = r.On.(frame.Match)
		a.needs = a.match.Needs()
	}
	return a, nil
}

// mismatch says why a fault cannot hang on a trigger, and what would do.
func mismatch(r Rule, can, stage Stage) error {
	if can == StageFrame {
		return fmt.Errorf("%q needs a frame and %q has none; hang it on a frame match, or use silence or discard", r.Do, r.On)
	}
	if can == StagePath {
		return fmt.Errorf("%q acts on all that passes, so it hangs on nothing: leave the trigger (on) out, and use after and for to limit the time", r.Do)
	}
	return fmt.Errorf("%q acts at: %v; but %q happens at: %v", r.Do, can, r.On, stage)
}

// sameFault reports whether b continues what a does, so that state may be kept.
func sameFault(a, b Fault) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }
