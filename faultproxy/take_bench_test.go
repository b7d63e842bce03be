package faultproxy

import (
	"io"
	"net"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// nowhere is a destination that takes everything.
type nowhere struct{ net.Conn }

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Read([]byte) (int, error)    { return 0, io.EOF }

// BenchmarkTake is the cost of one small frame in a full buffer: parsing, rules
// and record, without the socket.
func BenchmarkTake(b *testing.B) {
	p := &Proxy{Timeline: timeline.New()}
	p.rules.Store(emptyRules)
	l := newLink(p)
	l.client.conn, l.server.conn = nowhere{}, nowhere{}
	l.refs.Store(1)
	one := frame.Text("12345678901234567890123456789012").WithMask([4]byte{1, 2, 3, 4}).Append(nil)
	var buf []byte
	for range 800 {
		buf = append(buf, one...)
	}
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	for n := 0; n < b.N; n += 800 {
		l.up.take(buf, 1)
	}
}
