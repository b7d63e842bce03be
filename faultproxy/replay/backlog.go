package replay

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// An end overtakes what its client does not read in time, and the recorded one came
// behind what had left. So it waits for a client that is slower than the recording is
// played.
const (
	maxBacklog = 256 << 10 // bytes; less than that is in the buffers of TCP at once
	pollEvery  = 10 * time.Millisecond
)

// backlog is how much waits for the client.
type backlog struct {
	sent    int // bytes of payload
	written int // of them, up to the event seq
	seq     int
}

// waits reports whether too much waits for an end to come now.
func (b *backlog) waits(c *fakeserver.Conn) bool {
	for e := range c.View().From(b.seq).All() {
		b.seq = e.Seq + 1
		if e.Dir == frame.ToClient && e.Kind == timeline.KindFrame {
			b.written += int(e.Header.Length)
		} else if e.Dir == frame.ToClient && e.Kind == timeline.KindBytes {
			b.written += e.Count
		}
	}
	return b.sent-b.written > maxBacklog
}
