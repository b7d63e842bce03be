package timeline

import (
	"math"
	"slices"
	"time"
)

// reader walks the events of a view. It takes one chunk at a time from the
// timeline and never holds the timeline's lock while its user runs.
type reader struct {
	v      *View
	end    int // the last sequence number to read
	at     int // the next one
	told   int // up to here events were yielded, or their loss
	part   chunk
	i      int // next record of part
	rules  []string
	gaps   []gap // of the view, not yet yielded, oldest first
	loaded bool  // part holds the records from at on
	begun  bool  // what the view begins with has happened
}

func (v *View) reader() *reader {
	return &reader{v: v, end: math.MaxInt, at: max(v.from, 1), told: max(v.from, 1) - 1, begun: v.begin == nil}
}

// beginIt moves the reader to where its view begins; false if that is yet to come.
func (r *reader) beginIt() bool {
	last := r.v.t.Last()
	first, begun := r.v.begin.seq()
	if !begun {
		r.at = last + 1 // what a wait is for
		return false
	}
	r.at = max(r.v.from, first)
	r.told, r.begun = r.at-1, true
	return true
}

// next returns the next event there is.
func (r *reader) next() (Event, bool) {
	if !r.begun && !r.beginIt() {
		return Event{}, false
	}
	for {
		if !r.loaded && !r.load() {
			return r.trailing()
		}
		for ; r.i < len(r.part.records); r.i++ {
			seq := r.part.seq(r.i)
			if seq > r.end {
				return r.trailing()
			}
			if len(r.gaps) > 0 && r.gaps[0].first < seq {
				return r.lost(), true
			}
			r.at, r.told = max(r.at, seq+1), seq
			rec := &r.part.records[r.i]
			if r.v.conn != everyConn && rec.conn != uint32(r.v.conn) || !r.v.vantage.shows(rec.flags) || r.v.noData && rec.flags.isData() {
				continue
			}
			e := r.part.event(r.i, r.rules)
			r.i++
			return e, true
		}
		if len(r.gaps) > 0 && r.gaps[0].first <= r.end {
			return r.lost(), true
		}
		r.at = max(r.at, r.part.last+1)
		r.loaded = false
	}
}

func (r *reader) trailing() (Event, bool) {
	if len(r.gaps) > 0 && r.gaps[0].first <= r.end {
		return r.lost(), true
	}
	return Event{}, false
}

func (r *reader) lost() Event {
	g := r.gaps[0]
	r.gaps = r.gaps[1:]
	r.at, r.told = max(r.at, g.last+1), g.last
	e := Event{Seq: g.first, At: time.Duration(g.at), Kind: KindLost, Count: g.count}
	if r.v.conn != everyConn {
		e.Conn = r.v.conn
	}
	return e
}

// load takes the next part of the timeline, and the gaps up to its end.
func (r *reader) load() bool {
	t := r.v.t
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.locate(r.at)
	end := t.last
	if i < len(t.chunks) {
		end = t.chunks[i].last
	}
	if r.v.conn == everyConn {
		r.gaps = t.holes(r.told+1, i)
	} else {
		r.gaps = t.connGaps(uint32(r.v.conn), r.at, end)
	}
	if i == len(t.chunks) {
		return false
	}
	r.part = *t.chunks[i]
	r.rules = t.rules
	r.i = r.part.find(r.at)
	r.loaded = true
	return true
}

// holes returns the runs of sequence numbers that are missing between seq and the
// last event of chunk i, or the end of the timeline.
func (t *Timeline) holes(seq, i int) []gap {
	var gaps []gap
	at := t.timeBefore(i)
	hole := func(to int) {
		if to > seq {
			gaps = append(gaps, gap{first: seq, last: to - 1, count: to - seq, at: at})
		}
	}
	if i == len(t.chunks) {
		hole(t.last + 1)
		return gaps
	}
	c := t.chunks[i]
	from := c.find(seq)
	if from > 0 {
		at = c.records[from-1].at
	}
	if c.offsets == nil { // the numbers are missing in front of the chunk, or not at all
		if seq < c.first {
			hole(c.first)
		}
		return gaps
	}
	for j := from; j < len(c.records); j++ {
		hole(c.seq(j))
		seq = c.seq(j) + 1
		at = c.records[j].at
	}
	return gaps
}

// connGaps returns the gaps of a connection that reach into the numbers from seq
// to end, those included that may be of any connection.
func (t *Timeline) connGaps(number uint32, seq, end int) []gap {
	c := t.conns.get(number)
	var gaps []gap
	if c != nil {
		gaps = within(gaps, c.gaps, seq, end)
	}
	gaps = within(gaps, t.gaps, seq, end)
	slices.SortStableFunc(gaps, func(a, b gap) int { return a.first - b.first })
	return gaps
}

func within(dst, gaps []gap, seq, end int) []gap {
	i, _ := slices.BinarySearchFunc(gaps, seq, func(g gap, seq int) int { return g.last - seq })
	for ; i < len(gaps) && gaps[i].first <= end; i++ {
		dst = append(dst, gaps[i])
	}
	return dst
}
