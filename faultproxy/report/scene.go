package report

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Named is a recording with a name to show, such as that of its file.
type Named struct {
	Name string
	timeline.Viewer
}

// nameOf returns the name of a recording; empty if it has none.
func nameOf(v timeline.Viewer) string {
	if n, ok := v.(Named); ok {
		return n.Name
	}
	return ""
}

// vantageOf returns the part of a view that is shown: what a proxy saw, or what a
// server saw if no proxy did.
func vantageOf(v timeline.Viewer) (view *timeline.View, proxied bool) {
	view = v.View()
	served := false
	for e := range view.All() {
		if e.Conn > 0 && e.Vantage == timeline.AtProxy && e.Kind != timeline.KindLost {
			return view.At(timeline.AtProxy), true
		}
		served = served || e.Vantage == timeline.AtServer
	}
	return view, !served
}

// shown is an event with the words for it.
type shown struct {
	timeline.Event
	// Clock is when it happened, and Text says what did.
	Clock, Text string
	// Quiet is how long nothing had happened on the connection before; 0 if less than
	// a second.
	Quiet time.Duration
	// Beat says that it is a beat or an answer; Fate is what became of the one, or how
	// long the other took.
	Beat bool
	Fate string
}

// quietFrom is how long nothing must have happened for a row to say so.
const quietFrom = time.Second

// events yields the events of a view with words for them.
func events(view *timeline.View) iter.Seq[shown] {
	return func(yield func(shown) bool) {
		f := view.Formatter()
		before := map[int]time.Duration{}
		var line []byte
		for e := range view.All() {
			line = f.Append(line[:0], e)
			s := shown{Event: e, Clock: clock(e.At, f.Micros), Text: wordsOf(string(line), e)}
			if last, ok := before[e.Conn]; ok && e.Conn > 0 && e.At-last >= quietFrom {
				s.Quiet = e.At - last
				if i := strings.LastIndex(s.Text, "  (+"); i >= 0 && strings.HasSuffix(s.Text, "s)") {
					s.Text = s.Text[:i]
				}
			}
			before[e.Conn] = e.At
			if !yield(s) {
				return
			}
		}
	}
}

// wordsOf takes time, connection and direction off a line of a [timeline.Formatter].
func wordsOf(line string, e timeline.Event) string {
	_, line, _ = strings.Cut(strings.TrimLeft(line, " "), " ") // the time
	_, line, _ = strings.Cut(strings.TrimLeft(line, " "), " ") // the connection
	line = strings.TrimLeft(line, " ")
	if e.Dir != 0 {
		_, line, _ = strings.Cut(line, " ")
	}
	return strings.TrimLeft(line, " ")
}

// ends keeps the first and the last of many events: head of them, and a ring of those
// behind.
type ends struct {
	first, last int // how many of each
	head, ring  []shown
	next        int // where in the ring the next one goes
	seen        int
}

func (k *ends) see(s shown) {
	k.seen++
	switch {
	case len(k.head) < k.first:
		k.head = append(k.head, s)
	case len(k.ring) < k.last:
		k.ring = append(k.ring, s)
	case k.last > 0:
		k.ring[k.next] = s
		k.next = (k.next + 1) % k.last
	}
}

// kept returns the first and the last events, and how many between them are left out.
func (k *ends) kept() (head, tail []shown, left int) {
	tail = slices.Concat(k.ring[k.next:], k.ring[:k.next])
	return k.head, tail, k.seen - len(k.head) - len(tail)
}

// newEnds keeps at most so many events, more of the last than of the first: what ends
// a connection is at its end.
func newEnds(most int) *ends {
	first := most * 2 / 5
	return &ends{first: first, last: most - first}
}

// held finds which of the events that only arrived left later, and when.
func held(rows []shown) map[int]int {
	left := map[int]int{} // from the index of the arrival to that of the leaving
	for i, e := range rows {
		if e.Seen != timeline.Left || e.Vantage == timeline.AtServer {
			continue
		}
		for j, a := range rows[:i] {
			if _, gone := left[j]; !gone && a.Seen == timeline.Arrived && a.Kind == e.Kind && a.Dir == e.Dir &&
				a.Header.Opcode == e.Header.Opcode && a.Header.Length == e.Header.Length && string(a.Payload) == string(e.Payload) {
				left[j] = i
				break
			}
		}
	}
	return left
}

// diagnoses returns the reports on all connections of a view, by number.
func diagnoses(a diagnosis.Analyzer, view *timeline.View) map[int]diagnosis.Report {
	reports := map[int]diagnosis.Report{}
	for _, r := range a.All(view) {
		reports[r.Conn] = r
	}
	return reports
}

// numbers returns the numbers of connections, ascending.
func numbers[T any](conns map[int]T) []int { return slices.Sorted(maps.Keys(conns)) }

// arrow is how a direction is written.
func arrow(d frame.Direction) string {
	switch d {
	case frame.ToServer:
		return "→"
	case frame.ToClient:
		return "←"
	case frame.Both:
		return "↔"
	}
	return ""
}

// sorted yields the pairs of a map by their keys.
func sorted[V any](m map[int]V) iter.Seq2[int, V] {
	return func(yield func(int, V) bool) {
		for _, k := range numbers(m) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
