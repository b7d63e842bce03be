package timeline

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Seen says on which side of the recorder a travelling event was seen. A frame
// that passes untouched is one event, Passed; a frame that a rule dropped is an
// event that only Arrived; an injected one only Left; a delayed one is two events.
type Seen uint8

// What a recorder can have seen of something that travels.
const (
	Arrived Seen = 1 << iota // it came from its sender
	Left                     // it went to its receiver

	Passed = Arrived | Left // both, as one event
)

// RuleID is an interned rule name; 0 is none. See [Timeline.Intern].
type RuleID uint16

// Field is one named detail of an event.
type Field struct{ Name, Value string }

// Record is what a recorder appends. Timeline copies what it keeps of Payload
// and Fields.
type Record struct {
	At     time.Duration // since the timeline's start; see Timeline.Now
	Conn   int           // connection number, counted from 1; 0 is none
	Kind   Kind
	Dir    frame.Direction
	Seen   Seen
	Rule   RuleID
	Header frame.Header // of a frame
	// Payload is a frame's payload or a run of bytes. If Header.Masked and not
	// Plain, it is as it stands on the wire and is unmasked while it is copied.
	Payload []byte
	// Plain says that Payload is already unmasked (and inflated, if Inflated).
	Plain bool
	// Inflated says that Payload is the inflated form of a compressed payload.
	Inflated bool
	// Alone says that Payload is a whole message, compressed without the context of
	// others (RFC 7692 section 7.2.1). Readers get it inflated; appending costs
	// nothing more.
	Alone bool
	// Opaque says that the frame belongs to a compressed message and Payload is
	// still compressed. A data frame with RSV1 that is not Inflated is taken as
	// such by itself; continuation frames need it.
	Opaque bool
	// Queued says that it left from a queue, which its own goroutine serves.
	Queued bool
	// Vantage is where it was seen.
	Vantage Vantage
	// Bytes is how many bytes a KindBytes or KindHeld event is about, or how many
	// events a KindLost one stands for.
	Bytes  int
	Fields []Field
}

// Event is one thing that happened, as a reader sees it. It is a copy: it never
// changes and keeps nothing of the timeline alive but its payload.
type Event struct {
	Seq    int           // position in the timeline, from 1, without holes until events are lost
	At     time.Duration // since the timeline's start
	Conn   int           // connection number, from 1; 0 for none
	Kind   Kind
	Dir    frame.Direction
	Seen   Seen
	Rule   string       // the rule (or caller) that caused it, if any
	Header frame.Header // of a frame
	// Payload is plain and belongs to the timeline: read it, do not write to it.
	Payload []byte
	// Truncated says that Payload is only the beginning: see Limits.Payload.
	Truncated bool
	// Inflated says that Payload is the inflated form of a compressed payload.
	Inflated bool
	// Opaque says that Payload is compressed and could not be inflated.
	Opaque bool
	// Queued says that it left from a queue. In canonical order it comes behind what
	// the same direction brought at the same instant.
	Queued bool
	// Vantage is where it was seen.
	Vantage Vantage
	Count   int // bytes of a KindBytes or KindHeld event, events of a KindLost one
	Fields  []Field
}

// Field returns the value of the first field of that name, "" if there is none.
func (e Event) Field(name string) string {
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// View returns the frame of a KindFrame event as a [frame.Match] sees it. Where
// only the beginning of the payload was kept the frame is opaque: a match that
// looks at payloads cannot judge it.
func (e Event) View() frame.View {
	return frame.View{Dir: e.Dir, Header: e.Header, Payload: e.Payload, Opaque: e.Opaque || e.Truncated}
}
