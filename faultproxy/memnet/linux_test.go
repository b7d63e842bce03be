package memnet_test

import (
	"net"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// tcpConn is what memnet's connections and real ones have in common.
type tcpConn interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	SetLinger(seconds int) error
}

// differential is one story told to a connection of each kind.
type differential struct {
	a, b   tcpConn
	settle func() // lets what was sent arrive
	got    []string
}

func (d *differential) note(class string) { d.got = append(d.got, class) }

func (d *differential) read(c tcpConn, n int) {
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	d.note("read " + read(c, n))
}

// write notes ECONNRESET and EPIPE alike: which of them Linux reports depends
// on whether a Read was told of the RST before.
func (d *differential) write(c tcpConn, n int) {
	c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	k, err := c.Write(make([]byte, n))
	got := class(k, err)
	if got == "reset" || got == "pipe" {
		got = "broken"
	}
	d.note("write " + got)
}

func (d *differential) closeWrite(c tcpConn) { d.note("CloseWrite " + class(0, c.CloseWrite())) }
func (d *differential) closeRead(c tcpConn)  { d.note("CloseRead " + class(0, c.CloseRead())) }
func (d *differential) close(c tcpConn)      { d.note("Close " + class(0, c.Close())); d.settle() }
func (d *differential) abort(c tcpConn)      { c.SetLinger(0); d.close(c) }
func (d *differential) send(c tcpConn, s string) {
	d.note("write " + write(c, s))
	d.settle()
}

func (d *differential) readWriteTwice(c tcpConn) {
	d.read(c, 9)
	d.read(c, 9)
	d.write(c, 1)
	d.settle()
	d.write(c, 1)
	d.read(c, 9)
}

