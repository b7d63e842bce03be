package fakeserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// maxMessage bounds a message, inflated if it was compressed.
const maxMessage = 64 << 20

// read is the goroutine that reads the client's frames, through a buffer. It owns
// one reference.
func (c *Conn) read(buffer *bufio.Reader) {
	defer c.leave()
	buffer.Reset(&intake{c: c})
	r := frame.NewReader(buffer)
	check := frame.Checker{FromClient: true, Deflate: c.deflate}
	var msg message
	for {
		f, err := r.ReadFrame()
		if err == nil {
			c.take(f, &check, &msg)
		}
		var impossible *frame.Violation
		switch {
		case errors.As(err, &impossible):
			c.violated(impossible.Code, impossible)
			err = c.discard(impossible)
		case errors.Is(err, frame.ErrTooLong):
			c.violated(frame.CodeMessageTooBig, err)
			err = c.discard(err)
		}
		if err != nil {
			c.clientEnded(err)
			return
		}
		c.awaitSpace()
	}
}

// take handles one frame.
func (c *Conn) take(f frame.Frame, check *frame.Checker, msg *message) {
	h := f.Header()
	violation := check.Frame(f)
	plain, inflated := f, false
	if c.deflate && f.Fin && isOpaque(f) {
		if p, whole := frame.Inflate(f.Payload, maxMessage); whole {
			plain.Payload, plain.RSV, inflated = p, f.RSV&^frame.RSV1, true
		}
	}
	c.record(timeline.Record{Kind: timeline.KindFrame, Dir: frame.ToServer, Seen: timeline.Arrived,
		Header: h, Payload: plain.Payload, Plain: true, Inflated: inflated,
		Opaque: f.Opcode == frame.OpContinuation && msg.compressed})
	c.mu.Lock()
	now := c.mode
	c.mu.Unlock()
	switch {
	case now != reading && now != draining:
	case violation != nil:
		c.violated(violation.Code, violation)
	case f.Opcode.IsControl():
		c.guard("an order about "+plain.Opcode.String()+" frames", func() { c.hand(plain) })
	default:
		whole, complete, err := msg.add(plain)
		switch {
		case err != nil:
			c.violated(frame.CodeMessageTooBig, err)
		case complete:
			c.guard("an order about "+whole.Opcode.String()+" frames", func() { c.hand(whole) })
		}
	}
}

// violated answers what breaks RFC 6455 as section 7.1.7 asks: with a Close, unless
// the server has sent one already, and the end of the server's side.
func (c *Conn) violated(code frame.CloseCode, why error) {
	c.s.fail(c.num, "the client broke the protocol", why)
	c.mu.Lock()
	sent := c.sentCl
	c.mu.Unlock()
	answer := outgoing{then: endHandshake}
	if !sent {
		answer.frames = []frame.Frame{frame.Close(code, "")}
	}
	_ = c.enqueue(answer)
}

// discard reads what can no longer be parsed until the client's end.
func (c *Conn) discard(why error) error {
	c.record(timeline.Record{Kind: timeline.KindOpaque, Dir: frame.ToServer, Fields: []timeline.Field{
		{Name: "why", Value: why.Error()}}})
	_, err := io.Copy(io.Discard, &intake{c: c, blind: true})
	if err == nil {
		err = io.EOF
	}
	return err
}

// intake is what the reader reads: what was read ahead, then the connection, as
// the mode permits.
type intake struct {
	c          *Conn
	drew       bool // bytes arrived that draw an RST
	parser     frame.Parser
	blind      bool             // do not look for frames
	impossible *frame.Violation // why what follows is no stream of frames
}

// sight returns how many of the bytes belong to frames that there can be. What
// comes after them cannot be parsed, and a length in it means nothing.
func (s *intake) sight(b []byte) int {
	for i := 0; i < len(b) && !s.blind; {
		part, n := s.parser.Next(b[i:])
		if part.Start {
			if s.impossible = frame.Impossible(part.Header, s.c.deflate); s.impossible != nil {
				return i
			}
		}
		i += n
	}
	return len(b)
}

func (s *intake) Read(b []byte) (int, error) {
	c := s.c
	for {
		c.mu.Lock()
		now, moved := c.mode, c.moved
		c.mu.Unlock()
		switch {
		case now == parked:
			select {
			case <-c.cutC:
				return 0, net.ErrClosed
			case <-moved:
			}
			continue
		case now == dead && s.drew:
			c.shut(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: timeline.Left,
				Rule: c.s.Timeline.Intern(Fin().String())}, resetClose)
			return 0, net.ErrClosed
		case s.impossible != nil:
			return 0, s.impossible
		case len(c.pre) > 0:
			n := copy(b, c.pre)
			c.pre = c.pre[n:]
			return s.sight(b[:n]), nil
		}
		n, err := c.conn.Read(b)
		if n > 0 {
			c.lastIn.Store(int64(c.s.Timeline.Now()))
		}
		c.mu.Lock()
		stopped := c.mode == parked
		s.drew = s.drew || n > 0 && c.mode == dead
		c.mu.Unlock()
		if n == 0 && stopped && errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		return s.sight(b[:n]), err
	}
}

// clientEnded handles the end of what the client sends. It is the reader's last act.
func (c *Conn) clientEnded(err error) {
	c.mu.Lock()
	gone := c.gone
	c.mu.Unlock()
	switch {
	case gone, errors.Is(err, net.ErrClosed):
		c.feed.end(fmt.Errorf("the server closed it: %w", io.EOF))
	case isReset(err):
		c.wasReset()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToServer, Seen: timeline.Arrived})
		c.wentFirst("it sent its FIN")
		c.feed.end(fmt.Errorf("the client sent its FIN: %w", io.EOF))
		c.mu.Lock()
		c.heardFIN = true
		sentFIN, now := c.sentFIN, c.mode
		c.mu.Unlock()
		switch {
		case sentFIN:
			c.shut(timeline.Record{}, hardClose)
		case now == dark:
			c.shut(closedRecord(), hardClose)
		default:
			c.finish()
		}
	default:
		c.s.fail(c.num, "read", err)
		c.feed.end(fmt.Errorf("reading failed: %w (%w)", err, io.EOF))
		c.shut(closedRecord(), hardClose)
	}
}

// wasReset records the client's reset, which reads and writes may both meet.
func (c *Conn) wasReset() {
	c.mu.Lock()
	first := !c.reset && !c.gone
	c.reset = true
	c.mu.Unlock()
	if !first {
		return
	}
	c.record(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToServer, Seen: timeline.Arrived})
	c.wentFirst("it reset the connection")
	c.feed.end(fmt.Errorf("the client reset it: %w", io.EOF))
	c.shut(timeline.Record{}, hardClose)
}

// wentFirst notes that the client ended the connection, unless the server had begun
// to.
func (c *Conn) wentFirst(how string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mode == reading && !c.sentFIN && !c.sentCl && c.left == "" {
		c.left = how
	}
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
