package fakeserver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// outgoing is something queued for the client: frames or bytes, in one write, and
// what happens to the connection behind them.
type outgoing struct {
	frames []frame.Frame
	raw    []byte // instead of frames
	size   int
	then   act
	ending Ending // whose act it is, if a caller's
	close  bool   // the frames begin a closing handshake
}

// outlet is the write side of a connection, guarded by its mutex. The slot (busy)
// has one owner at a time: a goroutine that writes what is queued and ends when
// there is nothing more.
type outlet struct {
	busy bool
	// squeezed says that the message under way is compressed. Only the slot's owner
	// looks at it.
	squeezed bool
	queue    []outgoing
	size     int
	shut     string        // why nothing can be queued any more; "" if it can
	cut      bool          // what is queued before an ending is to be dropped
	timer    *time.Timer   // sets cut
	closer   *time.Timer   // closes the connection of a client that does not
	space    chan struct{} // closed when there is room again, if the reader waits
}

func (o *outlet) drop() {
	o.queue, o.size = nil, 0
	o.makeRoom()
	o.stopTimers()
	if o.shut == "" {
		o.shut = "is over"
	}
}

func (o *outlet) stopTimers() {
	for _, t := range []*time.Timer{o.timer, o.closer} {
		if t != nil {
			t.Stop()
		}
	}
}

func (o *outlet) makeRoom() {
	if o.space != nil {
		close(o.space)
		o.space = nil
	}
}

// Send sends frames in one write, exactly as they are, legal or not. It queues them
// and returns: a client that does not read holds up nobody else. The error says
// why nothing can be sent: the connection has not opened yet, is ending, frozen or
// over.
func (c *Conn) Send(frames ...frame.Frame) error {
	size := 0
	for i := range frames {
		size += len(frames[i].Payload) + frame.MaxHeaderSize
	}
	return c.enqueue(outgoing{frames: frames, size: size})
}

// SendRaw sends bytes as they are. They are recorded as bytes, not as frames.
func (c *Conn) SendRaw(b []byte) error {
	return c.enqueue(outgoing{raw: append([]byte(nil), b...), size: len(b)})
}

// SendClose begins a closing handshake: it sends a Close with any code and reason,
// also such as must never be on the wire, and nothing after it. When the client's
// own Close has come the server sends its FIN and reads on until the client's. A
// client that does not close within 5 s has the connection closed. To send a Close
// and go on as if nothing had happened, use Send.
func (c *Conn) SendClose(code frame.CloseCode, reason string) error {
	return c.End(Close(code, reason))
}

// enqueue queues something for the client.
func (c *Conn) enqueue(o outgoing) error {
	c.mu.Lock()
	err := c.unsendable(o)
	if err == nil {
		c.out.queue = append(c.out.queue, o)
		c.out.size += o.size
		if o.then.isFinal() {
			c.out.shut = "is ending"
		}
		if o.close {
			c.out.shut, c.sentCl = closingSide, true
		}
		if !c.out.busy {
			c.out.busy = true
			c.enter()
			if c.isNow(o) {
				c.mu.Unlock()
				c.write()
				return nil
			}
			go c.write()
		}
		if o.then.isFinal() && c.out.timer == nil {
			c.out.timer = time.AfterFunc(patience, c.interrupt)
		}
	}
	c.mu.Unlock()
	return err
}

// closingSide is why nothing can be sent while a closing handshake that the server
// began is under way. Its end still can.
const closingSide = "is closing: a Close was sent"

// unsendable says why something cannot be queued. The mutex is held.
func (c *Conn) unsendable(o outgoing) error {
	switch {
	case c.state == awaited:
		return fmt.Errorf("fakeserver: connection %d has not been attempted yet", c.num)
	case c.state == attempted && c.refused == "":
		return fmt.Errorf("fakeserver: connection %d is not open yet", c.num)
	case c.refused != "":
		return fmt.Errorf("fakeserver: connection %d %s", c.num, c.refused)
	case c.gone:
		return fmt.Errorf("fakeserver: connection %d is over", c.num)
	case c.out.shut == closingSide && o.then == endHandshake, o.then > endHandshake:
		return nil
	case c.out.shut != "":
		return fmt.Errorf("fakeserver: connection %d %s", c.num, c.out.shut)
	case c.out.size > maxQueued && o.size > 0:
		return fmt.Errorf("fakeserver: connection %d: %w", c.num, ErrFull)
	}
	return nil
}

