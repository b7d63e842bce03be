package fakeserver

import (
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// order is a standing order about frames of a kind. It is asked in the order in
// which the frames arrive, and must not wait.
type order struct {
	match    frame.Match
	replaces bool           // the automatic answer to the frame
	hides    bool           // the frame from Expect and Next
	drops    bool           // the frame, for Expect, WaitFor and Next
	act      func(it *item) // may be nil; may hide the frame
}

// viewOf is how a match sees a frame of the client.
func (c *Conn) viewOf(f frame.Frame) frame.View {
	return frame.View{Dir: frame.ToServer, Header: f.Header(), Payload: f.Payload, Opaque: isOpaque(f)}
}

// isOpaque reports whether a frame that was read is still compressed.
func isOpaque(f frame.Frame) bool { return f.RSV&frame.RSV1 != 0 && !f.Opcode.IsControl() }

// addOrder puts an order in force, about the frames after the one with that number.
// Those that have arrived since are among them, so that none slips through between a
// step and the next.
func (c *Conn) addOrder(o *order, after int) {
	c.dispatch.Lock()
	defer c.dispatch.Unlock()
	c.orders = append(slices.Clip(c.orders), o)
	c.feed.sift(func(it *item) (keep bool) {
		if it.n <= after || !o.match.Match(c.viewOf(it.frame)) {
			return true
		}
		if o.act != nil && !(o.replaces && it.reacted) {
			o.act(it)
		}
		it.hidden = it.hidden || o.hides
		return !o.drops
	})
}

// hand gives a frame that arrived to the orders, to the automatic answers and to
// whoever waits for it.
func (c *Conn) hand(f frame.Frame) {
	c.dispatch.Lock()
	defer c.dispatch.Unlock()
	c.arrived++
	c.mu.Lock()
	it := item{frame: f, n: c.arrived, answer: f.Opcode == frame.OpClose && c.sentCl}
	c.mu.Unlock()
	replaced, dropped := false, false
	for _, o := range c.orders {
		if !o.match.Match(c.viewOf(f)) {
			continue
		}
		replaced = replaced || o.replaces
		dropped = dropped || o.drops
		it.hidden = it.hidden || o.hides
		if o.act != nil {
			o.act(&it)
		}
	}
	it.reacted = !replaced && (f.Opcode == frame.OpPing || f.Opcode == frame.OpClose)
	if !dropped {
		c.feed.push(it)
	}
	if !replaced {
		c.react(f)
	}
}

// now is the number of the newest frame.
func (c *Conn) now() int {
	c.dispatch.Lock()
	defer c.dispatch.Unlock()
	return c.arrived
}

// react is what a server does by itself (RFC 6455 sections 5.5.1 and 5.5.2).
func (c *Conn) react(f frame.Frame) {
	switch f.Opcode {
	case frame.OpPing:
		_ = c.Send(frame.Pong(f.Payload))
	case frame.OpClose:
		_ = c.answerClose(f)
	}
}

// answerClose echoes a Close unless one was sent already, and ends the server's
// side of the connection behind it.
func (c *Conn) answerClose(f frame.Frame) error {
	c.mu.Lock()
	sent := c.sentCl
	c.mu.Unlock()
	if !sent {
		echo := frame.EmptyClose()
		if code, _, ok := frame.ParseClose(f.Payload); ok && code != frame.CodeNoStatus {
			echo = frame.Close(code, "")
		}
		return c.enqueue(outgoing{frames: []frame.Frame{echo}, then: endHandshake})
	}
	return c.enqueue(outgoing{then: endHandshake})
}
