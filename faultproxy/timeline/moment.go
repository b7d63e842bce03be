package timeline

import (
	"fmt"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Moment is a [frame.Trigger] that an event other than a frame can be. Moments
// are immutable and comparable values.
type Moment interface {
	frame.Trigger
	// Is reports whether the event is the moment.
	Is(Event) bool
}

// The moments of every connection.
const Opened = KindOpened // a 101 is about to reach the client

// NextConn is the moment an upgrade is attempted.
var NextConn Moment = nextConn{}

// IsTrigger marks a Kind as usable where a [frame.Trigger] is asked for.
func (k Kind) IsTrigger() {}

// Is reports whether the event is of this kind.
func (k Kind) Is(e Event) bool { return e.Kind == k }

// Kinds is the moment of any event of these kinds. Kinds() is no event at all.
func Kinds(kinds ...Kind) Moment {
	var s kindSet
	for _, k := range kinds {
		s |= k.set()
	}
	return s
}

// Ended is the end of connection n: over on both sides.
func Ended(n int) Moment { return ended(n) }

// Fired is the rule of that name having acted.
func Fired(rule string) Moment { return fired(rule) }

// Reported is a report of that name by a client program; see [Timeline.Report].
func Reported(name string) Moment { return reported(name) }

// Noted is a note of that name; see [Timeline.Note].
func Noted(name string) Moment { return noted(name) }

// kindSet is a set of kinds, one bit each.
type kindSet uint64

const allKinds kindSet = 1<<kindEnd - 1

func (k Kind) set() kindSet { return 1 << k & allKinds }

func (s kindSet) has(k Kind) bool { return s&k.set() != 0 }

func (s kindSet) IsTrigger() {}

func (s kindSet) Is(e Event) bool { return s.has(e.Kind) }

func (s kindSet) String() string {
	var names []string
	for k := Kind(1); k < kindEnd; k++ {
		if s.has(k) {
			names = append(names, k.String())
		}
	}
	if len(names) == 0 {
		return "no event"
	}
	return strings.Join(names, " or ")
}

type (
	nextConn struct{}
	ended    int
	fired    string
	reported string
	noted    string
)

func (nextConn) IsTrigger()   {}
func (n ended) IsTrigger()    {}
func (f fired) IsTrigger()    {}
func (r reported) IsTrigger() {}
func (n noted) IsTrigger()    {}

func (nextConn) String() string   { return "the next connection attempt" }
func (n ended) String() string    { return fmt.Sprintf("the end of connection %d", int(n)) }
func (f fired) String() string    { return fmt.Sprintf("rule %q firing", string(f)) }
func (r reported) String() string { return fmt.Sprintf("a report %q", string(r)) }
func (n noted) String() string    { return fmt.Sprintf("a note %q", string(n)) }

func (nextConn) Is(e Event) bool   { return KindRequest.Is(e) }
func (n ended) Is(e Event) bool    { return e.Kind == KindEnded && e.Conn == int(n) }
func (f fired) Is(e Event) bool    { return e.Kind == KindFault && e.Rule == string(f) }
func (r reported) Is(e Event) bool { return e.Kind == KindReport && e.Field("name") == string(r) }
func (n noted) Is(e Event) bool    { return e.Kind == KindNote && e.Field("name") == string(n) }

// Selects reports whether the event is what the trigger waits for.
//
// A [frame.Match] is asked about whole frames, each once, as the client sees
// them: a frame toward the server counts where it arrived from the client, a
// frame toward the client where it left for it. So a pong that a rule dropped on
// its way to the client was not received, and a frame that was delayed counts
// when it went out. Triggers of other kinds select nothing.
func Selects(trigger frame.Trigger, e Event) bool {
	switch on := trigger.(type) {
	case Moment:
		return on.Is(e)
	case frame.Match:
		if e.Kind != KindFrame || !e.OfClient() {
			return false
		}
		needs := on.Needs()
		if !needs.Dirs.Has(e.Dir) || !needs.Opcodes.Has(e.Header.Opcode) {
			return false
		}
		v := e.View()
		if !needs.Payload {
			v.Payload = nil
		}
		return on.Match(v)
	}
	return false
}

// OfClient reports whether the event travelled on the client's side: it arrived
// from the client, or left for it.
func (e Event) OfClient() bool {
	switch e.Dir {
	case frame.ToServer:
		return e.Seen&Arrived != 0
	case frame.ToClient:
		return e.Seen&Left != 0
	}
	return false
}

// candidates returns the kinds of the events that the trigger can select, and
// whether it is a trigger that a timeline can wait for at all.
func candidates(trigger frame.Trigger) (kindSet, bool) {
	switch on := trigger.(type) {
	case Kind:
		return on.set(), true
	case kindSet:
		return on, true
	case nextConn:
		return KindRequest.set(), true
	case ended:
		return KindEnded.set(), true
	case fired:
		return KindFault.set(), true
	case reported:
		return KindReport.set(), true
	case noted:
		return KindNote.set(), true
	case Moment:
		return allKinds, true
	case frame.Match:
		return KindFrame.set(), true
	}
	return 0, false
}

// HappensOnce reports whether the trigger is a moment that a timeline has at most
// once, as [Ended] is: who waits for it may find it in the past.
func HappensOnce(trigger frame.Trigger) bool {
	_, once := trigger.(ended)
	return once
}
