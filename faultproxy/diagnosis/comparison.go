package diagnosis

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// comparison holds how all connections of a recording were cut, so that a number
// that comes back can be told from an accident. The zero value is ready.
type comparison struct{ conns map[int]*outline }

// outline is as much of a history as can be compared.
type outline struct {
	opened bool
	at     time.Duration // when it opened
	last   time.Duration // the last bytes from either side
	done   bool          // it began to end
	cut    bool          // without a Close frame, and not by the client
	closed bool          // with a Close frame of the server's
	age    time.Duration
	idle   time.Duration
}

// see takes the next event of any connection.
func (c *comparison) see(ev timeline.Event) {
	if ev.Conn == 0 {
		return
	}
	if c.conns == nil {
		c.conns = map[int]*outline{}
	}
	o := c.conns[ev.Conn]
	if o == nil {
		o = &outline{}
		c.conns[ev.Conn] = o
	}
	if o.done {
		return
	}
	if ev.Kind == timeline.KindOpened {
		o.opened, o.at, o.last = true, ev.At, ev.At
	}
	by, how := beginsEnd(ev)
	switch {
	case how != StillOpen:
		o.done = true
		o.cut = o.opened && how != CloseFrame && by != Client
		o.closed = o.opened && how == CloseFrame && by == Server
		o.age, o.idle = ev.At-o.at, ev.At-o.last
	case o.opened && arrives(ev):
		o.last = ev.At
	}
}

// How far two measurements may lie apart: of a lifetime, of a silence, which nginx's
// lazy timer shortens by up to 300 ms, and of a moment in which several connections
// are cut.
const (
	sameAge    = 60 * time.Millisecond
	sameIdle   = 310*time.Millisecond + slack
	sameMoment = 100 * time.Millisecond
)

// repeats is how many other connections were cut like one.
type repeats struct {
	ages    int // at the same age, whatever the silence before
	idles   int // after the same silence, whatever their age
	moments int // in the same moment, after another silence and at another age
}

// repeats counts the other connections that were cut like this one.
func (c *comparison) repeats(conn int) (r repeats) {
	own := c.conns[conn]
	if own == nil || !own.cut {
		return r
	}
	for n, o := range c.conns {
		if n == conn || !o.cut {
			continue
		}
		sameA, sameI := near(o.age, own.age, sameAge), near(o.idle, own.idle, min(sameIdle, own.idle/4))
		switch {
		case sameA && !sameI:
			r.ages++
		case !sameA && near(o.at+o.age, own.at+own.age, sameMoment) && !near(o.idle, own.idle, slack):
			r.moments++
		case sameI && !sameA:
			r.idles++
		}
	}
	return r
}

// closedAlike counts the other connections that the server closed, with whatever
// code, at the same age but after another silence.
func (c *comparison) closedAlike(conn int) (alike int) {
	own := c.conns[conn]
	if own == nil || !own.closed {
		return 0
	}
	for n, o := range c.conns {
		if n != conn && o.closed && near(o.age, own.age, sameAge) && !near(o.idle, own.idle, min(sameIdle, own.idle/4)) {
			alike++
		}
	}
	return alike
}

// near reports whether two durations differ by no more than the tolerance.
func near(a, b, tolerance time.Duration) bool { return (a - b).Abs() <= tolerance }
