package port_test

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/port"
)

// The kernel gives the address to nobody who does not ask for it in the way that
// servers which restart do.
func TestAnAddressThatIsStoppedIsKept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port.New(l, func() (net.Listener, error) { return net.Listen("tcp", l.Addr().String()) })
	defer p.Close()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	plain := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 0) })
	}}
	if other, err := plain.Listen(context.Background(), "tcp", l.Addr().String()); err == nil {
		_ = other.Close()
		t.Error("another program was given the address")
	}
	if err := p.Resume(); err != nil {
		t.Error(err)
	}
}

func TestAPortHangsAgainBeforeAnybodyAccepted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port.New(l, func() (net.Listener, error) { return nil, errors.New("no reason to listen again") })
	defer p.Close()
	accepted := make(chan string)
	accept := func() {
		c, err := p.Accept()
		if err != nil {
			accepted <- err.Error()
			return
		}
		defer c.Close()
		accepted <- c.RemoteAddr().String()
	}
	go accept()
	for range 2 {
		if err := errors.Join(p.Hang(), p.Resume(), p.Hang()); err != nil {
			t.Fatal(err)
		}
		if c, err := net.DialTimeout("tcp", p.Addr().String(), 50*time.Millisecond); err == nil {
			c.Close()
			t.Error("it does not hang")
		}
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
	}
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := <-accepted; got != c.LocalAddr().String() {
		t.Errorf("accepted %s, want the client's %s", got, c.LocalAddr())
	}
}