// TestAsLinux tells the same stories to memnet and to loopback TCP.
func TestAsLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memnet behaves as Linux does; other systems differ in the errors")
	}
	tests := []struct {
		name string
		tell func(d *differential)
		want []string
	}{
		{"RST", func(d *differential) {
			d.abort(d.a)
			d.readWriteTwice(d.b)
		}, []string{"Close 0", "read reset", "read EOF", "write broken", "write broken", "read EOF"}},
		{"RST after data", func(d *differential) {
			d.send(d.a, "hello")
			d.abort(d.a)
			d.read(d.b, 3)
			d.readWriteTwice(d.b)
		}, []string{"write 5", "Close 0", "read hel", "read lo", "read reset", "write broken", "write broken", "read EOF"}},
		{"RST after FIN", func(d *differential) {
			d.closeWrite(d.a)
			d.settle()
			d.abort(d.a)
			d.readWriteTwice(d.b)
		}, []string{"CloseWrite 0", "Close 0", "read EOF", "read EOF", "write broken", "write broken", "read EOF"}},
		{"RST after own FIN", func(d *differential) {
			d.closeWrite(d.b)
			d.settle()
			d.abort(d.a)
			d.readWriteTwice(d.b)
		}, []string{"CloseWrite 0", "Close 0", "read reset", "read EOF", "write broken", "write broken", "read EOF"}},
		{"full close", func(d *differential) {
			d.close(d.a)
			d.readWriteTwice(d.b)
		}, []string{"Close 0", "read EOF", "read EOF", "write 1", "write broken", "read EOF"}},
		{"large write after full close", func(d *differential) {
			d.close(d.a)
			d.write(d.b, 64<<20)
			d.read(d.b, 9)
		}, []string{"Close 0", "write broken", "read EOF"}},
		{"write after full close with data", func(d *differential) {
			d.send(d.a, "hello")
			d.close(d.a)
			d.send(d.b, "x")
			d.readWriteTwice(d.b)
		}, []string{"write 5", "Close 0", "write 1", "read hello", "read EOF", "write broken", "write broken", "read EOF"}},
		{"close with unread data", func(d *differential) {
			d.send(d.a, "hello")
			d.send(d.b, "x")
			d.close(d.a)
			d.readWriteTwice(d.b)
		}, []string{"write 5", "write 1", "Close 0", "read hello", "read reset", "write broken", "write broken", "read EOF"}},
		{"close with unread data after half close", func(d *differential) {
			d.send(d.b, "x")
			d.closeWrite(d.a)
			d.settle()
			d.close(d.a)
			d.readWriteTwice(d.b)
		}, []string{"write 1", "CloseWrite 0", "Close 0", "read EOF", "read EOF", "write broken", "write broken", "read EOF"}},
		{"half close", func(d *differential) {
			d.send(d.a, "hello")
			d.closeWrite(d.a)
			d.settle()
			d.read(d.b, 9)
			d.read(d.b, 9)
			d.send(d.b, "reply")
			d.read(d.a, 9)
			d.write(d.a, 1)
			d.write(d.a, 0)
			d.closeWrite(d.a)
			d.close(d.b)
			d.read(d.a, 9)
		}, []string{"write 5", "CloseWrite 0", "read hello", "read EOF", "write 5", "read reply", "write broken", "write broken", "CloseWrite 0", "Close 0", "read EOF"}},
		{"both half close", func(d *differential) {
			d.closeWrite(d.a)
			d.settle()
			d.closeWrite(d.b)
			d.settle()
			d.read(d.a, 9)
			d.read(d.b, 9)
			d.closeWrite(d.a)
			d.closeRead(d.a)
			d.closeWrite(d.b)
			d.write(d.b, 1)
			d.close(d.a)
			d.close(d.b)
		}, []string{"CloseWrite 0", "CloseWrite 0", "read EOF", "read EOF", "CloseWrite not connected", "CloseRead not connected", "CloseWrite not connected", "write broken", "Close 0", "Close 0"}},
		{"CloseRead", func(d *differential) {
			d.send(d.b, "early")
			d.closeRead(d.a)
			d.read(d.a, 9)
			d.read(d.a, 9)
			d.send(d.b, "late")
			d.read(d.a, 9)
			d.read(d.a, 9)
			d.send(d.a, "reply")
			d.read(d.b, 9)
			d.send(d.b, "x")
			d.close(d.a)
			d.read(d.b, 9)
		}, []string{"write 5", "CloseRead 0", "read early", "read EOF", "write 4", "read late", "read EOF", "write 5", "read reply", "write 1", "Close 0", "read reset"}},
		{"CloseRead and CloseWrite", func(d *differential) {
			d.closeRead(d.a)
			d.closeWrite(d.a)
			d.settle()
			d.send(d.b, "x")
			d.readWriteTwice(d.b)
			d.readWriteTwice(d.a)
		}, []string{"CloseRead 0", "CloseWrite 0", "write 1", "read EOF", "read EOF", "write broken", "write broken", "read EOF",
			"read reset", "read EOF", "write broken", "write broken", "read EOF"}},
		{"after RST", func(d *differential) {
			d.abort(d.a)
			d.closeWrite(d.b)
			d.closeRead(d.b)
			d.close(d.b)
		}, []string{"Close 0", "CloseWrite not connected", "CloseRead not connected", "Close 0"}},
		{"after Close", func(d *differential) {
			d.close(d.a)
			d.close(d.a)
			d.closeWrite(d.a)
			d.closeRead(d.a)
			d.read(d.a, 0)
			d.write(d.a, 0)
			d.note("SetLinger " + class(0, d.a.SetLinger(0)))
			d.note("SetDeadline " + class(0, d.a.SetDeadline(time.Time{})))
		}, []string{"Close 0", "Close closed", "CloseWrite closed", "CloseRead closed", "read closed", "write closed", "SetLinger closed", "SetDeadline closed"}},
		{"SetLinger", func(d *differential) {
			d.note("SetLinger " + class(0, d.a.SetLinger(0)))
			d.note("SetLinger " + class(0, d.a.SetLinger(5)))
			d.close(d.a)
			d.read(d.b, 9)
		}, []string{"SetLinger 0", "SetLinger 0", "Close 0", "read EOF"}},
		{"nothing to read", func(d *differential) {
			d.read(d.a, 0)
			d.a.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			d.note(read(d.a, 9))
		}, []string{"read ", "timeout"}},
		{"deadline before data", func(d *differential) {
			d.send(d.b, "x")
			d.a.SetReadDeadline(time.Unix(1, 0))
			d.note(read(d.a, 9))
			d.a.SetReadDeadline(time.Time{})
			d.note(read(d.a, 9))
			d.a.SetWriteDeadline(time.Unix(1, 0))
			d.note(write(d.a, ""))
		}, []string{"write 1", "timeout", "x", "timeout"}},
		{"RST meets a Write that waits", func(d *differential) {
			time.AfterFunc(20*time.Millisecond, func() { d.a.SetLinger(0); d.a.Close() })
			d.write(d.b, 64<<20)
			d.write(d.b, 1)
		}, []string{"write broken", "write broken"}},
		{"close meets a Write that waits", func(d *differential) {
			time.AfterFunc(20*time.Millisecond, func() { d.a.Close() })
			d.write(d.b, 64<<20)
			d.write(d.b, 1)
		}, []string{"write broken", "write broken"}},
		{"CloseWrite meets a Write that waits", func(d *differential) {
			time.AfterFunc(20*time.Millisecond, func() { d.b.CloseWrite() })
			d.write(d.b, 64<<20)
		}, []string{"write broken"}},
		{"CloseRead meets a Read that waits", func(d *differential) {
			time.AfterFunc(20*time.Millisecond, func() { d.a.CloseRead() })
			d.a.SetReadDeadline(time.Time{})
			d.note(read(d.a, 9))
		}, []string{"EOF"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				virtual := &differential{settle: synctest.Wait}
				virtual.a, virtual.b = connect(t, memnet.New())
				test.tell(virtual)
				if !slices.Equal(virtual.got, test.want) {
					t.Errorf("memnet: %q\n  want: %q", virtual.got, test.want)
				}
			})
			// The kernel does not say when a segment has been dealt with, so
			// here, and nowhere else, a test has to sleep.
			kernel := &differential{settle: func() { time.Sleep(20 * time.Millisecond) }}
			kernel.a, kernel.b = loopback(t)
			test.tell(kernel)
			if !slices.Equal(kernel.got, test.want) {
				t.Errorf("kernel: %q\n  want: %q", kernel.got, test.want)
			}
		})
	}
}
