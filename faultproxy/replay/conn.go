package replay

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Conn is what a client saw on a recorded connection.
type Conn struct {
	Number int

	shake shake
	// steps are played by the clock; their times count from the opening.
	steps []action
	// closing is what followed the client's Close; its times count from that.
	closing   []action
	heard     *frame.Frame  // the client's Close; nil: it sent none
	heardAt   time.Duration // since the opening
	sentFirst bool          // the server's Close came before it
	ignored   bool          // the server took no notice of it
	beats     []*beats
	quiet     []span
}

// action is something that reached the client: one of these.
type action struct {
	at    time.Duration
	event int // the recorded one
	frame *sending
	raw   []byte
	end   *fakeserver.Ending
}

// span is a time, counted from the opening, in which nothing reached the client. It
// has no end where to is negative.
type span struct{ from, to time.Duration }

// isQuiet reports whether a time is in a silence that began longer ago than slack.
func (c *Conn) isQuiet(at, slack time.Duration) bool {
	return slices.ContainsFunc(c.quiet, func(s span) bool { return at > s.from+slack && (s.to < 0 || at < s.to) })
}

// conn plans a connection.
func (p *planner) conn(n int, events []timeline.Event) *Conn {
	c := &Conn{Number: n}
	open := c.shake.plan(p, events)
	if !c.shake.opened {
		return c
	}
	t := talk{p: p, c: c, opened: events[open].At, deflate: events[open].Field("deflate") != ""}
	events = events[open+1:]
	t.answers = c.findBeats(events)
	for _, e := range events {
		t.see(e)
	}
	t.cutFrame()
	t.passOver()
	return c
}

// talk plans what follows the opening.
type talk struct {
	p        *planner
	c        *Conn
	opened   time.Duration
	deflate  bool            // permessage-deflate was agreed on
	answers  map[int]*answer // to beats, by their events
	squeezed squeezed        // a compressed message of which some frames have come
	begun    *timeline.Event // a frame whose end has not come
	left     bool            // the client ended the connection
	over     bool            // nothing can reach the client any more
}

func (t *talk) see(e timeline.Event) {
	toClient := e.Dir == frame.ToClient && e.OfClient()
	toServer := e.Dir == frame.ToServer && e.OfClient()
	switch {
	case t.over:
	case e.Kind == timeline.KindFrameStart && toClient:
		t.begun = &e
	case e.Kind == timeline.KindFrame && toClient:
		t.begun = nil
		t.frame(e)
	case e.Kind == timeline.KindBytes && toClient:
		if raw, ok := t.p.bytes(e); ok {
			t.add(e, action{raw: raw})
		}
	case e.Kind == timeline.KindFrame && toServer && e.Header.Opcode == frame.OpClose && t.c.heard == nil:
		f := e.Header.Frame(e.Payload)
		t.c.heard, t.c.heardAt = &f, e.At-t.opened
		t.c.sentFirst = hasClose(t.c.steps)
	case toServer && (e.Kind == timeline.KindFIN || e.Kind == timeline.KindRST):
		t.left = true // what the server does upon it comes by itself
	default:
		t.silence(e)
		t.end(e, toClient)
	}
}

// frame plans a frame that reached the client.
func (t *talk) frame(e timeline.Event) {
	if e.Opaque && t.deflate {
		t.squeezed.add(t, e)
		return
	}
	s, ok := t.p.frame(e)
	if a := t.answers[e.Seq]; a != nil {
		a.sending = s
	} else if ok {
		t.add(e, action{frame: &s})
	}
}

// end plans how the connection ended, if the event is about that.
func (t *talk) end(e timeline.Event, toClient bool) {
	reset := e.Kind == timeline.KindRST && toClient ||
		e.Kind == timeline.KindClosed && e.Dir == frame.ToClient && e.Field("how") == "rst"
	switch {
	case t.left:
	case reset:
		t.over = true
		t.ending(e, fakeserver.Reset())
	case e.Kind == timeline.KindFIN && toClient && e.Vantage == timeline.AtServer && e.Rule == fakeserver.Fin().String():
		t.over = true // the reset behind it answers what a client sends
		t.ending(e, fakeserver.Fin())
	case e.Kind == timeline.KindFIN && toClient:
		t.ending(e, fakeserver.HalfClose())
	case e.Kind == timeline.KindClosed && e.Dir == frame.ToClient:
		t.over = true
		t.ending(e, fakeserver.Fin())
	}
}

func (t *talk) ending(e timeline.Event, end fakeserver.Ending) {
	t.cutFrame()
	t.add(e, action{end: &end})
}

// silence plans when nothing reached the client.
func (t *talk) silence(e timeline.Event) {
	at := e.At - t.opened
	switch {
	case e.Kind == timeline.KindSilence && e.Dir.Has(frame.ToClient),
		e.Kind == timeline.KindFault && e.Vantage == timeline.AtServer &&
			(e.Rule == fakeserver.Freeze().String() || e.Rule == fakeserver.GoDark().String()):
		t.c.quiet = append(t.c.quiet, span{at, -1})
	case e.Kind == timeline.KindHeal && e.Dir.Has(frame.ToClient) && len(t.c.quiet) > 0:
		t.c.quiet[len(t.c.quiet)-1].to = at
	}
}

// passOver goes on by the clock where the server took no notice of the client's Close:
// neither a Close nor an end followed.
func (t *talk) passOver() {
	c := t.c
	if c.heard == nil || c.sentFirst || hasClose(c.closing) || slices.ContainsFunc(c.closing, func(a action) bool { return a.end != nil }) {
		return
	}
	c.ignored = true
	for _, a := range c.closing {
		a.at += c.heardAt
		c.steps = append(c.steps, a)
	}
	c.closing = nil
}

func (t *talk) add(e timeline.Event, a action) {
	a.at, a.event = e.At-t.opened, e.Seq
	if t.c.heard != nil {
		a.at -= t.c.heardAt
		t.c.closing = append(t.c.closing, a)
		return
	}
	t.c.steps = append(t.c.steps, a)
}

// cutFrame plans the beginning of a frame that was cut off in its middle.
func (t *talk) cutFrame() {
	if t.begun == nil {
		return
	}
	e := *t.begun
	t.begun = nil
	t.p.note(e, "this frame of %d bytes was cut off in its middle: its header is played, and nothing of its payload, which was not recorded", e.Header.Length)
	t.add(e, action{raw: e.Header.Append(nil)})
}

func hasClose(list []action) bool {
	return slices.ContainsFunc(list, func(a action) bool { return a.frame != nil && a.frame.Opcode == frame.OpClose })
}
