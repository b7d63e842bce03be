// Package endings diagnoses connections as they end, while others go on.
package endings

import (
	"iter"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// How much is remembered of connections that ended, for comparison: equal lifetimes
// say more than one. More would cost every later end the time to look at it.
const (
	rememberedConns  = 32
	rememberedEvents = 8
)

// Watch diagnoses the connections of a timeline. Show it every event but those that
// are a connection's last, which Diagnose takes. It must not be used by several
// goroutines at once.
type Watch struct {
	tl     *timeline.Timeline
	live   map[int]*outline
	recent []*outline // those that ended last
}

// New returns a watch for a timeline.
func New(tl *timeline.Timeline) *Watch { return &Watch{tl: tl, live: map[int]*outline{}} }

// outline is what is remembered of a connection.
type outline struct {
	first  int              // sequence number of its first event
	events []timeline.Event // the opening and the newest
}

// See takes an event of a connection that has not ended.
func (x *Watch) See(e timeline.Event) {
	if e.Conn == 0 {
		return
	}
	own := x.live[e.Conn]
	if own == nil {
		own = &outline{first: e.Seq}
		x.live[e.Conn] = own
	}
	own.add(e)
}

func (o *outline) add(e timeline.Event) {
	e.Payload, e.Fields = nil, nil
	if e.Kind == timeline.KindOpened {
		o.events = o.events[:0]
	}
	if len(o.events) == rememberedEvents { // all but the opening move up
		o.events = append(o.events[:1], o.events[2:]...)
	}
	o.events = append(o.events, e)
}

// Diagnose says why a connection ended, given its last event.
func (x *Watch) Diagnose(last timeline.Event) diagnosis.Report {
	own := x.live[last.Conn]
	if own == nil {
		own = &outline{first: last.Seq}
	}
	delete(x.live, last.Conn)
	report := diagnosis.Diagnose(together{x.tl.From(own.first).Conn(last.Conn), x.recent}, last.Conn)
	own.add(last)
	x.recent = append(x.recent, own)
	x.recent = x.recent[max(0, len(x.recent)-rememberedConns):]
	return report
}

// together is a connection's events behind what is remembered of others.
type together struct {
	conn   *timeline.View
	others []*outline
}

// All yields the events.
func (t together) All() iter.Seq[timeline.Event] {
	return func(yield func(timeline.Event) bool) {
		for _, o := range t.others {
			for _, e := range o.events {
				if !yield(e) {
					return
				}
			}
		}
		for e := range t.conn.All() {
			if !yield(e) {
				return
			}
		}
	}
}

// Fields are what a line of the end of a connection says besides the event.
func Fields(r diagnosis.Report) []timeline.Extra {
	return []timeline.Extra{
		{Key: "code", Value: r.CloseEvent.Code},
		{Key: "reason", Value: r.CloseEvent.Reason},
		{Key: "wasClean", Value: r.CloseEvent.WasClean},
		{Key: "error", Value: r.CloseEvent.Error},
		{Key: "cause", Value: r.Cause.ID},
		{Key: "text", Value: r.Cause.Text},
		{Key: "advice", Value: r.Cause.Advice},
	}
}
