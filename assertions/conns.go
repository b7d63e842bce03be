package assertions

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// event is an event that may not have happened.
type event struct {
	timeline.Event
	happened bool
}

// first sets an event that has not happened yet.
func (e *event) first(ev timeline.Event) {
	if !e.happened {
		*e = event{Event: ev, happened: true}
	}
}

// conn is the life of a connection, as its client sees it.
type conn struct {
	n         int
	requested event // the upgrade was asked for
	opened    event // the 101 went out
	said      event // the client's Close
	ending    event // the first Close, FIN or RST, of either side
	left      event // the first FIN or RST of its peer's
	gone      event // TCP is over for the client: its FIN, an RST, or nobody is there any more
	ended     event // it is over on both sides

	// deaf is since when nobody reads what the client sends, its FIN included; what
	// happens then does not show.
	deaf event
}

// lives follows the connections of a view. Whether one that went unread is read again
// shows only by what the client sent.
func (s *scene) lives(v *timeline.View) []*conn {
	conns := lives(s.events(v.Lifecycle()))
	if slices.ContainsFunc(conns, func(c *conn) bool { return c.deaf.happened }) {
		return lives(s.events(v))
	}
	return conns
}

// lives follows connections through events.
func lives(events iter.Seq[timeline.Event]) []*conn {
	conns := map[int]*conn{}
	for e := range events {
		if e.Conn == 0 || e.Kind == timeline.KindLost {
			continue
		}
		c := conns[e.Conn]
		if c == nil {
			c = &conn{n: e.Conn}
			conns[e.Conn] = c
		}
		c.see(e)
	}
	return slices.SortedFunc(maps.Values(conns), func(a, b *conn) int { return cmp.Compare(a.n, b.n) })
}

func (c *conn) see(e timeline.Event) {
	heard := e.Dir == frame.ToServer && e.Kind.Travels() && e.OfClient()
	if heard {
		c.deaf = event{}
	}
	switch e.Kind {
	case timeline.KindRequest:
		if heard {
			c.requested.first(e)
		}
	case timeline.KindOpened:
		c.opened.first(e)
	case timeline.KindFrame:
		if e.Header.Opcode == frame.OpClose && e.OfClient() {
			c.ending.first(e)
			if heard {
				c.said.first(e)
			}
		}
	case timeline.KindFIN:
		if e.OfClient() {
			c.ending.first(e)
		}
		switch {
		case heard:
			c.gone.first(e)
		case e.OfClient():
			c.left.first(e)
		}
	case timeline.KindRST:
		if e.OfClient() {
			c.ending.first(e)
			c.gone.first(e)
			if !heard {
				c.left.first(e)
			}
		}
	case timeline.KindClosed:
		if e.Dir != frame.ToServer {
			c.ending.first(e)
			c.gone.first(e)
		}
	case timeline.KindEnded:
		c.ending.first(e)
		c.gone.first(e)
		c.ended.first(e)
	case timeline.KindFault:
		if c.opened.happened && deafens(e) {
			c.deaf.first(e)
		}
	case timeline.KindHeld:
		if e.Dir == frame.ToServer {
			c.deaf.first(e)
		}
	}
}

// deafens reports whether with the event a server stops reading.
func deafens(e timeline.Event) bool {
	return e.Vantage == timeline.AtServer && slices.Contains(deafening, e.Rule)
}

var deafening = []string{fakeserver.Freeze().String(), fakeserver.StopReading().String()}

// goneAt returns when TCP was over for the client, or the given time if it is not.
func (c *conn) goneAt(now time.Duration) time.Duration {
	if c.gone.happened {
		return c.gone.At
	}
	return now
}

// endingAt returns when the connection began to end, or the given time if it has not.
func (c *conn) endingAt(now time.Duration) time.Duration {
	if c.ending.happened {
		return c.ending.At
	}
	return now
}

// deafness is the verdict where nobody reads a connection, so that something would not
// be seen.
func deafness(c *conn, what string) verdict {
	v := cannot(fmt.Sprintf("nobody reads what the client sends on connection %d, so %s would not be seen", c.n, what),
		"Use GoDark instead of Freeze or StopReading: it reads on.")
	v.marks = []mark{at(c.deaf.Event, "nobody reads from here on")}
	return v.about(c.n)
}
