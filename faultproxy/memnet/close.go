package memnet

import "net"

// Close closes this side. Reads and Writes that wait fail with an error
// wrapping [net.ErrClosed], as do later calls, Close included.
//
// The other side reads what was written, then io.EOF; what it writes from
// then on draws an RST. If bytes had arrived here that nobody read, or after
// SetLinger(0), it gets an RST instead, at once.
func (c *Conn) Close() error {
	p := c.pair
	p.mu.Lock()
	if c.closed {
		p.mu.Unlock()
		return c.opError("close", "close", net.ErrClosed)
	}
	now := p.now()
	c.in.settle(now)
	unread := c.in.readable() > 0
	lost := c.abortive || unread
	switch {
	case c.wasReset(now):
	case lost:
		c.peer().resetAt(now + p.latency)
	default:
		c.sendFIN(now)
	}
	c.end()
	if !lost {
		c.refuseInFlight()
	}
	gone := c.peer().closed
	p.mu.Unlock()
	if gone {
		p.net.forget(p)
	}
	return nil
}

// abort is Close with an RST.
func (c *Conn) abort() {
	c.pair.mu.Lock()
	c.abortive = true
	c.pair.mu.Unlock()
	c.Close()
}

// end marks this side closed and lets go of what it holds.
func (c *Conn) end() {
	c.closed, c.readClosed, c.writeClosed = true, true, true
	c.in.buf.truncate(0)
	c.readers.stop()
	c.writers.stop()
}

// CloseWrite sends a FIN: the other side reads what was written, then
// io.EOF. This side can still read. It fails with an error wrapping ENOTCONN
// if the connection is over in both directions, and [net.ErrClosed] after
// Close.
func (c *Conn) CloseWrite() error {
	return c.shutdown(func(now int64) {
		c.sendFIN(now)
		c.writeClosed = true
		c.writers.wake()
	})
}

// CloseRead makes Read report io.EOF instead of waiting. As on Linux the
// other side is not told, and bytes that arrive can still be read, until
// CloseWrite is called too: then they draw an RST. It fails as CloseWrite
// does.
func (c *Conn) CloseRead() error {
	return c.shutdown(func(int64) {
		c.readClosed = true
		c.readers.wake()
	})
}

func (c *Conn) shutdown(half func(now int64)) error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	now := c.pair.now()
	switch {
	case c.closed:
		return c.opError("close", "shutdown", net.ErrClosed)
	case c.wasReset(now), c.writeClosed && c.in.ended(now):
		return c.opError("close", "shutdown", errNotConn)
	}
	c.in.settle(now)
	half(now)
	if c.deaf() {
		c.refuseInFlight()
	}
	return nil
}

// SetLinger says what Close does: with 0 it sends an RST and throws away
// what the other side has not received; with any other value, as by default,
// it sends a FIN and returns at once. It fails only after Close.
func (c *Conn) SetLinger(seconds int) error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.closed {
		return c.opError("set", "setsockopt", net.ErrClosed)
	}
	c.abortive = seconds == 0
	return nil
}

// sendFIN ends what this side sends, once.
func (c *Conn) sendFIN(now int64) {
	if c.writeClosed {
		return
	}
	peer := c.peer()
	peer.in.fin = now + c.pair.latency
	peer.readers.wake()
}

// deaf reports whether bytes that arrive here draw an RST.
func (c *Conn) deaf() bool {
	return c.closed || c.readClosed && c.writeClosed
}

// refuseInFlight draws the RST for bytes that will arrive at a side that has
// become deaf.
func (c *Conn) refuseInFlight() {
	if len(c.in.data) == 0 {
		return
	}
	arrival := c.in.data[0].due
	if !c.closed {
		c.in.cut(c.in.arrived)
	}
	c.drawReset(arrival)
}

// drawReset is what bytes do that arrive at a deaf side: it forgets the
// connection and sends an RST.
func (c *Conn) drawReset(arrival int64) {
	c.resetAt(arrival)
	c.peer().resetAt(arrival + c.pair.latency)
}

// resetAt lets an RST from the other side arrive here at a time.
func (c *Conn) resetAt(due int64) {
	if due >= c.reset {
		return
	}
	c.reset = due
	c.in.settle(c.pair.now())
	c.in.loseUnsent()
	c.readers.wake()
	c.writers.wake()
}
