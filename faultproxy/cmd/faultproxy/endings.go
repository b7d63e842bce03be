package main

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

// endings diagnoses connections as they end.
type endings struct {
	tl     *timeline.Timeline
	live   map[int][]timeline.Event // the opening and the newest events of each
	recent [][]timeline.Event       // the same of those that ended last
}

// see takes an event of a connection that has not ended.
func (x *endings) see(e timeline.Event) {
	if e.Conn == 0 {
		return
	}
	if x.live == nil {
		x.live = map[int][]timeline.Event{}
	}
	own := x.live[e.Conn]
	e.Payload, e.Fields = nil, nil
	if len(own) == rememberedEvents { // all but the opening moves up
		keep := 0
		if own[0].Kind == timeline.KindOpened {
			keep = 1
		}
		own = append(own[:keep], own[keep+1:]...)
	}
	if e.Kind == timeline.KindOpened {
		own = own[:0]
	}
	x.live[e.Conn] = append(own, e)
}

// diagnose says why a connection ended, given its last event.
func (x *endings) diagnose(last timeline.Event) diagnosis.Report {
	report := diagnosis.Diagnose(together{x.tl.Conn(last.Conn), x.recent}, last.Conn)
	if own := x.live[last.Conn]; len(own) > 0 {
		x.recent = append(x.recent, append(own, last))
		x.recent = x.recent[max(0, len(x.recent)-rememberedConns):]
	}
	delete(x.live, last.Conn)
	return report
}

// together is a connection's events behind what is remembered of others.
type together struct {
	conn   *timeline.View
	others [][]timeline.Event
}

// All yields the events.
func (t together) All() iter.Seq[timeline.Event] {
	return func(yield func(timeline.Event) bool) {
		for _, events := range t.others {
			for _, e := range events {
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

// endedFields are what a line of the end of a connection says besides the event.
func endedFields(r diagnosis.Report) []timeline.Extra {
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
