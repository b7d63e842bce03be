package diagnosis

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// history is what happened on one connection, sorted by what it means.
type history struct {
	events []timeline.Event // of this connection, in order
	now    time.Duration    // of the last event of the whole recording

	request  *timeline.Event
	dialed   *timeline.Event
	answered *timeline.Event // the server's response
	response *timeline.Event // the one that reached the client
	flaw     *flaw           // why the client would not open the connection with that 101
	trouble  *timeline.Event // the last error the recorder met
	opened   *timeline.Event
	ended    *timeline.Event
	gaps     bool // events are missing

	// first is the signal that began the end; first.index is -1 if there is none. aside
	// is one that concerns the server's side alone.
	first, aside signal
	invited      bool // a Close that was made on the way went to the server
	// shown is the first end of TCP that the client got, if any.
	shown *timeline.Event
}

// signal is an event with which someone ends a connection.
type signal struct {
	index int // into history.events
	by    Party
	how   How
}

func newHistory(client ClientKind, events []timeline.Event, now time.Duration) *history {
	h := &history{events: events, now: now, first: signal{index: -1}, aside: signal{index: -1}}
	spoke := false // the client sent something after its request
	var early *timeline.Event
	for i := range events {
		ev := &events[i]
		switch ev.Kind {
		case timeline.KindRequest:
			if h.request == nil {
				h.request = ev
			}
		case timeline.KindDialed:
			h.dialed = ev
		case timeline.KindResponse:
			if interim(*ev) {
				early = ev
				break
			}
			if ev.Seen&timeline.Arrived != 0 {
				h.answered = ev
			}
			if ev.Seen&timeline.Left != 0 {
				h.response = ev
			}
		case timeline.KindError:
			h.trouble = ev
		case timeline.KindOpened:
			h.opened = ev
		case timeline.KindEnded:
			h.ended = ev
		case timeline.KindLost:
			h.gaps = true
		}
		spoke = spoke || ev.Dir == frame.ToServer && arrives(*ev)
		h.signal(i)
		if h.shown == nil && showsEnd(*ev) {
			h.shown = ev
		}
	}
	if !spoke {
		h.judge(client, early)
	}
	if a := h.aside; a.index >= 0 && (h.first.index < 0 || events[h.first.index].At-events[a.index].At > time.Second) {
		h.first = a // the client was left in the dark
	}
	return h
}

// signal notes an event with which someone ends the connection. What happens on the
// way to the server's side alone, and how the server answers a Close that was made
// there, is no end of the client's connection, unless the client gets none.
func (h *history) signal(i int) {
	ev := h.events[i]
	closing := ev.Kind == timeline.KindFrame && ev.Header.Opcode == frame.OpClose
	h.invited = h.invited || closing && ev.Dir == frame.ToServer && ev.Seen == timeline.Left
	by, how := beginsEnd(ev)
	provoked := h.invited && ev.Dir == frame.ToClient && ev.Seen == timeline.Arrived
	switch {
	case how == StillOpen, provoked && closing:
	case provoked, by == Network && ev.Dir == frame.ToServer:
		if h.aside.index < 0 {
			h.aside = signal{index: i, by: by, how: how}
		}
	case h.first.index < 0:
		h.first = signal{index: i, by: by, how: how}
	}
}

// judge finds out whether a client that said nothing after its request can have
// taken the answer for the beginning of a connection.
func (h *history) judge(client ClientKind, early *timeline.Event) {
	h.flaw = client.judge(h.request, h.response)
	if h.flaw == nil && early != nil && client == Chromium && h.opened != nil {
		h.flaw = &flaw{"an answer " + field(*early, "status") + " came before the 101, which browsers do not accept", "RFC 9110 section 15.2"}
	}
	if h.flaw != nil {
		h.opened = nil
	}
}

// showsEnd reports whether the client gets the end of TCP with the event.
func showsEnd(ev timeline.Event) bool {
	if ev.Dir != frame.ToClient {
		return false
	}
	switch ev.Kind {
	case timeline.KindFIN, timeline.KindRST:
		return ev.Seen&timeline.Left != 0
	case timeline.KindClosed:
		return true
	}
	return false
}

// beginsEnd returns who ends the connection with an event, if it is the first that
// does, and how; StillOpen if nobody does.
func beginsEnd(ev timeline.Event) (Party, How) {
	how := endOf(ev)
	arrived := ev.Seen&timeline.Arrived != 0
	switch {
	case how == StillOpen:
		return Unknown, StillOpen
	case ev.Kind == timeline.KindClosed && ev.Vantage == timeline.AtServer:
		return Server, how
	case arrived && ev.Dir == frame.ToServer:
		return Client, how
	case arrived:
		return Server, how
	case how == CloseFrame && ev.Dir == frame.ToClient:
		return Server, how
	case how == CloseFrame:
		// Made on the way to the server: the client's connection does not end with it
		// but with what the server then does.
		return Unknown, StillOpen
	}
	return Network, how
}

// endOf returns with what an event ends a connection.
func endOf(ev timeline.Event) How {
	switch ev.Kind {
	case timeline.KindFrame:
		if ev.Header.Opcode == frame.OpClose {
			return CloseFrame
		}
	case timeline.KindFIN:
		return FIN
	case timeline.KindRST:
		return RST
	case timeline.KindClosed:
		if field(ev, "how") == "rst" {
			return RST
		}
		return FIN
	}
	return StillOpen
}

// ending returns the event that began the end, or nil.
func (h *history) ending() *timeline.Event {
	if h.first.index < 0 {
		return nil
	}
	return &h.events[h.first.index]
}

// until is how many events count for what was before the end, and when that was.
func (h *history) until() (n int, at time.Duration) {
	switch {
	case h.first.index >= 0:
		return h.first.index, h.events[h.first.index].At
	case h.ended != nil:
		return len(h.events), h.ended.At
	}
	return len(h.events), h.now
}

// arrives reports whether bytes came from a peer with the event.
func arrives(ev timeline.Event) bool {
	switch ev.Kind {
	case timeline.KindFrame, timeline.KindFrameStart, timeline.KindBytes:
		return ev.Seen&timeline.Arrived != 0 && (ev.Dir == frame.ToServer || ev.Dir == frame.ToClient)
	}
	return false
}

// reaches reports whether bytes reached the client with the event.
func reaches(ev timeline.Event) bool {
	switch ev.Kind {
	case timeline.KindFrame, timeline.KindFrameStart, timeline.KindBytes:
		return ev.Dir == frame.ToClient && ev.Seen&timeline.Left != 0
	}
	return false
}

// evidence copies events, without nils and doubles, in order.
func evidence(events ...*timeline.Event) []timeline.Event {
	var once []*timeline.Event
	for _, ev := range events {
		if ev != nil && !slices.Contains(once, ev) {
			once = append(once, ev)
		}
	}
	slices.SortStableFunc(once, func(a, b *timeline.Event) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq))
	})
	kept := make([]timeline.Event, len(once))
	for i, ev := range once {
		kept[i] = *ev
	}
	return kept
}

// field returns a detail of an event, whatever the case of its name; empty if it
// has none.
func field(ev timeline.Event, name string) string {
	for _, f := range ev.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// negotiatesDeflate reports whether a response agrees to permessage-deflate.
func negotiatesDeflate(ev timeline.Event) bool {
	for _, name := range []string{"extensions", "sec-websocket-extensions"} {
		if strings.Contains(field(ev, name), "permessage-deflate") {
			return true
		}
	}
	return false
}
