package timeline

import (
	"math"
	"slices"
)

// gap is a run of events that are no longer there.
type gap struct {
	first, last int // sequence numbers
	count       int
	at          int64 // time of the event before it
}

// evict makes room while the timeline is over its limits. Each call does a
// bounded amount of work; the next goes on where it stopped.
func (t *Timeline) evict() {
	const most = 16 // chunks looked at
	for range most {
		if t.held <= t.limits.Events && t.bytes <= t.limits.Bytes {
			return
		}
		open := len(t.chunks) - 1
		if i := t.locate(t.ended); i < open {
			t.ended = t.chunks[i].last + 1
			t.thin(i, true)
		} else if i := t.locate(t.live); i < open {
			t.live = t.chunks[i].last + 1
			t.thin(i, false)
		} else {
			return
		}
	}
}

// locate returns the index of the first chunk that may hold events from seq on.
func (t *Timeline) locate(seq int) int {
	i, _ := slices.BinarySearchFunc(t.chunks, seq, func(c *chunk, seq int) int { return c.last - seq })
	return i
}

// thin replaces a chunk by one without its frames: those of ended connections, or
// all. What is left joins the chunk before, if there is room.
func (t *Timeline) thin(i int, onlyEnded bool) {
	old := t.chunks[i]
	goes := make([]bool, len(old.records))
	stay, bytes := 0, 0
	for j := range old.records {
		r := &old.records[j]
		goes[j] = r.flags.kind().evictable() && (!onlyEnded || t.endedConn(r.conn))
		if !goes[j] {
			stay++
			bytes += old.dataSize(r)
		}
	}
	at := t.timeBefore(i)
	for j := range old.records {
		if goes[j] {
			t.held--
		}
		if c := t.conns.get(old.records[j].conn); c != nil {
			c.mark(old.seq(j), at, goes[j])
		}
		at = old.records[j].at
	}
	if stay == len(old.records) {
		return
	}
	t.bytes -= old.memory()
	if stay == 0 {
		t.chunks = slices.Delete(t.chunks, i, i+1)
		return
	}
	into := &chunk{first: old.first, last: old.last}
	if i > 0 && t.chunks[i-1].joins(old, stay, bytes) {
		before := t.chunks[i-1]
		t.bytes -= before.memory()
		into.first = before.first
		into.make(stay+len(before.records), bytes+before.used)
		for j := range before.records {
			into.adopt(before, j)
		}
		t.chunks = slices.Delete(t.chunks, i-1, i)
		i--
	} else {
		into.make(stay, bytes)
	}
	for j := range old.records {
		if !goes[j] {
			into.adopt(old, j)
		}
	}
	t.bytes += into.memory()
	t.chunks[i] = into
}

// joins reports whether what stays of the next chunk should go into this one.
func (c *chunk) joins(next *chunk, stay, bytes int) bool {
	return len(c.records)+stay <= maxChunk/2 && c.used+bytes <= maxBlock && uint64(next.last-c.first) <= math.MaxUint32
}

// make prepares an empty chunk for exactly so many thinned records and bytes.
func (c *chunk) make(records, bytes int) {
	c.records = make([]record, 0, records)
	c.offsets = make([]uint32, 0, records)
	if bytes > 0 {
		c.blocks = [][]byte{make([]byte, bytes)}
		c.size = bytes
	}
}

// dataSize returns how many bytes of the blocks a record takes.
func (c *chunk) dataSize(r *record) int {
	n := int(r.stored)
	if r.flags&flagFields != 0 {
		n += skipFields(c.data(r)[r.stored:])
	}
	return n
}

// adopt copies a record of another chunk, and its bytes.
func (c *chunk) adopt(from *chunk, i int) {
	r := from.records[i]
	if n := from.dataSize(&r); n > 0 {
		block, offset, room := c.reserve(n)
		copy(room, from.data(&r))
		r.block, r.offset = uint16(block), uint32(offset)
	}
	c.offsets = append(c.offsets, uint32(from.seq(i)-c.first))
	c.records = append(c.records, r)
}

// mark notes that an event of the connection went, or stays. Events that went
// one after the other are one gap.
func (c *conn) mark(seq int, at int64, goes bool) {
	n := len(c.gaps)
	switch {
	case !goes:
		c.kept = c.kept || n > 0 && seq > c.gaps[n-1].last
	case n > 0 && !c.kept && c.gaps[n-1].last < seq:
		c.gaps[n-1].last = seq
		c.gaps[n-1].count++
	default:
		c.gaps = append(c.gaps, gap{first: seq, last: seq, count: 1, at: at})
		c.kept = false
	}
}

func (t *Timeline) endedConn(number uint32) bool {
	c := t.conns.get(number)
	return c != nil && c.ended
}

// timeBefore returns the time of the last event before chunk i, 0 if none.
func (t *Timeline) timeBefore(i int) int64 {
	for i--; i >= 0; i-- {
		if n := len(t.chunks[i].records); n > 0 {
			return t.chunks[i].records[n-1].at
		}
	}
	return 0
}
