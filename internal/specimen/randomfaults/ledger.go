package randomfaults

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Ledger is the server's side of numbered messages (specimen.Config.Number) for one
// client: it remembers across connections what it got, acknowledges it, and tells a
// client that resumes how far it was. A connection on which the client resumed takes
// the place of those before it: what still comes on them, late, does not count. The
// zero value is ready.
type Ledger struct {
	// Takes is how long an acknowledgement takes.
	Takes time.Duration

	mu   sync.Mutex
	conn int // the connection that counts
	have int
	got  []string
}

// Handler keeps the ledger on the connections it serves. In a script it comes last.
func (l *Ledger) Handler() fakeserver.Handler {
	return fakeserver.Func("ledger", l.Serve)
}

// Serve keeps the ledger on a connection until that is over.
func (l *Ledger) Serve(c *fakeserver.Conn) {
	for {
		f, err := c.Next(c.Context())
		if err != nil {
			return
		}
		if ack, ok := l.enter(c.Number(), f); ok {
			time.Sleep(l.Takes)
			_ = c.Send(frame.Text(fmt.Sprintf(`{"ack":%d}`, ack)))
		}
	}
}

// Got lists the numbers of the messages in the order they came, with every repetition.
func (l *Ledger) Got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.got...)
}

// enter takes note of a frame, and returns what there is to acknowledge, if anything.
// What leaves a gap is not acknowledged: the client has to send it again.
func (l *Ledger) enter(conn int, f frame.Frame) (ack int, ok bool) {
	var message struct{ N, Resume int }
	if f.Opcode != frame.OpText || json.Unmarshal(f.Payload, &message) != nil {
		return 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case message.Resume > 0 && conn >= l.conn:
		l.conn = conn
	case message.N > 0 && conn == l.conn:
		l.got = append(l.got, fmt.Sprint(message.N))
		if message.N == l.have+1 {
			l.have++
		}
	default:
		return 0, false
	}
	return l.have, true
}
