package port_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/internal/port"
)

// place is where a port is: loopback, or a virtual network in a bubble.
type place struct {
	listen func() (net.Listener, error)
	again  func(addr string) (net.Listener, error)
	dial   func(addr string) (net.Conn, error)
}

func everywhere(t *testing.T, f func(t *testing.T, pl place)) {
	t.Run("loopback", func(t *testing.T) {
		f(t, place{
			listen: func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
			again:  func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) },
			dial:   func(addr string) (net.Conn, error) { return net.DialTimeout("tcp", addr, 300*time.Millisecond) },
		})
	})
	t.Run("memnet", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := memnet.New()
			f(t, place{
				listen: func() (net.Listener, error) { return n.Listen("tcp", "127.0.0.1:0") },
				again:  func(addr string) (net.Listener, error) { return n.Listen("tcp", addr) },
				dial: func(addr string) (net.Conn, error) {
					ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
					defer cancel()
					return n.DialContext(ctx, "tcp", addr)
				},
			})
		})
	})
}

// open opens a port whose connections are greeted.
func (pl place) open(t *testing.T) *port.Port {
	t.Helper()
	l, err := pl.listen()
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	p := port.New(l, func() (net.Listener, error) { return pl.again(addr) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := p.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("Accept: %v", err)
				}
				return
			}
			_, _ = c.Write([]byte("!"))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = p.Close(); <-done })
	return p
}

// knock says what a dial finds.
func (pl place) knock(p *port.Port) string {
	c, err := pl.dial(p.Addr().String())
	switch {
	case err == nil:
		defer c.Close()
		if _, err = c.Read(make([]byte, 1)); err == nil {
			return "open"
		}
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, os.ErrDeadlineExceeded), strings.Contains(err.Error(), "timeout"):
		return "hangs"
	}
	return err.Error()
}

func TestEveryChangeFromEveryState(t *testing.T) {
	changes := map[string]struct {
		do   func(*port.Port) error
		want string
	}{
		"stop": {(*port.Port).Stop, "refused"}, "refuse": {(*port.Port).Refuse, "refused"},
		"hang": {(*port.Port).Hang, "hangs"}, "resume": {(*port.Port).Resume, "open"},
	}
	everywhere(t, func(t *testing.T, pl place) {
		p := pl.open(t)
		for from, a := range changes {
			for to, b := range changes {
				for _, step := range []func(*port.Port) error{a.do, b.do, b.do} {
					if err := step(p); err != nil && runtime.GOOS == "linux" {
						t.Fatalf("%s, %s: %v", from, to, err)
					}
				}
				if got := pl.knock(p); got != b.want && (runtime.GOOS == "linux" || to != "hang") {
					t.Errorf("%s after %s: %s, want %s", to, from, got, b.want)
				}
			}
		}
	})
}

func TestAPortThatIsClosed(t *testing.T) {
	everywhere(t, func(t *testing.T, pl place) {
		for _, before := range []func(*port.Port) error{(*port.Port).Resume, (*port.Port).Stop, (*port.Port).Refuse, (*port.Port).Hang} {
			p := pl.open(t)
			_ = before(p)
			if err := p.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			for _, after := range []func(*port.Port) error{(*port.Port).Resume, (*port.Port).Hang, (*port.Port).Close} {
				if err := after(p); !errors.Is(err, net.ErrClosed) {
					t.Errorf("after Close: %v", err)
				}
			}
			if got := pl.knock(p); got != "refused" {
				t.Errorf("after Close: %s", got)
			}
		}
	})
}

type foreign struct{ net.Listener }

func TestAForeignListenerCannotHang(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port.New(foreign{l}, nil)
	defer p.Close()
	if err := p.Hang(); err == nil || !strings.Contains(err.Error(), "a port_test.foreign cannot hang") {
		t.Errorf("Hang: %v", err)
	}
}

func TestAPortOnWhichNobodyAccepts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := port.New(l, nil)
	defer p.Close()
	if err := p.Hang(); err == nil || runtime.GOOS == "linux" && !strings.Contains(err.Error(), "nobody accepts") {
		t.Errorf("Hang: %v", err)
	}
}
