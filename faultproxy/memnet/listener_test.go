package memnet_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// backlog is how many dials succeed before anyone accepts, as documented.
const backlog = 128

// dialling is a dial under way.
type dialling struct {
	conn net.Conn
	err  error
	done chan struct{}
}

// startDial dials ":80" in the background, until t ends at the latest.
func startDial(t *testing.T, n *memnet.Network, ctx context.Context) *dialling {
	d := &dialling{done: make(chan struct{})}
	go func() {
		d.conn, d.err = n.DialContext(ctx, "tcp", "a.test:80")
		close(d.done)
	}()
	synctest.Wait()
	t.Cleanup(func() {
		<-d.done
		if d.conn != nil {
			d.conn.Close()
		}
	})
	return d
}

// state is "waiting", "connected" or the class of the error.
func (d *dialling) state() string {
	synctest.Wait()
	select {
	case <-d.done:
		if d.err == nil {
			return "connected"
		}
		return class(0, d.err)
	default:
		return "waiting"
	}
}

func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l := listen(t, n, ":80")
		for range backlog {
			expect(t, "dial", startDial(t, n, t.Context()).state(), "connected")
		}
		next, last := startDial(t, n, t.Context()), startDial(t, n, t.Context())
		expect(t, "dial with a full backlog", next.state(), "waiting")
		for i := range 2 {
			c := accept(t, l)
			defer c.Close()
			want := fmt.Sprintf("127.0.0.1:%d", 49152+i)
			expect(t, "accepted", c.RemoteAddr().String(), want)
			expect(t, "the first that waits", next.state(), "connected")
			expect(t, "the second that waits", last.state(), []string{"waiting", "connected"}[i])
		}
		expect(t, "write before Accept", write(last.conn, "x"), "1")
	})
}

func TestDialThatWaitsGivesUp(t *testing.T) {
	tests := []struct {
		name string
		ctx  func(ctx context.Context) (context.Context, context.CancelFunc)
		want error
		text string
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, context.DeadlineExceeded, "dial tcp 127.0.0.1:80: i/o timeout"},
		{"cancel", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, "dial tcp 127.0.0.1:80: operation was canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				l := listen(t, n, ":80")
				l.Hang()
				ctx, cancel := test.ctx(t.Context())
				defer cancel()
				elapsed := clock()
				_, err := n.DialContext(ctx, "tcp", "a.test:80")
				expectTime(t, "the dial failed", elapsed(), time.Second)
				if !errors.Is(err, test.want) {
					t.Errorf("%v does not wrap %v", err, test.want)
				}
				expect(t, "error", err.Error(), test.text)
				var netErr net.Error
				if errors.As(err, &netErr); netErr.Timeout() != (test.want == context.DeadlineExceeded) {
					t.Errorf("Timeout() of %v is %v", err, netErr.Timeout())
				}
				var temporary interface{ Temporary() bool }
				if errors.As(err, &temporary); temporary.Temporary() != netErr.Timeout() {
					t.Errorf("Temporary() of %v is %v; package net's is as its Timeout()", err, temporary.Temporary())
				}
				_, err = n.DialContext(ctx, "tcp", "a.test:80")
				if !errors.Is(err, test.want) {
					t.Errorf("dial with a context that is done: %v does not wrap %v", err, test.want)
				}
				l.Resume()
				next := startDial(t, n, t.Context())
				c := accept(t, l)
				defer c.Close()
				expect(t, "dial after Resume", next.state(), "connected")
				expect(t, "accepted", c.RemoteAddr().String(), next.conn.LocalAddr().String())
			})
		})
	}
}

// TestDialGivenUpAfterAccept has a dialer give up and the listener accept at
// the same instant: the accepted side is its owner's to close.
func TestDialGivenUpAfterAccept(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			n := memnet.New()
			l := listen(t, n, ":80")
			l.Hang()
			ctx, cancel := context.WithCancel(t.Context())
			d := startDial(t, n, ctx)
			l.Resume()
			c := accept(t, l)
			cancel()
			<-d.done
			expect(t, "Close", class(0, c.Close()), "0")
		})
	}
}

func TestPortFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l := listen(t, n, ":80")
		before := startDial(t, n, t.Context())

		l.Hang()
		first, second := startDial(t, n, t.Context()), startDial(t, n, t.Context())
		expect(t, "dial while hanging", first.state(), "waiting")
		c := accept(t, l)
		defer c.Close()
		expect(t, "accepted while hanging", c.RemoteAddr().String(), before.conn.LocalAddr().String())

		l.Resume()
		expect(t, "dial after Resume", first.state(), "connected")
		expect(t, "dial after Resume", second.state(), "connected")
		for _, d := range []*dialling{first, second} {
			c := accept(t, l)
			defer c.Close()
			expect(t, "accepted after Resume", c.RemoteAddr().String(), d.conn.LocalAddr().String())
		}

		queued := startDial(t, n, t.Context())
		l.Hang()
		waiting := startDial(t, n, t.Context())
		l.Refuse()
		expect(t, "dial that waited", waiting.state(), "refused")
		expect(t, "connection nobody accepted", read(queued.conn, 1), "reset")
		expect(t, "dial while refusing", startDial(t, n, t.Context()).state(), "refused")
		expect(t, "accepted connection", write(c, "x"), "1")
		if _, err := n.Listen("tcp", ":80"); class(0, err) != "in use" {
			t.Errorf("Listen on a refusing port: %v, want EADDRINUSE", err)
		}

		accepted := make(chan net.Conn)
		go func() {
			c, _ := l.Accept()
			accepted <- c
		}()
		l.Resume()
		startDial(t, n, t.Context())
		(<-accepted).Close()

		l.Close()
		for _, fault := range []func(){l.Hang, l.Refuse, l.Resume} {
			fault()
			expect(t, "dial after Close", startDial(t, n, t.Context()).state(), "refused")
			_, err := l.Accept()
			expect(t, "Accept after Close", class(0, err), "closed")
			expect(t, "second Close", class(0, l.Close()), "closed")
		}
	})
}

func TestListenerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l := listen(t, n, ":80")
		for range backlog {
			startDial(t, n, t.Context())
		}
		c := accept(t, l)
		defer c.Close()
		queued, waiting := startDial(t, n, t.Context()), startDial(t, n, t.Context())
		l.Close()
		expect(t, "dial that waited", waiting.state(), "refused")
		expect(t, "connection nobody accepted", read(queued.conn, 1), "reset")
		expect(t, "accepted connection", write(c, "x"), "1")
		_, err := l.Accept()
		expect(t, "Accept", class(0, err), "closed")

		again := listen(t, n, ":80")
		next := startDial(t, n, t.Context())
		expect(t, "dial of the next listener", next.state(), "connected")
		s := accept(t, again)
		defer s.Close()
		expect(t, "accepted", s.RemoteAddr().String(), next.conn.LocalAddr().String())
	})
}

func TestListenerCloseEndsAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, memnet.New(), ":80")
		done := make(chan string, 1)
		go func() {
			_, err := l.Accept()
			done <- class(0, err)
		}()
		synctest.Wait()
		l.Close()
		expect(t, "Accept", <-done, "closed")
	})
}
