package fakeserver

import (
	"fmt"
	"io"
	"net"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func (c *Conn) isAttempt() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == attempted
}

func (c *Conn) isServing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serving
}

// record appends to the timeline as an event of this connection.
func (c *Conn) record(r timeline.Record) {
	r.Conn = c.num
	c.s.record(r)
}

// enter takes a reference. The mutex is held.
func (c *Conn) enter() { c.refs++ }

// leave gives a reference back. The last one ends the connection.
func (c *Conn) leave() {
	c.mu.Lock()
	c.refs--
	last := c.refs == 0 && c.gone && c.state == isOpen
	if last {
		c.state = isOver
	}
	c.mu.Unlock()
	if last {
		c.ended("it is over")
	}
}

// ended is the last thing that happens to a connection that was attempted.
func (c *Conn) ended(why string) {
	c.record(timeline.Record{Kind: timeline.KindEnded})
	c.feed.end(fmt.Errorf("%s: %w", why, io.EOF))
	c.s.mu.Lock()
	delete(c.s.live, c)
	c.s.mu.Unlock()
	close(c.over)
	c.pace.end()
	c.dispatch.Lock()
	c.orders = nil
	c.dispatch.Unlock()
	c.mu.Lock()
	c.conn, c.pre, c.out = nil, nil, outlet{shut: "is over"}
	c.mu.Unlock()
	c.s.leave()
}

// shut closes the socket, once; before is recorded first. It reports whether it
// did it.
func (c *Conn) shut(before timeline.Record, how func(net.Conn)) bool {
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return false
	}
	c.gone = true
	conn := c.conn
	c.out.drop()
	c.mu.Unlock()
	if before.Kind != 0 {
		c.record(before)
	}
	how(conn)
	close(c.cutC)
	return true
}

// cut closes the connection without ceremony, whatever state it is in.
func (c *Conn) cut() {
	c.mu.Lock()
	conn := c.conn
	c.pending = c.mode == reading && !c.sentCl && !c.sentFIN && !c.heardFIN
	c.mu.Unlock()
	if conn != nil {
		c.shut(closedRecord(), hardClose)
	}
}

// serveIt runs the handler's function.
func (c *Conn) serveIt() {
	defer c.s.leave()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.serving = false
	}()
	c.guard(c.handler.String(), func() { c.handler.serve(c) })
}

// goes runs f on a goroutine of its own, which Close waits for.
func (c *Conn) goes(what string, f func()) {
	if !c.s.enter() {
		return
	}
	go func() {
		defer c.s.leave()
		c.guard(what, f)
	}()
}

// guard runs what a user wrote. Its panic, or its end, is a failure and closes the
// connection.
func (c *Conn) guard(what string, f func()) {
	finished := false
	defer func() {
		switch why := recover(); {
		case why != nil:
			c.crashed(fmt.Sprintf("%s panicked: %v\n%s", what, why, stack()))
		case !finished:
			c.crashed(what + " ended its goroutine (t.FailNow, t.Fatal or runtime.Goexit): only the test's own goroutine may; return from the handler instead")
		}
	}()
	f()
	finished = true
}

// crashed collects the failure of a handler and closes its connection.
func (c *Conn) crashed(what string) {
	c.s.failed(Failure{Conn: c.num, Text: what}.from(c.handler.source))
	c.cut()
}
