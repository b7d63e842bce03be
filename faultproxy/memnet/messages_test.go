package memnet_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// TestMessagesAsLinux compares the text of errors, in which users and
// programs look for familiar words.
func TestMessagesAsLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the texts are Linux's")
	}
	n := memnet.New()
	a, b := connect(t, n)
	b.SetLinger(0)
	b.Close()
	c, _ := connect(t, n)
	c.Close()
	d, _ := connect(t, n)
	d.SetDeadline(time.Unix(1, 0))
	l := listen(t, n, "127.0.0.1:80")
	tests := []struct {
		got  func() error
		want string
	}{
		{func() error { _, err := a.Read(make([]byte, 1)); return err }, "read tcp 127.0.0.1:49152->127.0.0.1:20000: read: connection reset by peer"},
		{func() error { _, err := a.Write(make([]byte, 1)); return err }, "write tcp 127.0.0.1:49152->127.0.0.1:20000: write: connection reset by peer"},
		{func() error { _, err := a.Write(make([]byte, 1)); return err }, "write tcp 127.0.0.1:49152->127.0.0.1:20000: write: broken pipe"},
		{func() error { return a.CloseWrite() }, "close tcp 127.0.0.1:49152->127.0.0.1:20000: shutdown: transport endpoint is not connected"},
		{func() error { _, err := c.Read(make([]byte, 1)); return err }, "read tcp 127.0.0.1:49153->127.0.0.1:20001: use of closed network connection"},
		{func() error { return c.Close() }, "close tcp 127.0.0.1:49153->127.0.0.1:20001: use of closed network connection"},
		{func() error { return c.SetDeadline(time.Time{}) }, "set tcp 127.0.0.1:49153: use of closed network connection"},
		{func() error { return c.SetLinger(0) }, "set tcp 127.0.0.1:49153->127.0.0.1:20001: use of closed network connection"},
		{func() error { _, err := d.Read(make([]byte, 1)); return err }, "read tcp 127.0.0.1:49154->127.0.0.1:20002: i/o timeout"},
		{func() error { _, err := d.Write(make([]byte, 1)); return err }, "write tcp 127.0.0.1:49154->127.0.0.1:20002: i/o timeout"},
		{func() error { _, err := n.Dial("tcp", "127.0.0.1:81"); return err }, "dial tcp 127.0.0.1:81: connect: connection refused"},
		{func() error { _, err := n.Dial("udp", "127.0.0.1:81"); return err }, "dial udp: unknown network udp"},
		{func() error { _, err := n.Dial("tcp", "127.0.0.1:99999"); return err }, "dial tcp: address 99999: invalid port"},
		{func() error { _, err := n.Dial("tcp", "127.0.0.1:x"); return err }, "dial tcp: address 127.0.0.1:x: port is not a number"},
		{func() error { _, err := n.Listen("tcp", "foo"); return err }, "listen tcp: address foo: missing port in address"},
		{func() error { _, err := n.Listen("tcp", "127.0.0.1:80"); return err }, "listen tcp 127.0.0.1:80: bind: address already in use"},
		{func() error { l.Close(); _, err := l.Accept(); return err }, "accept tcp 127.0.0.1:80: use of closed network connection"},
		{func() error { return l.Close() }, "close tcp 127.0.0.1:80: use of closed network connection"},
	}
	for _, test := range tests {
		err := test.got()
		if err == nil {
			t.Errorf("no error, want %q", test.want)
			continue
		}
		expect(t, "error", err.Error(), test.want)
	}
}
