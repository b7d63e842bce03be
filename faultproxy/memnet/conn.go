package memnet

import (
	"io"
	"net"
	"os"
	"time"
)

// Conn is one side of a connection. It behaves as a [*net.TCPConn] does on
// Linux, errors included, and is safe for concurrent use. Whoever got it
// from Dial or Accept owns it and has to close it.
//
// An idle Conn holds no buffer.
type Conn struct {
	pair          *pair
	local, remote *net.TCPAddr

	// Guarded by pair.mu.
	in            stream // from the other side
	readers       waitpoint
	writers       waitpoint
	readDeadline  time.Time
	writeDeadline time.Time
	reset         int64 // when an RST from the other side is due, or never
	writing       bool  // a Write is under way; others wait
	closed        bool
	readClosed    bool
	writeClosed   bool
	abortive      bool // Close sends an RST
	readTold      bool // a Read reported the RST
	writeTold     bool // a Write reported the RST
}

var _ net.Conn = (*Conn)(nil)

// peer is the other side.
func (c *Conn) peer() *Conn {
	if c == &c.pair.dialled {
		return &c.pair.accepting
	}
	return &c.pair.dialled
}

// Read reads what has arrived, at least one byte, waiting for it if need be.
//
// It reports [io.EOF], bare, after the other side's FIN or after CloseRead.
// Other errors are [*net.OpError]: wrapping ECONNRESET (once; then io.EOF)
// after an RST, [os.ErrDeadlineExceeded] once the deadline has passed even
// if bytes have arrived, and [net.ErrClosed] after Close.
func (c *Conn) Read(b []byte) (int, error) {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.closed {
		return 0, c.opError("read", "read", net.ErrClosed)
	}
	if len(b) == 0 {
		return 0, nil
	}
	now, err := c.awaitReadable()
	if err != nil {
		return 0, c.opError("read", "read", err)
	}
	if c.in.readable() > 0 {
		n := c.in.take(b, now, now+c.pair.latency)
		c.peer().writers.wake()
		return n, nil
	}
	if c.wasReset(now) && !c.in.ended(now) && !c.readTold {
		c.readTold = true
		return 0, c.opError("read", "read", errReset)
	}
	return 0, io.EOF
}

// WaitReadable waits until a Read would not: until bytes, a FIN or an RST
// have arrived, or CloseRead was called. It consumes nothing, not even the
// RST's error, so a program can take a buffer only when there is something
// to put in it. Errors are those this side causes: [*net.OpError] wrapping
// [os.ErrDeadlineExceeded] once the read deadline has passed, and
// [net.ErrClosed] after Close.
func (c *Conn) WaitReadable() error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if _, err := c.awaitReadable(); err != nil {
		return c.opError("read", "read", err)
	}
	return nil
}

// awaitReadable waits until there is something to read or report and returns
// the connection's time.
func (c *Conn) awaitReadable() (now int64, err error) {
	for {
		if c.closed {
			return 0, net.ErrClosed
		}
		if expired(c.readDeadline) {
			return 0, os.ErrDeadlineExceeded
		}
		now = c.pair.now()
		c.in.settle(now)
		if c.in.readable() > 0 || c.in.ended(now) || c.readClosed || c.wasReset(now) {
			return now, nil
		}
		c.readers.wait(c.pair.earliest(c.readDeadline, c.in.nextData(), c.reset))
	}
}

// Write sends b. It returns when all of b is on its way, which it is once no
// more than 256 KiB are unread by the other side. Concurrent Writes never
// mix.
//
// The number of bytes sent is right whatever the error. Errors are
// [*net.OpError]: wrapping ECONNRESET (once) or EPIPE after an RST, EPIPE
// after CloseWrite, [os.ErrDeadlineExceeded] once the deadline has passed,
// and [net.ErrClosed] after Close. As with TCP, the first Write to a side
// that is closed succeeds and draws the RST.
func (c *Conn) Write(b []byte) (n int, err error) { return c.write(b, len(b)) }

// WriteSome is Write that returns as soon as one byte is on its way, as a system call
// on a socket does that does not block. It waits for as long as there is no room.
func (c *Conn) WriteSome(b []byte) (n int, err error) { return c.write(b, min(len(b), 1)) }

// write sends as much of b as fits, at least so many bytes.
func (c *Conn) write(b []byte, least int) (n int, err error) {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	mine := false
	defer func() {
		if mine {
			c.writing = false
			c.writers.wake()
		}
	}()
	for {
		now := c.pair.now()
		if err := c.writeError(now); err != nil {
			return n, c.opError("write", "write", err)
		}
		if mine = mine || !c.writing; mine {
			c.writing = true
			n += c.send(b[n:], now)
			if n >= least {
				return n, nil
			}
			if c.wasReset(now) {
				continue
			}
		}
		c.writers.wait(c.pair.earliest(c.writeDeadline, c.peer().in.nextAck(), c.reset))
	}
}

// writeError is why nothing can be written now.
func (c *Conn) writeError(now int64) error {
	switch {
	case c.closed:
		return net.ErrClosed
	case expired(c.writeDeadline):
		return os.ErrDeadlineExceeded
	case c.writeClosed:
		return errPipe
	case !c.wasReset(now):
		return nil
	case c.writeTold || c.in.ended(now):
		return errPipe
	}
	c.writeTold = true
	return errReset
}

// send sends as much of b as there is space for.
func (c *Conn) send(b []byte, now int64) int {
	peer := c.peer()
	out := &peer.in
	out.settle(now)
	n := min(len(b), out.space())
	if n == 0 {
		return 0
	}
	arrival := now + c.pair.latency
	if peer.deaf() {
		out.discard(n)
		peer.drawReset(arrival)
		return n
	}
	out.send(b[:n], now, arrival)
	peer.readers.wake()
	return n
}

// wasReset reports whether an RST has arrived.
func (c *Conn) wasReset(now int64) bool {
	return c.reset <= now
}

// earliest is the earliest of a deadline (zero for none) and due times
// (never for none); zero if there is neither.
func (p *pair) earliest(deadline time.Time, dues ...int64) time.Time {
	due := min(dues[0], dues[1])
	if due == never {
		return deadline
	}
	at := p.made.Add(time.Duration(due))
	if deadline.IsZero() || at.Before(deadline) {
		return at
	}
	return deadline
}

// expired reports whether a deadline has passed.
func expired(deadline time.Time) bool {
	return !deadline.IsZero() && !time.Now().Before(deadline)
}

// SetDeadline sets both deadlines; see SetReadDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readDeadline, &c.writeDeadline)
}

// SetReadDeadline sets when Read and WaitReadable, waiting ones included,
// start to fail with an error wrapping [os.ErrDeadlineExceeded]. The zero
// time, the default, means never. It fails only after Close.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readDeadline)
}

// SetWriteDeadline is SetReadDeadline for Write.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.writeDeadline)
}

func (c *Conn) setDeadlines(t time.Time, deadlines ...*time.Time) error {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	if c.closed {
		return &net.OpError{Op: "set", Net: "tcp", Addr: c.local, Err: net.ErrClosed}
	}
	for _, deadline := range deadlines {
		*deadline = t
	}
	c.readers.wake()
	c.writers.wake()
	return nil
}

// LocalAddr returns this side's address, a [*net.TCPAddr].
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the other side's address, a [*net.TCPAddr].
func (c *Conn) RemoteAddr() net.Addr { return c.remote }
