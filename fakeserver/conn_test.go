package fakeserver_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestNextConnAndNextWaitForWhatIsYetToCome(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(fake.Handler{})
		third := make(chan string, 1)
		conn := srv.Conn(3)
		go func() {
			f, err := conn.Next(context.Background())
			third <- frameOrEnd(f, err)
		}()
		for n := 1; n <= 3; n++ {
			dial(t, srv).send(frame.Text("hi"))
			c, err := srv.NextConn(within(t, 5*time.Second))
			if err != nil || c.Number() != n || c != srv.Conn(n) || c.Request().URL.Path != "/" {
				t.Errorf("NextConn: %v, %v", c, err)
			}
		}
		if got := <-third; got != `text "hi"` {
			t.Errorf("Next on connection 3: %s", got)
		}
		if got := len(srv.Conns()); got != 3 {
			t.Errorf("%d connections, want 3", got)
		}
	})
}

func TestWaitsEndWithTheirContextAndSayWhatTheyWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		_, err := srv.NextConn(within(t, time.Minute))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no connection opened after the first 0 (0 upgrade attempts so far)") {
			t.Errorf("NextConn: %v", err)
		}
		dial(t, srv)
		_, err = srv.Conn(1).Next(within(t, time.Minute))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection 1: no frame came") {
			t.Errorf("Next: %v", err)
		}
	})
}

func TestNextSaysHowTheConnectionEnded(t *testing.T) {
	for want, end := range map[string]func(c *client, srv *fake.Server){
		"the client sent its FIN": func(c *client, _ *fake.Server) { _ = c.conn.Close() },
		"the client reset it": func(c *client, _ *fake.Server) {
			_ = c.conn.(interface{ SetLinger(int) error }).SetLinger(0)
			_ = c.conn.Close()
		},
		"the server closed it":      func(_ *client, srv *fake.Server) { _ = srv.Conn(1).Reset() },
		"the server closed it: EOF": func(_ *client, srv *fake.Server) { _ = srv.Close() },
	} {
		t.Run(want, func(t *testing.T) {
			virtual(t, nil, func(t *testing.T, srv *fake.Server, c *client) {
				end(c, srv)
				if _, err := srv.Conn(1).Next(t.Context()); !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
				_ = srv.Close()
				if _, err := srv.Conn(7).Next(t.Context()); !errors.Is(err, io.EOF) {
					t.Errorf("Next on a connection that never came: %v", err)
				}
			})
		})
	}
}

func TestWhatNobodyAsksForIsDroppedAndSaidSo(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		for range 20 {
			c.send(frame.Binary(make([]byte, 100<<10)))
		}
		synctest.Wait()
		_, err := srv.Conn(1).Next(t.Context())
		if err == nil || !strings.Contains(err.Error(), "10 frames were dropped") {
			t.Errorf("got %v", err)
		}
		if f, err := srv.Conn(1).Next(t.Context()); err != nil || len(f.Payload) != 100<<10 {
			t.Errorf("got %v, %v", f, err)
		}
	})
}

func TestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		a, b, c := dial(t, srv), dial(t, srv), dial(t, srv)
		_ = b.conn.Close()
		synctest.Wait()
		srv.Broadcast(frame.Text("all"), frame.Ping(nil))
		a.wants(`text "all"`, "ping")
		c.wants(`text "all"`, "ping")
	})
}

func TestFunc(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(fake.Func("shout", func(c *fake.Conn) {
			for {
				f, err := c.Next(context.Background())
				if err != nil {
					return
				}
				if f.Opcode == frame.OpText {
					_ = c.Send(frame.Text(strings.ToUpper(string(f.Payload))))
				}
			}
		}))
		c := dial(t, srv)
		c.send(frame.Text("hello"), frame.Ping(nil))
		if got := []string{c.next(), c.next()}; strings.Join(got, " ") != `text "HELLO" pong` && strings.Join(got, " ") != `pong text "HELLO"` {
			t.Errorf("got %q", got)
		}
	})
}

func TestIllegalFramesAreSentAsTheyAre(t *testing.T) {
	virtual(t, []fake.Handler{{}}, func(t *testing.T, srv *fake.Server, c *client) {
		bad := []frame.Frame{
			{Fin: true, RSV: 7, Opcode: frame.OpText, Payload: []byte("x")},
			frame.Text("masked").WithMask([4]byte{1, 1, 1, 1}),
			frame.Ping(make([]byte, 126)),
			{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}},
			frame.Close(1005, ""),
		}
		if err := srv.Conn(1).Send(bad...); err != nil {
			t.Fatal(err)
		}
		for _, want := range bad {
			got, err := c.r.ReadFrame()
			if err != nil || string(got.Append(nil)) != string(want.Append(nil)) {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
	})
}

func TestServerAndProxyShareATimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		srv := (&fake.Server{Timeline: tl}).On(t, memnet.New()).StartIn(t)
		dial(t, srv)
		if _, err := tl.Wait(t.Context(), timeline.Opened); err != nil {
			t.Error(err)
		}
		_ = srv.Close()
		select {
		case <-tl.Done():
			t.Error("the server closed a timeline that is not its own")
		default:
		}
	})
}
