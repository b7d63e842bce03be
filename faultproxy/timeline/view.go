package timeline

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Source is what can be read and waited on: a whole [Timeline], or a [View] of a
// part of one. Matchers and diagnosis take either.
type Source interface {
	// All yields the events there are, in the order they were recorded. Where
	// events are missing a KindLost event stands in their place.
	All() iter.Seq[Event]
	// Events returns what All yields.
	Events() []Event
	// Len returns how many events there are, those that were lost not counted.
	Len() int
	// Lost returns how many events are missing. Who judges what did not happen
	// must not judge where it is not 0.
	Lost() int
	// Conns returns the numbers of the connections that have events, ascending.
	Conns() []int
	// Conn returns the events of connection n only. n = 0: those of none.
	Conn(n int) *View
	// From returns the events from that sequence number on.
	From(seq int) *View
	// Now returns the time since the start of the timeline.
	Now() time.Duration
	// Wait returns the first event that the trigger selects, as soon as there is one.
	Wait(ctx context.Context, trigger frame.Trigger) (Event, error)
	// Follow yields what there is and then what happens, until ctx or the timeline ends.
	Follow(ctx context.Context) iter.Seq[Event]
}

var (
	_ Source = (*Timeline)(nil)
	_ Source = (*View)(nil)
)

// View is a part of a timeline. It is live: it shows at any time what has been
// recorded by then.
type View struct {
	t     *Timeline
	conn  int        // everyConn, or the one it shows
	from  int        // the first sequence number it shows
	begin *beginning // what it begins with, besides; nil: nothing

	vantage vantages // from where it shows events
	noData  bool     // see Lifecycle
}

// Viewer is what has a part of a timeline to look at: a server, a proxy, one of
// their connections, a timeline, a view. Matchers take any of them.
type Viewer interface{ View() *View }

var (
	_ Viewer = (*Timeline)(nil)
	_ Viewer = (*View)(nil)
)

// View returns a view of everything.
func (t *Timeline) View() *View { return t.whole() }

// View returns the view itself.
func (v *View) View() *View { return v }

const everyConn = -1

func (t *Timeline) whole() *View { return &View{t: t, conn: everyConn, from: 1} }

// All yields all events; see [Source]. Events may be appended meanwhile: those
// recorded before All was called are yielded.
func (t *Timeline) All() iter.Seq[Event] { return t.whole().All() }

// Events returns all events; see [Source].
func (t *Timeline) Events() []Event { return t.whole().Events() }

// Len returns how many events are kept.
func (t *Timeline) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held
}

// Last returns the sequence number of the newest event; 0 if there is none.
// From(Last()+1) is what happens from now on.
func (t *Timeline) Last() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// Lost returns how many events were recorded and are no longer kept.
func (t *Timeline) Lost() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last - t.held
}

// Conns returns the numbers of all connections, ascending.
func (t *Timeline) Conns() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conns.numbers()
}

// Conn returns a view of connection n, whether or not it exists yet.
func (t *Timeline) Conn(n int) *View { return t.whole().Conn(n) }

// From returns a view that begins with that sequence number.
func (t *Timeline) From(seq int) *View { return t.whole().From(seq) }

// All yields the events of the view; see [Source].
func (v *View) All() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		r := v.reader()
		r.end = v.t.Last()
		for e, ok := r.next(); ok; e, ok = r.next() {
			if !yield(e) {
				return
			}
		}
	}
}

// Events returns the events of the view; see [Source].
func (v *View) Events() []Event { return slices.Collect(v.All()) }

// Len returns how many events the view has.
func (v *View) Len() int {
	n := 0
	for e := range v.All() {
		if e.Kind != KindLost {
			n++
		}
	}
	return n
}

// Lost returns how many events of the view are missing. Events that were lost
// before they could be told apart count for every connection they may belong to.
func (v *View) Lost() int {
	n := 0
	for e := range v.All() {
		if e.Kind == KindLost {
			n += e.Count
		}
	}
	return n
}

// Conns returns the numbers of the connections that have events in the view.
func (v *View) Conns() []int {
	if v.conn == everyConn && v.from <= 1 && v.begin == nil && v.vantage == 0 && !v.noData {
		return v.t.Conns()
	}
	seen := map[int]bool{}
	for e := range v.All() {
		if e.Conn > 0 {
			seen[e.Conn] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Conn returns the part of the view that is about connection n.
func (v *View) Conn(n int) *View {
	w := *v
	w.conn = max(n, 0)
	return &w
}

// From returns the part of the view from that sequence number on.
func (v *View) From(seq int) *View {
	w := *v
	w.from = max(v.from, seq)
	return &w
}

// Now returns the time since the start of the timeline; see [Timeline.Now].
func (v *View) Now() time.Duration { return v.t.Now() }

// Timeline returns the timeline the view is of.
func (v *View) Timeline() *Timeline { return v.t }

// ConnNumber returns the number of the connection the view shows; ok is false if
// it shows all.
func (v *View) ConnNumber() (n int, ok bool) { return max(v.conn, 0), v.conn != everyConn }
