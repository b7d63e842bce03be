package faultproxy

import "net"

// privateBuffer is what a lane of a TLS connection holds while it waits: TLS keeps
// decrypted bytes inside, so the socket's readiness says nothing.
const privateBuffer = 4 << 10

// source reads from a connection, where it can without holding a buffer while
// there is nothing to read. It has one user, a lane's reader.
type source struct {
	conn  net.Conn
	raw   rawReader // nil where the connection offers no such thing
	wait  waiter    // likewise
	large bool      // the last read filled its buffer

	private []byte // see privateBuffer

	// Of a raw read, so that one closure serves all reads.
	try func(fd uintptr) bool
	buf *[]byte
	n   int
	err error
}

// waiter is a connection that can say when a Read would not block; memnet's can.
type waiter interface{ WaitReadable() error }

// read returns what arrived, in a buffer that is the caller's until free.
func (s *source) read() ([]byte, error) {
	switch {
	case s.raw != nil:
		return s.readRaw()
	case s.wait != nil:
		if err := s.wait.WaitReadable(); err != nil {
			return nil, err
		}
		return s.fill()
	case s.large:
		return s.fill()
	}
	if s.private == nil {
		s.private = make([]byte, privateBuffer)
	}
	n, err := s.conn.Read(s.private)
	s.large = n == len(s.private)
	return s.private[:n], err
}

func (s *source) fill() ([]byte, error) {
	s.buf = lend(s.large)
	n, err := s.conn.Read(*s.buf)
	s.large = n == len(*s.buf)
	return (*s.buf)[:n], err
}

// free gives the buffer of the last read back.
func (s *source) free() {
	if s.buf != nil {
		giveBack(s.buf)
		s.buf = nil
	}
}
