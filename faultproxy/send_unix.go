//go:build unix

package faultproxy

import (
	"net"
	"os"
	"syscall"
)

// rawWriter writes to a socket by system call as soon as the poller says that it is
// writable.
type rawWriter interface {
	Write(func(fd uintptr) bool) error
}

func newSender(ln *lane) *sender {
	s := &sender{ln: ln, conn: ln.dest().conn}
	s.part, _ = s.conn.(partWriter)
	if sc, ok := s.conn.(*net.TCPConn); ok {
		if rc, err := sc.SyscallConn(); err == nil {
			s.raw, s.try = rc, s.tryWrite
		}
	}
	return s
}

// tryWrite is called by the poller; false means "wait until writable".
func (s *sender) tryWrite(fd uintptr) bool {
	for {
		s.n, s.err = syscall.Write(int(fd), s.buf)
		if s.err != syscall.EINTR {
			break
		}
	}
	if s.err == syscall.EAGAIN {
		s.arm()
		return false
	}
	return true
}

func (s *sender) someRaw(b []byte) (int, error) {
	s.buf, s.n, s.err = b, 0, nil
	err := s.raw.Write(s.try)
	s.buf = nil
	switch {
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, &net.OpError{Op: "write", Net: "tcp", Source: s.conn.LocalAddr(),
			Addr: s.conn.RemoteAddr(), Err: os.NewSyscallError("write", s.err)}
	}
	return s.n, nil
}