// ErrFull is wrapped by the errors of [Conn.Send] and [Conn.SendRaw] when too much waits
// for a client that does not read.
var ErrFull = errors.New("64 MiB are waiting for the client, which does not read")

// write is the goroutine that owns the write slot while anything is queued.
func (c *Conn) write() {
	defer c.leave()
	for {
		c.mu.Lock()
		if len(c.out.queue) == 0 {
			c.out.busy = false
			c.mu.Unlock()
			return
		}
		o := c.out.queue[0]
		c.out.queue[0] = outgoing{}
		if c.out.queue = c.out.queue[1:]; len(c.out.queue) == 0 {
			c.out.queue = nil
		}
		c.out.size -= o.size
		if c.out.size <= maxQueued/2 {
			c.out.makeRoom()
		}
		c.mu.Unlock()
		c.put(o)
	}
}

// put writes one queued thing and does what follows it.
func (c *Conn) put(o outgoing) {
	if rule := c.rule(o.ending); rule != 0 {
		c.record(timeline.Record{Kind: timeline.KindFault, Rule: rule, Dir: frame.ToClient,
			Fields: []timeline.Field{{Name: "does", Value: o.ending.text}}})
	}
	if raw := c.prepare(o); len(raw) > 0 {
		c.lastOut.Store(int64(c.s.Timeline.Now()))
		if _, err := c.conn.Write(raw); err != nil && !c.writeFailed(err) {
			return
		}
	}
	if o.close {
		c.endWithin(closeFor)
	}
	c.do(o.then, o.ending)
}

// endWithin closes the connection after d, unless it is over by then.
func (c *Conn) endWithin(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return
	}
	if c.out.closer != nil {
		c.out.closer.Stop()
	}
	c.out.closer = time.AfterFunc(d, func() {
		c.feed.end(fmt.Errorf("the client did not finish the closing handshake within %v: %w", closeFor, io.EOF))
		c.shut(closedRecord(), hardClose)
	})
}

// prepare records what is about to be written and returns its bytes.
func (c *Conn) prepare(o outgoing) []byte {
	if o.raw != nil {
		c.record(timeline.Record{Kind: timeline.KindBytes, Dir: frame.ToClient, Seen: timeline.Left, Payload: o.raw, Plain: true, Bytes: len(o.raw)})
		return o.raw
	}
	var raw []byte
	at := c.s.Timeline.Now()
	for _, f := range o.frames {
		if !f.Opcode.IsControl() && f.Opcode != frame.OpContinuation {
			c.out.squeezed = c.deflate && isOpaque(f)
		}
		c.record(timeline.Record{At: at, Kind: timeline.KindFrame, Dir: frame.ToClient, Seen: timeline.Left,
			Header: f.Header(), Payload: f.Payload, Plain: true, Alone: c.deflate && f.Fin && isOpaque(f),
			Opaque: c.out.squeezed && f.Opcode == frame.OpContinuation})
		if f.Opcode == frame.OpClose {
			c.mu.Lock()
			c.sentCl = true
			c.mu.Unlock()
		}
		raw = f.Append(raw)
	}
	return raw
}

// writeFailed handles a write that failed; true means that the ending behind it is
// still to be carried out.
func (c *Conn) writeFailed(err error) bool {
	c.mu.Lock()
	gone, cut := c.gone, c.out.cut
	c.mu.Unlock()
	switch {
	case gone:
	case cut && errors.Is(err, os.ErrDeadlineExceeded):
		return true
	case isReset(err):
		c.wasReset()
	default:
		c.s.fail(c.num, "write", err)
		c.shut(closedRecord(), hardClose)
	}
	return false
}

// interrupt makes an ending overtake what the client does not read.
func (c *Conn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || !c.out.busy {
		return
	}
	c.out.cut = true
	_ = socket(c.conn).SetWriteDeadline(time.Unix(1, 0))
}

// awaitSpace keeps the reader from reading on while too much is queued.
func (c *Conn) awaitSpace() {
	c.mu.Lock()
	if c.out.size <= maxQueued || c.gone {
		c.mu.Unlock()
		return
	}
	if c.out.space == nil {
		c.out.space = make(chan struct{})
	}
	space, size := c.out.space, c.out.size
	c.mu.Unlock()
	c.record(timeline.Record{Kind: timeline.KindHeld, Dir: frame.ToClient, Bytes: size})
	select {
	case <-space:
	case <-c.cutC:
	}
}
