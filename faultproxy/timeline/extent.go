package timeline

import (
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Closed reports whether the owner of the timeline has closed it: nothing more will
// happen. A recording that was read back is closed.
func (t *Timeline) Closed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

// Recorded reports whether the timeline was read back from a recording.
func (t *Timeline) Recorded() bool { return t.recorded }

// Newest returns the time of the newest event, since the start; 0 if there is none.
func (t *Timeline) Newest() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Duration(t.newest)
}

// Whole returns the view without its beginning: it shows also what happened before.
func (v *View) Whole() *View {
	w := *v
	w.from, w.begin = 1, nil
	return &w
}

// Lifecycle returns the part of the view that tells how connections came and went: all
// but runs of bytes and frames, of which Closes are left. It is cheap to read, however
// much was sent.
func (v *View) Lifecycle() *View {
	w := *v
	w.noData = true
	return &w
}

// isData reports whether a record is left out of a lifecycle.
func (f flags) isData() bool {
	k := f.kind()
	return k.evictable() && !(k == KindFrame && frame.Opcode(f>>opcodeShift&15) == frame.OpClose)
}

// Vantage returns where everything that the view shows was seen; ok is false if it
// shows what any vantage point saw.
func (v *View) Vantage() (from Vantage, ok bool) {
	for _, p := range []Vantage{AtProxy, AtServer} {
		if v.vantage == p.mask() {
			return p, true
		}
	}
	return 0, false
}

// BeganAt returns when the part of the timeline that the view shows begins, since
// the start: the time of the event it begins with, and the grace period after that.
// 0 if the view shows everything, or has not begun.
func (v *View) BeganAt() time.Duration {
	var at time.Duration
	if v.from > 1 {
		at = v.t.timeOf(v.from - 1)
	}
	if b := v.begin; b != nil {
		if _, begun := b.seq(); begun {
			at = max(at, b.at+b.grace) // neither changes once it has begun
		}
	}
	return at
}

// Beginning says what the view begins with, such as "the end of connection 1" or a
// note; "" if it shows everything.
func (v *View) Beginning() string {
	switch {
	case v.begin != nil:
		return v.begin.String()
	case v.from <= 1:
		return ""
	}
	for e := range v.t.From(v.from - 1).All() {
		if e.Seq == v.from-1 && e.Kind == KindNote {
			return noted(e.Field("name")).String()
		}
		break
	}
	return "event " + strconv.Itoa(v.from)
}

// timeOf returns the time of the event of that number, or of the last one before it
// that is still there.
func (t *Timeline) timeOf(seq int) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.locate(seq)
	if i == len(t.chunks) {
		return time.Duration(t.newest)
	}
	c := t.chunks[i]
	j := c.find(seq)
	switch {
	case j < len(c.records) && c.seq(j) == seq:
		return time.Duration(c.records[j].at)
	case j > 0:
		return time.Duration(c.records[j-1].at)
	}
	return time.Duration(t.timeBefore(i))
}
