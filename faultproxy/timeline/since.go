package timeline

import (
	"fmt"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Since returns a live view of what happens after an event: the first one that the
// trigger selects (see [Selects]), whether it has happened already or is still to
// come. Until then the view is empty and has not begun, see [View.Begun]. With a
// grace period the view leaves out what happens within that time of the event.
func (t *Timeline) Since(event frame.Trigger, grace ...time.Duration) *View {
	return t.whole().Since(event, grace...)
}

// Since is [Timeline.Since] for the part that the view shows: the event may be on
// any connection, what follows it is the view's.
func (v *View) Since(event frame.Trigger, grace ...time.Duration) *View {
	within := *v
	within.conn = everyConn
	b := &beginning{within: &within, event: event}
	for _, g := range grace {
		b.grace += g
	}
	w := *v
	w.begin = b
	return &w
}

// Mark records a note and returns a live view of what happens from it on.
func (t *Timeline) Mark(name string) *View { return t.whole().Mark(name) }

// Mark is [Timeline.Mark] for the part that the view shows.
func (v *View) Mark(name string) *View { return v.From(v.t.Note(name) + 1) }

// Begun reports whether what the view begins with has happened. Nothing can be
// said about a view that has not begun. A view that no Since made has.
func (v *View) Begun() bool {
	if v.begin == nil {
		return true
	}
	_, begun := v.begin.seq()
	return begun
}

// Awaits says what the view has yet to begin with, such as "the end of connection
// 1"; "" if it has begun.
func (v *View) Awaits() string {
	if v.Begun() {
		return ""
	}
	return v.begin.String()
}

// beginning is what a view begins with.
type beginning struct {
	within *View // where the event is looked for
	event  frame.Trigger
	grace  time.Duration

	mu    sync.Mutex // held while the timeline is read, never across a wait
	found bool
	at    time.Duration // of the event, once found
	next  int           // the first sequence number not looked at yet
	first int           // the first one after the grace period, once known
}

func (b *beginning) String() string {
	if b.grace > 0 {
		return fmt.Sprintf("%v after %s", b.grace, b.event)
	}
	return b.event.String()
}

// seq returns the first sequence number of what comes after the event.
func (b *beginning) seq() (first int, begun bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.first > 0 {
		return b.first, true
	}
	now, last := b.within.t.Now(), b.within.t.Last()
	for e := range b.within.From(b.next).All() {
		b.next = e.Seq + 1
		switch {
		case !b.found:
			if Selects(b.event, e) {
				b.found, b.at = true, e.At
				if b.grace == 0 {
					b.first = e.Seq + 1
					return b.first, true
				}
			}
		case e.At >= b.at+b.grace:
			b.first = e.Seq
			return b.first, true
		}
	}
	if b.found && now >= b.at+b.grace {
		b.first = max(b.next, last+1)
		return b.first, true
	}
	return 0, false
}
