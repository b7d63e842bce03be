package memnet_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// capacity is how many unread bytes a connection holds, as documented.
const capacity = 256 << 10

// listen opens a listener that closes with the test.
func listen(t testing.TB, n *memnet.Network, address string) *memnet.Listener {
	t.Helper()
	l, err := n.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*memnet.Listener)
}

// dial connects to an address.
func dial(t testing.TB, n *memnet.Network, address string) *memnet.Conn {
	t.Helper()
	c, err := n.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*memnet.Conn)
}

// accept takes the next connection.
func accept(t testing.TB, l net.Listener) *memnet.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return c.(*memnet.Conn)
}

// connect returns both sides of a connection that closes with the test.
func connect(t testing.TB, n *memnet.Network) (dialled, accepted *memnet.Conn) {
	t.Helper()
	l := listen(t, n, "127.0.0.1:0")
	dialled = dial(t, n, l.Addr().String())
	accepted = accept(t, l)
	l.Close()
	t.Cleanup(func() { dialled.Close(); accepted.Close() })
	return dialled, accepted
}

// loopback returns both sides of a real connection.
func loopback(t testing.TB) (dialled, accepted *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

// class says in a word what became of an operation on n bytes.
func class(n int, err error) string {
	var timeout net.Error
	switch {
	case err == nil:
		return strconv.Itoa(n)
	case err == io.EOF:
		return "EOF"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.EPIPE):
		return "pipe"
	case errors.Is(err, syscall.ENOTCONN):
		return "not connected"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EADDRINUSE):
		return "in use"
	case errors.Is(err, net.ErrClosed):
		return "closed"
	case errors.As(err, &timeout) && timeout.Timeout() && errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	}
	return err.Error()
}

// write writes s.
func write(c net.Conn, s string) string {
	return class(c.Write([]byte(s)))
}

// read reads at most n bytes and returns them, or the class of the error.
func read(c net.Conn, n int) string {
	b := make([]byte, n)
	k, err := c.Read(b)
	if err != nil {
		return class(k, err)
	}
	return string(b[:k])
}

// expect fails the test unless got is want.
func expect(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
