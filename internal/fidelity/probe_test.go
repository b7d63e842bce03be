//go:build linux

package fidelity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
	"unsafe"
)

// The probe knows nothing of the kit and does not use its codec: a client and an
// upstream made of bare TCP connections, in one process and so with one clock.

// patience bounds what must happen: an answer to a handshake, bytes that pass.
const patience = 8 * time.Second

// pair is one WebSocket through a middlebox, after the 101.
type pair struct {
	client, server *net.TCPConn
	head           string    // the middlebox's answer to the upgrade, without the empty line
	opened         time.Time // when the client had it
	serverEnded    bool      // the server has ended its own stream
}

func (p *pair) close() {
	for _, c := range []*net.TCPConn{p.client, p.server} {
		if c != nil {
			c.Close()
		}
	}
}

// toServer sends from the client and waits until the server has it.
func (p *pair) toServer(b []byte) error { return pass(p.client, p.server, b) }

// toClient sends from the server and waits until the client has it.
func (p *pair) toClient(b []byte) error { return pass(p.server, p.client, b) }

func pass(from, to *net.TCPConn, b []byte) error {
	if _, err := from.Write(b); err != nil {
		return err
	}
	got := make([]byte, len(b))
	if err := to.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.ReadFull(to, got); err != nil {
		return fmt.Errorf("pass %d bytes on: %w", len(b), err)
	}
	if !bytes.Equal(got, b) {
		return fmt.Errorf("%d bytes arrived changed", len(b))
	}
	return nil
}

// reset ends a connection with an RST.
func reset(c *net.TCPConn) error { return errors.Join(c.SetLinger(0), c.Close()) }

// ending is how the stream toward one side ended.
type ending struct {
	how  string    // FIN, RST, or open: it did not, while it was watched
	at   time.Time // of the end
	data []byte    // what arrived before it, or the first keep bytes of that
	n    int       // how many bytes arrived
}

const keep = 64 << 10

const (
	ended  = "FIN"
	resets = "RST"
	open   = "open"
	gone   = "-" // a side that has ended its connection itself sees nothing any more
)

// watch reads a side to its end, or for so long.
func watch(c *net.TCPConn, d time.Duration) <-chan ending {
	ch := make(chan ending, 1)
	if c == nil {
		ch <- ending{how: gone}
		return ch
	}
	go func() { ch <- readToEnd(c, time.Now().Add(d)) }()
	return ch
}

func readToEnd(c *net.TCPConn, deadline time.Time) (e ending) {
	if err := c.SetReadDeadline(deadline); err != nil {
		return ending{how: resets, at: time.Now()}
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		e.n += n
		if room := keep - len(e.data); room > 0 {
			e.data = append(e.data, buf[:min(n, room)]...)
		}
		if err != nil {
			e.at, e.how = time.Now(), name(err)
			return e
		}
	}
}

// name says what an error of a read means.
func name(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF):
		return ended
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return resets
	case errors.As(err, &timeout) && timeout.Timeout():
		return open
	}
	return err.Error()
}

// How long a side that has had its FIN is watched for an RST, and then written to.
const (
	settle   = 150 * time.Millisecond
	prodding = time.Second
)

// aftermath says what follows a FIN: an RST by itself, one that the next bytes
// draw (the middlebox has closed), or none (it still reads).
//
// A side that has ended its own stream cannot ask: its connection is over with the
// other's FIN.
func aftermath(c *net.TCPConn, endedItself bool) string {
	if endedItself {
		return ended
	}
	for end := time.Now().Add(settle); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if state(c) == tcpClose {
			return "FIN, then RST"
		}
	}
	for end := time.Now().Add(prodding); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := c.Write([]byte{0x8a, 0x80, 0, 0, 0, 0}); err != nil { // an empty pong
			return "FIN, then RST on write"
		}
	}
	return "FIN, writes pass"
}

// tcpClose is the kernel's TCP_CLOSE: no connection any more.
const tcpClose = 7

// state is the kernel's state of a connection.
func state(c *net.TCPConn) (state byte) {
	raw, err := c.SyscallConn()
	if err != nil {
		return tcpClose
	}
	_ = raw.Control(func(fd uintptr) {
		var info [256]byte
		size := uint32(len(info))
		_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 {
			state = info[0]
		}
	})
	return state
}

// The key and its answer are the example of RFC 6455, 1.3.
const (
	upgradeRequest = "GET %s HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	upgradeResponse = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// readHead reads the head of an answer and not a byte more.
func readHead(c net.Conn, d time.Duration) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
		return "", err
	}
	var head []byte
	for b := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); {
		n, err := c.Read(b)
		head = append(head, b[:n]...)
		if err != nil {
			return string(head), err
		}
	}
	return string(head), nil
}

// clientFrame is a masked frame with an all-zero key, as a client may send it.
func clientFrame(first byte, payload string) []byte {
	return append(length(first, len(payload), 0x80), append([]byte{0, 0, 0, 0}, payload...)...)
}

// serverFrame is an unmasked frame.
func serverFrame(first byte, payload string) []byte {
	return append(length(first, len(payload), 0), payload...)
}

func length(first byte, n int, mask byte) []byte {
	switch {
	case n < 126:
		return []byte{first, mask | byte(n)}
	case n < 1<<16:
		return []byte{first, mask | 126, byte(n >> 8), byte(n)}
	}
	return []byte{first, mask | 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// The first bytes of the frames the probe sends: FIN and the opcode.
const (
	opText   = 0x81
	opBinary = 0x82
	opClose  = 0x88
	opPing   = 0x89
	opPong   = 0x8a
)
