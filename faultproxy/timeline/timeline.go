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
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
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
		bubble:  bubble(),
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

// Append records an event and returns its sequence number, counted from 1. It
// copies what it keeps, and never waits. Append before the bytes of an event are
// put on the wire, so that no effect is recorded before its cause.
//
// A KindLost record says that Bytes events (at least one) are missing here; the
// numbers it takes are theirs.
func (t *Timeline) Append(r Record) int { return t.append(&r, false) }

// Note records a note of the kit's user: a name to wait for or to find again.
func (t *Timeline) Note(name string, fields ...Field) int {
	return t.named(KindNote, name, fields)
}

// Report records what a client program said about itself.
func (t *Timeline) Report(name string, fields ...Field) int {
	return t.named(KindReport, name, fields)
}

func (t *Timeline) named(kind Kind, name string, fields []Field) int {
	all := make([]Field, 0, len(fields)+1)
	all = append(append(all, Field{Name: "name", Value: name}), fields...)
	return t.Append(Record{At: t.hereAndNow(), Kind: kind, Fields: all})
}

// hereAndNow is Now for callers that may be outside of the timeline's bubble,
// where the clock is another: the time of the newest event then has to do.
func (t *Timeline) hereAndNow() time.Duration {
	if !t.recorded && bubble() == t.bubble {
		return t.Now()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Duration(t.newest)
}

func (t *Timeline) append(r *Record, truncated bool) int {
	if !r.Kind.known() {
		r.Kind = KindError
		r.Fields = append(r.Fields[:len(r.Fields):len(r.Fields)], Field{Name: "error", Value: "a record without a kind"})
	}
	fields := redactFields(r.Fields)
	size := 0
	if len(fields) > 0 {
		size = fieldsSize(fields)
	}
	rec := record{at: int64(r.At), conn: uint32(max(r.Conn, 0)), rule: r.Rule,
		flags: flags(r.Kind) | flags(r.Dir&3)<<dirShift | flags(r.Seen&3)<<seenShift}
	payload := r.Payload
	if len(payload) > t.limits.Payload {
		payload, truncated = payload[:t.limits.Payload], true
	}
	if r.Kind.isFrame() {
		rec.length = r.Header.Length
		if r.Header.Size < 2 || r.Header.Size > 14 {
			r.Header.Size = shortestSize(r.Header)
		}
		rec.flags |= headerFlags(&r.Header)
		if r.Header.Masked {
			rec.key = r.Header.Key
		}
		if r.Kind == KindFrame && !r.Inflated && uint64(len(payload)) < r.Header.Length {
			truncated = true
		}
		if r.Opaque || !r.Inflated && r.Header.RSV&frame.RSV1 != 0 && !r.Header.Opcode.IsControl() && len(payload) > 0 {
			rec.flags |= flagOpaque
		}
	} else {
		rec.length = uint64(max(r.Bytes, 0))
	}
	if r.Inflated {
		rec.flags |= flagInflated
		truncated = truncated || len(payload) >= t.limits.Payload // cut here, or by its recorder
	}
	if truncated {
		rec.flags |= flagTruncated
	}
	rec.stored = uint32(len(payload))

	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Kind == KindLost {
		return t.lose(r)
	}
	if int(rec.rule) >= len(t.rules) { // not a number of Intern's
		rec.rule = 0
	}
	c := t.room()
	if size+len(payload) > 0 {
		before := c.size
		block, offset, room := c.reserve(len(payload) + size)
		t.bytes += c.size - before
		rec.block, rec.offset = uint16(block), uint32(offset)
		copy(room, payload)
		if r.Kind.isFrame() && r.Header.Masked && !r.Plain {
			frame.Mask(room[:len(payload)], r.Header.Key, 0)
		}
		if size > 0 {
			rec.flags |= flagFields
			encodeFields(room[len(payload):], fields)
		}
	}
	t.last++
	t.held++
	t.newest = rec.at
	c.records = append(c.records, rec)
	if c.offsets != nil {
		c.offsets = append(c.offsets, uint32(t.last-c.first))
	}
	c.last = t.last
	if rec.conn != 0 {
		t.touch(rec.conn, r.Kind)
	}
	if t.held > t.limits.Events || t.bytes > t.limits.Bytes {
		t.evict()
	}
	if t.wake != nil && t.wanted.has(r.Kind) {
		t.rouse()
	}
	return t.last
}

// room returns the chunk that takes the next record, a new one if need be.
func (t *Timeline) room() *chunk {
	if n := len(t.chunks); n > 0 {
		c := t.chunks[n-1]
		if !c.full(t.limits.chunkBytes()) && t.last-c.first < math.MaxUint32 {
			if c.last != t.last && c.offsets == nil {
				t.bytes += c.number()
			}
			return c
		}
	}
	events := t.limits.chunkEvents(len(t.chunks))
	c := &chunk{first: t.last + 1, last: t.last}
	if n := len(t.chunks); n > 0 {
		before := t.chunks[n-1]
		if before.used >= t.limits.chunkBytes() { // full of bytes, not of records
			events = min(events, max(len(before.records)*5/4, minChunk))
		}
		c.expects = before.like(events)
	}
	c.records = make([]record, 0, events)
	t.chunks = append(t.chunks, c)
	t.bytes += c.memory()
	return c
}

// touch notes an event just appended at its connection.
func (t *Timeline) touch(number uint32, kind Kind) {
	c := t.conns.get(number)
	if c == nil {
		c = &conn{number: number, first: t.last}
		t.conns.add(c)
	}
	if kind == KindEnded {
		c.ended = true
		t.ended = min(t.ended, max(c.first, t.live))
	}
}

// lose takes the numbers of events that are missing.
func (t *Timeline) lose(r *Record) int {
	n := max(r.Bytes, 1)
	t.gaps = append(t.gaps, gap{first: t.last + 1, last: t.last + n, count: n, at: t.newest})
	t.last += n
	if t.wake != nil {
		t.rouse()
	}
	return t.last
}

// rouse wakes who waits. From another bubble that is not possible: who waits then
// finds the event when the next one comes, or when its context ends.
func (t *Timeline) rouse() {
	if t.bubble != 0 && bubble() != t.bubble {
		t.stranger = true
		return
	}
	close(t.wake)
	t.wake, t.wanted = nil, 0
}

// clean returns s as a recording can hold it.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
