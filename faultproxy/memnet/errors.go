package memnet

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
)

var (
	errReset   = syscall.ECONNRESET
	errPipe    = syscall.EPIPE
	errNotConn = syscall.ENOTCONN
)

// ErrOtherBubble is why a network cannot be listened on or dialled outside of the
// testing/synctest bubble it was first used in. The runtime would kill the process.
var ErrOtherBubble = errors.New("network of another synctest bubble")

// opError describes a failed operation on c as package net does.
func (c *Conn) opError(op, call string, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = os.NewSyscallError(call, err)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// dialError describes a failed dial as package net does.
func dialError(network string, addr *net.TCPAddr, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = dialTimeout{}
	case errors.Is(err, context.Canceled):
		err = dialCanceled{}
	case err == syscall.ECONNREFUSED:
		err = os.NewSyscallError("connect", err)
	}
	return &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
}

// dialTimeout is the error of a dial whose context's deadline passed.
type dialTimeout struct{}

func (dialTimeout) Error() string        { return "i/o timeout" }
func (dialTimeout) Timeout() bool        { return true }
func (dialTimeout) Temporary() bool      { return true }
func (dialTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// dialCanceled is the error of a dial whose context was cancelled.
type dialCanceled struct{}

func (dialCanceled) Error() string        { return "operation was canceled" }
func (dialCanceled) Is(target error) bool { return target == context.Canceled }
