package timeline

import (
	"math"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/bubble"
)

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
	if !t.recorded && bubble.Current() == t.bubble {
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
			if r.Alone {
				rec.flags |= flagAlone
			}
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
	if r.Queued {
		rec.flags |= flagQueued
	}
	if r.Vantage == AtServer {
		rec.flags |= flagServer
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
	} else {
		t.countClient(r.Kind)
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
		if !c.full(t.limits.chunkBytes()) && uint64(t.last-c.first) < math.MaxUint32 {
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
	if t.bubble != 0 && bubble.Current() != t.bubble {
		t.stranger = true
		return
	}
	close(t.wake)
	t.wake, t.wanted = nil, 0
}
