package assertions

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// How much of a timeline a failure shows.
const (
	linesBefore = 5  // before each place
	linesAfter  = 3  // after it
	linesAtEnd  = 3  // at the end of the timeline
	linesAlone  = 14 // at the end, where there is no place to show
	mostPlaces  = 6  // the first and the last; those between are counted
)

// excerpt is the timeline cut around the marks of a verdict, or its end.
func (s *scene) excerpt(v verdict) string {
	source := s.all
	if v.conns == nil {
		source = s.source()
	}
	c := &cutting{conns: v.conns, marks: v.marks, marked: map[int][]mark{}, now: s.now}
	c.choose(source)
	return strings.TrimSuffix(c.write(source), "\n")
}

// cutting makes an excerpt: first it is chosen which events to show, then they are
// written. What happens meanwhile is left out.
type cutting struct {
	conns []int // nil: all
	marks []mark

	now    time.Duration
	begin  time.Duration  // of the first event
	last   int            // the number of the last event
	shown  []stretch      // what is shown, ascending and apart
	marked map[int][]mark // by the place of the event that they are at or behind
}

// stretch is a run of events by their places, the end not included.
type stretch struct{ from, to int }

// shows reports whether an event can be of interest.
func (c *cutting) shows(e timeline.Event) bool {
	return e.Kind != timeline.KindAccepted && (c.conns == nil || e.Conn == 0 || slices.Contains(c.conns, e.Conn))
}

// choose finds the places of the marks, and so what to show.
func (c *cutting) choose(source *timeline.View) {
	places := make([]int, len(c.marks))
	for i := range places {
		places[i] = -1
	}
	n := 0
	for e := range source.All() {
		if c.last == 0 {
			c.begin = e.At
		}
		c.last = e.Seq
		if !c.shows(e) {
			continue
		}
		for i, m := range c.marks {
			if m.seq == e.Seq || m.seq == 0 && e.At <= m.at {
				places[i] = n
			}
		}
		n++
	}
	alone := linesAtEnd
	if len(c.marks) == 0 {
		alone = linesAlone
	}
	c.show(n-alone, n, n)
	for i, m := range c.marks {
		c.marked[places[i]] = append(c.marked[places[i]], m)
		if i < mostPlaces/2 || i >= len(c.marks)-mostPlaces/2 {
			c.show(places[i]-linesBefore, places[i]+1+linesAfter, n)
		}
	}
	c.join()
}

func (c *cutting) show(from, to, all int) {
	c.shown = append(c.shown, stretch{max(from, 0), min(to, all)})
}

// join puts stretches together that are next to each other, or nearly so.
func (c *cutting) join() {
	slices.SortFunc(c.shown, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	joined := c.shown[:1]
	for _, next := range c.shown[1:] {
		if last := &joined[len(joined)-1]; next.from <= last.to+2 {
			last.to = max(last.to, next.to)
		} else {
			joined = append(joined, next)
		}
	}
	c.shown = joined
}

// write writes what was chosen.
func (c *cutting) write(source *timeline.View) string {
	var b strings.Builder
	f := source.Formatter()
	f.Micros = f.Micros && c.now-c.begin < 100*time.Millisecond
	c.gaps(&b, f, -1)
	n, hidden := 0, 0
	var line []byte
	for e := range source.All() {
		if e.Seq > c.last {
			break
		}
		line = f.Append(line[:0], e) // also what is not shown, for it to know what came before
		if !c.shows(e) {
			continue
		}
		if !slices.ContainsFunc(c.shown, func(s stretch) bool { return s.from <= n && n < s.to }) {
			hidden++
			n++
			continue
		}
		skipped(&b, hidden)
		hidden = 0
		pointer, note := "    ", ""
		for _, m := range c.marked[n] {
			if m.seq == e.Seq {
				pointer = "  > "
				if m.text != "" {
					note += "   -- " + m.text
				}
			}
		}
		fmt.Fprintf(&b, "%s%s%s\n", pointer, line, note)
		c.gaps(&b, f, n)
		n++
	}
	skipped(&b, hidden)
	if more := len(c.marks) - mostPlaces; more > 0 {
		fmt.Fprintf(&b, "    (%d of these places are not shown)\n", more)
	}
	return b.String()
}

// gaps writes the lines of what is missing behind an event.
func (c *cutting) gaps(b *strings.Builder, f *timeline.Formatter, place int) {
	digits, width := 3, 9
	if f.Micros {
		digits, width = 6, 12
	}
	for _, m := range c.marked[place] {
		if m.seq == 0 {
			fmt.Fprintf(b, "  > %*s  -- %s\n", width, strconv.FormatFloat(m.at.Seconds(), 'f', digits, 64)+"s", m.text)
		}
	}
}

func skipped(b *strings.Builder, n int) {
	switch {
	case n == 1:
		b.WriteString("    … 1 event …\n")
	case n > 1:
		fmt.Fprintf(b, "    … %d events …\n", n)
	}
}
