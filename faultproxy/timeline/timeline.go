// Package timeline records what happened on the connections of a server or a
// proxy, in the order it happened: handshakes, frames, ends, the faults that were
// injected and what client programs reported.
//
// A [Timeline] is appended to by its owner and read, waited on and followed by
// everyone else, at the same time. What is recorded never changes. Secrets in
// headers and URLs are removed before anything is kept; see [RedactField]. What
// frames carry is kept as it is.
package timeline

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/bubble"
)

// Timeline is the record of what happened. Make one with [New] or [NewWith]; all
// methods may be called by many goroutines at once.
//
// A timeline belongs to the testing/synctest bubble it was made in, if any: its
// times are that bubble's, and only goroutines of that bubble can wait on it.
type Timeline struct {
	start    time.Time
	bubble   uint64
	limits   Limits
	seed     atomic.Uint64
	done     chan struct{} // closed by Close
	recorded bool          // read from a recording: it is over

	mu       sync.Mutex // held for a few instructions, never across a wait
	chunks   []*chunk   // oldest first; the last is being filled
	conns    connTable
	rules    []string
	ruleIDs  map[string]RuleID
	last     int   // sequence number of the newest event
	newest   int64 // its time
	held     int   // events kept
	bytes    int   // memory of the chunks
	gaps     []gap // events that were lost before they came here
	ended    int   // frames of ended connections may remain from here on
	live     int   // frames of any connection remain only from here on
	started  int   // client programs
	exited   int   // of these
	closed   bool
	stranger bool          // an event came from another bubble and woke nobody
	wake     chan struct{} // closed by the next event of a kind in wanted; nil: nobody waits
	wanted   kindSet
}

// New returns an empty timeline that starts now, with default limits.
func New() *Timeline { return NewWith(Limits{}) }

// NewWith returns an empty timeline that starts now.
func NewWith(limits Limits) *Timeline { return newAt(time.Now(), limits) }

func newAt(start time.Time, limits Limits) *Timeline {
	return &Timeline{
		start:   start,
		bubble:  bubble.Current(),
		limits:  limits.withDefaults(),
		done:    make(chan struct{}),
		rules:   []string{""},
		ruleIDs: map[string]RuleID{"": 0},
		ended:   1,
		live:    1,
	}
}

// Start returns when the timeline starts, on the clock of its bubble.
func (t *Timeline) Start() time.Time { return t.start }

// Now returns the time since the start: the At of what happens now. On a
// recording that was read back it is the time of the last event. Outside of the
// timeline's bubble it means nothing.
func (t *Timeline) Now() time.Duration {
	if t.recorded {
		t.mu.Lock()
		defer t.mu.Unlock()
		return time.Duration(t.newest)
	}
	return time.Since(t.start)
}

// PayloadLimit returns how many bytes of a payload are kept; see Limits.Payload. A
// recorder need not hand over more.
func (t *Timeline) PayloadLimit() int { return t.limits.Payload }

// Seed returns the seed of the run; 0 until it is set.
func (t *Timeline) Seed() uint64 { return t.seed.Load() }

// SetSeed sets the seed of the run, which recordings and failures show.
func (t *Timeline) SetSeed(seed uint64) { t.seed.Store(seed) }

// maxRules is how many names fit a RuleID, less the last, which stands for the rest.
const maxRules = 1<<16 - 1

// Intern returns the number that stands for a rule's name in records. The same
// name has the same number. After 65,535 names all others share one, whose name
// says so.
func (t *Timeline) Intern(name string) RuleID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.ruleIDs[name]; ok {
		return id
	}
	valid := clean(name)
	if len(t.rules) >= maxRules {
		valid = "one of too many rules"
	}
	if id, ok := t.ruleIDs[valid]; ok {
		return id
	}
	id := RuleID(len(t.rules))
	t.rules = append(t.rules, valid)
	t.ruleIDs[valid] = id
	return id
}

// RuleName returns the name that a number stands for; "" for 0 and for numbers
// that Intern did not return.
func (t *Timeline) RuleName(id RuleID) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if int(id) < len(t.rules) {
		return t.rules[id]
	}
	return ""
}

// clean returns s as a recording can hold it.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
