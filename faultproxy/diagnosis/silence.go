package diagnosis

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// silence is the time without bytes from one side or either, before the end.
type silence struct {
	dir     frame.Direction // Both: from neither
	idle    time.Duration   // the last one, up to the end
	longest time.Duration   // the longest one before that
	like    int             // how many before were about as long, or longer
	count   int             // how many there were before
	last    *timeline.Event // the bytes before it; nil if there were none since the opening
	// lazy is the time since a timer was armed last that is not armed anew by bytes
	// less than 300 ms later, as nginx's.
	lazy time.Duration
}

// silent measures the silence of the directions in dir.
func (h *history) silent(dir frame.Direction) silence {
	s := silence{dir: dir}
	if h.opened == nil {
		return s
	}
	n, at := h.until()
	begin, armed := h.opened.At, h.opened.At
	var gaps []time.Duration
	for i := range h.events[:n] {
		ev := &h.events[i]
		if !arrives(*ev) || !dir.Has(ev.Dir) {
			continue
		}
		gaps = append(gaps, ev.At-begin)
		begin, s.last = max(begin, ev.At), ev
		if ev.At-armed >= lazy {
			armed = ev.At
		}
	}
	s.idle, s.lazy, s.count = max(at-begin, 0), at-armed, len(gaps)
	for _, gap := range gaps {
		s.longest = max(s.longest, gap)
		if gap >= s.idle-min(slack, s.idle/4) {
			s.like++
		}
	}
	return s
}

// before returns the event at the beginning of a silence: the last bytes, or the
// opening.
func (h *history) before(s silence) *timeline.Event {
	if s.last != nil {
		return s.last
	}
	return h.opened
}

// age is how long the connection had been open when it began to end.
func (h *history) age() time.Duration {
	if h.opened == nil {
		return 0
	}
	_, at := h.until()
	return max(at-h.opened.At, 0)
}
