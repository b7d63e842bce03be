package fakeserver

import (
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// order is a standing order: something the server does with every frame of a kind.
// Its functions are called in the order in which the frames arrive, and must not
// wait.
type order struct {
	match    frame.Match
	replaces bool                              // the automatic answer to the frame
	hides    bool                              // the frame from Next
	answer   func(f frame.Frame) []frame.Frame // to be sent in one write; may be nil
	feed     *feed                             // where the frame goes besides; may be nil
}

// wants reports whether the order is about the frame.
func (o *order) wants(f frame.Frame) bool {
	return o.match.Match(frame.View{Dir: frame.ToServer, Header: f.Header(), Payload: f.Payload, Opaque: isOpaque(f)})
}

// isOpaque reports whether a frame that was read is still compressed.
func isOpaque(f frame.Frame) bool { return f.RSV&frame.RSV1 != 0 && !f.Opcode.IsControl() }

// addOrder puts an order in force. It is about the frames that Next has not handed
// out yet, too, so that none slips through between a step and the next.
func (c *Conn) addOrder(o *order) {
	c.dispatch.Lock()
	defer c.dispatch.Unlock()
	c.orders = append(slices.Clip(c.orders), o)
	c.feed.sift(func(f frame.Frame) bool {
		if !o.wants(f) {
			return true
		}
		c.obey(o, f)
		return !o.hides
	})
}

func (c *Conn) obey(o *order, f frame.Frame) {
	if o.feed != nil {
		o.feed.push(f)
	}
	if o.answer == nil {
		return
	}
	if frames := o.answer(f); len(frames) > 0 {
		_ = c.Send(frames...) // a connection that is ending answers nothing
	}
}

// hand gives a frame that arrived to the orders, to the automatic answers and to
// Next.
func (c *Conn) hand(f frame.Frame) {
	c.dispatch.Lock()
	defer c.dispatch.Unlock()
	replaced, hidden := false, false
	for _, o := range c.orders {
		if o.wants(f) {
			replaced = replaced || o.replaces
			hidden = hidden || o.hides
			c.obey(o, f)
		}
	}
	if !hidden {
		c.feed.push(f)
	}
	if !replaced {
		c.react(f)
	}
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
