//go:build unix

package faultproxy

import (
	"io"
	"net"
	"os"
	"syscall"
)

// rawReader reads a socket by system call as soon as the poller says that it is
// readable; the buffer is taken only then.
type rawReader interface {
	Read(func(fd uintptr) bool) error
}

func newSource(c net.Conn) *source {
	s := &source{conn: c}
	s.wait, _ = c.(waiter)
	if sc, ok := c.(*net.TCPConn); ok {
		if rc, err := sc.SyscallConn(); err == nil {
			s.raw, s.try = rc, s.tryRead
		}
	}
	return s
}

// tryRead is called by the poller; false means "wait until readable".
func (s *source) tryRead(fd uintptr) bool {
	s.buf = lend(s.large)
	for {
		s.n, s.err = syscall.Read(int(fd), *s.buf)
		if s.err != syscall.EINTR {
			break
		}
	}
	if s.err == syscall.EAGAIN {
		s.free()
		return false
	}
	return true
}

func (s *source) readRaw() ([]byte, error) {
	s.n, s.err = 0, nil
	if err := s.raw.Read(s.try); err != nil {
		return nil, err
	}
	switch {
	case s.err != nil:
		return nil, &net.OpError{Op: "read", Net: "tcp", Source: s.conn.LocalAddr(),
			Addr: s.conn.RemoteAddr(), Err: os.NewSyscallError("read", s.err)}
	case s.n == 0:
		return nil, io.EOF
	}
	s.large = s.n == len(*s.buf)
	return (*s.buf)[:s.n], nil
}
