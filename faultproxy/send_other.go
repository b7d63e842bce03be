//go:build !unix

package faultproxy

type rawWriter interface {
	Write(func(fd uintptr) bool) error
}

func newSender(ln *lane) *sender {
	s := &sender{ln: ln, conn: ln.dest().conn}
	s.part, _ = s.conn.(partWriter)
	return s
}

func (s *sender) someRaw(b []byte) (int, error) { return s.conn.Write(b) }
