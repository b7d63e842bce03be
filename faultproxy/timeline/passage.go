package timeline

import (
	"bytes"
	"iter"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// passages pairs what only arrived with what only left: a frame that was held for
// a while is two events, one of each.
type passages struct {
	waiting map[lane][]Event // arrived and not left yet, oldest first
}

// lane is one direction of a connection.
type lane struct {
	conn int
	dir  frame.Direction
}

// maxWaiting bounds what is remembered of a lane; what is older counts as dropped.
const maxWaiting = 256

// see takes the next event. If it is the leaving of something that arrived
// earlier, it returns the arrival.
func (p *passages) see(e Event) (arrival Event, ok bool) {
	if e.Kind == KindEnded {
		delete(p.waiting, lane{e.Conn, frame.ToServer})
		delete(p.waiting, lane{e.Conn, frame.ToClient})
	}
	if !e.Kind.Travels() || e.Seen == Passed || e.Vantage == AtServer {
		return Event{}, false
	}
	l := lane{e.Conn, e.Dir}
	if e.Seen == Left {
		i := slices.IndexFunc(p.waiting[l], func(a Event) bool { return samePassage(a, e) })
		if i < 0 {
			return Event{}, false
		}
		arrival = p.waiting[l][i]
		p.waiting[l] = slices.Delete(p.waiting[l], i, i+1)
		return arrival, true
	}
	if p.waiting == nil {
		p.waiting = map[lane][]Event{}
	}
	if len(p.waiting[l]) == maxWaiting {
		p.waiting[l] = slices.Delete(p.waiting[l], 0, 1)
	}
	p.waiting[l] = append(p.waiting[l], e)
	return Event{}, false
}

func samePassage(a, b Event) bool {
	return a.Kind == b.Kind && a.Header.Opcode == b.Header.Opcode && a.Header.Fin == b.Header.Fin &&
		a.Header.Length == b.Header.Length && a.Count == b.Count && bytes.Equal(a.Payload, b.Payload)
}

// passage says what became of an event that did not simply pass. "" if it did.
func (f *Formatter) passage(e Event) string {
	arrival, found := f.passages.see(e)
	switch e.Kind {
	case KindFrameStart, KindFrame, KindBytes, KindFIN, KindRST:
	default:
		return ""
	}
	if e.Vantage == AtServer {
		if e.Rule == "" {
			return ""
		}
		return "  " + e.by()
	}
	var does string
	switch {
	case e.Field("does") != "":
		does = oneLine(e.Field("does"))
	case e.Seen == Arrived:
		does = f.arrived(e)
	case e.Seen == Left && found && e.At == arrival.At:
		does = "passed on"
	case e.Seen == Left && found:
		does = "held for " + short(e.At-arrival.At)
	case e.Seen == Left && (e.Kind == KindFIN || e.Kind == KindRST):
		does = "sent"
	case e.Seen == Left && e.Kind == KindFrameStart:
		return "" // of a frame that arrived whole and leaves in parts; its end will say
	case e.Seen == Left:
		does = "injected"
	case e.Rule != "":
		does = "changed"
	default:
		return ""
	}
	return "   " + does + e.by()
}

func (f *Formatter) arrived(e Event) string {
	does := "stopped"
	if f.fates != nil {
		does = "dropped"
		if f.fates[e.Seq] {
			does = "held"
		}
	}
	if e.Rule == "" || e.Kind == KindFIN || e.Kind == KindRST {
		switch does {
		case "stopped":
			return "not passed on at once"
		case "dropped":
			return "not passed on"
		}
	}
	return does
}

// fates returns which of the events that only arrived left later.
func fates(events iter.Seq[Event]) map[int]bool {
	var p passages
	left := map[int]bool{}
	for e := range events {
		if arrival, ok := p.see(e); ok {
			left[arrival.Seq] = true
		}
	}
	return left
}

// short writes a duration to the millisecond, or exactly if it is shorter.
func short(d time.Duration) string {
	if d < time.Millisecond {
		return d.String()
	}
	return seconds(d)
}
