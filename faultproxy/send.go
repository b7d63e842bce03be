package faultproxy

import (
	"net"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// sendChunk is what a peer must take in one go where a connection does not tell how
// much of a write it took: the size of a TLS record (RFC 8446 section 5.1).
const sendChunk = 16 << 10

// sender writes for a lane under a send timeout. The write slot's owner uses it.
type sender struct {
	ln    *lane
	conn  net.Conn
	raw   rawWriter  // nil where the connection offers no such thing
	part  partWriter // likewise
	timer *time.Timer
	armed bool

	// Of a raw write, so that one closure serves all writes.
	try func(fd uintptr) bool
	buf []byte
	n   int
	err error
	d   time.Duration
}

// partWriter is a connection that can say how much of a write fits now; memnet's can.
type partWriter interface {
	// WriteSome writes at least one byte, waiting for room if need be.
	WriteSome(b []byte) (int, error)
}

// writeWithin writes to the destination, which may take nothing for no longer than d.
func (ln *lane) writeWithin(raw []byte, d time.Duration) error {
	s := ln.out.sender
	if s == nil {
		s = newSender(ln)
		ln.out.sender = s
	}
	s.d = d
	for len(raw) > 0 {
		n, err := s.some(raw)
		s.disarm()
		if err != nil {
			return err
		}
		raw = raw[n:]
	}
	return nil
}

// some writes at least one byte, or reports why it cannot.
func (s *sender) some(b []byte) (int, error) {
	switch {
	case s.raw != nil:
		return s.someRaw(b)
	case s.part != nil:
		s.arm()
		return s.part.WriteSome(b)
	}
	s.arm()
	return s.conn.Write(b[:min(len(b), sendChunk)])
}

// arm begins to wait for the peer to take something.
func (s *sender) arm() {
	s.armed = true
	if s.timer == nil {
		s.timer = time.AfterFunc(s.d, s.ln.stalled)
		return
	}
	s.timer.Reset(s.d)
}

func (s *sender) disarm() {
	if s.armed {
		s.armed = false
		s.timer.Stop()
	}
}

// stalled runs when the destination has taken nothing for too long.
func (ln *lane) stalled() {
	if !ln.l.enter() {
		return
	}
	defer ln.l.leave()
	b := ln.l.p.conduct()
	end := b.SendEnd
	if end == (End{}) {
		end = End{Client: FullClose, Server: FullClose}
	}
	rule := b.ref(ln.l.tl)
	ln.l.record(timeline.Record{Kind: timeline.KindFault, Rule: rule, Dir: ln.dir,
		Fields: []timeline.Field{{Name: "does", Value: "send timeout: no byte was taken for " + b.SendTimeout.String() + "; " + end.String()}}})
	ln.l.perform(act{kind: actEnd, rule: rule, end: end})
}
