package fakeserver_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestAHandlerThatFailsIsReportedWithItsSource(t *testing.T) {
	for name, test := range map[string]struct {
		handler fake.Handler
		want    []string
	}{
		"panic": {fake.Func("shaky", func(*fake.Conn) { panic("oh no") }),
			[]string{"failure_test.go:", "connection 1: Func(shaky) panicked: oh no", "TestAHandlerThatFailsIsReportedWithItsSource"}},
		"Goexit": {fake.Func("fatal", func(*fake.Conn) { runtime.Goexit() }),
			[]string{"connection 1: Func(fatal) ended its goroutine", "return from the handler instead"}},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
				tb := &recorder{T: t}
				s := &fake.Server{Handlers: []fake.Handler{test.handler, fake.Echo}}
				if strings.HasSuffix(t.Name(), "virtual") {
					s.On(t, memnet.New())
				}
				srv := s.StartIn(tb)
				c := dial(t, srv)
				c.wants("fin")
				over(t, srv.Conn(1))
				again := dial(t, srv) // the server lives on
				again.send(frame.Text("x"))
				again.wants(`text "x"`)
				got := tb.finish()
				for _, want := range test.want {
					if !strings.Contains(got, want) {
						t.Errorf("%q is not in %s", want, got)
					}
				}
				if logs := strings.Join(tb.logs, "\n"); !strings.Contains(logs, "what fakeserver saw:") || !strings.Contains(logs, "#1") {
					t.Errorf("the timeline is not in the log: %s", logs)
				}
			})
		})
	}
}

func TestCloseSaysWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &fake.Server{Handlers: []fake.Handler{fake.Func("stubborn", func(*fake.Conn) { time.Sleep(time.Minute) })}}
		srv.On(t, memnet.New())
		if err := srv.Start(); err != nil {
			t.Fatal(err)
		}
		dial(t, srv)
		start := time.Now()
		err := srv.Close()
		if err == nil || !strings.Contains(err.Error(), "after 5s still waiting for the handler Func(stubborn) of connection 1 to return") || time.Since(start) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if again := srv.Close(); again == nil || again.Error() != err.Error() {
			t.Errorf("the second Close: %v", again)
		}
		time.Sleep(time.Minute)
	})
}

func TestUseAfterClose(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start()
		c := dial(t, srv)
		conn := srv.Conn(1)
		for range 3 {
			if err := srv.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		c.wants("fin")
		if got := knock(t, srv); got != "refused" {
			t.Errorf("a dial after Close: %s", got)
		}
		for name, err := range map[string]error{
			"Send": conn.Send(frame.Text("x")), "SendRaw": conn.SendRaw([]byte("x")), "SendClose": conn.SendClose(1000, ""),
			"Fin": conn.Fin(), "Freeze": conn.Freeze(),
			"Stop": srv.Stop(), "Resume": srv.Resume(), "Hang": srv.Hang(), "Refuse": srv.Refuse(), "Restart": srv.Restart(),
			"Flap": srv.Flap(1, 1, 1),
		} {
			if err == nil {
				t.Errorf("%s after Close succeeded", name)
			}
		}
		if _, err := srv.NextConn(t.Context()); err != nil {
			t.Errorf("the connection that was there: %v", err)
		}
		if _, err := srv.NextConn(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("NextConn: %v", err)
		}
		srv.Broadcast(frame.Text("x"))
		srv.DropAll(fake.Reset())
		srv.HTTP("/x", fake.Respond(200, ""))
		if n := len(srv.Conns()); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestUseBeforeStart(t *testing.T) {
	srv := &fake.Server{}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	if err := srv.Stop(); err == nil || !strings.Contains(err.Error(), "not started") {
		t.Errorf("Stop: %v", err)
	}
	if _, err := srv.NextConn(context.Background()); err == nil {
		t.Error("NextConn succeeded")
	}
	srv.HTTP("/x", fake.Respond(200, ""))
	srv.Conn(1)
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(); err == nil {
		t.Error("a second Start succeeded")
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
}

// speak sends bytes to the port and returns what comes back within 20 s.
func speak(t *testing.T, srv *fake.Server, s string) string {
	t.Helper()
	c, err := srv.Network().Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte(s))
	var got strings.Builder
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 1000)
	for {
		n, err := c.Read(b)
		got.Write(b[:n])
		if err != nil {
			return got.String()
		}
	}
}

func TestWhatIsNoWebSocketClient(t *testing.T) {
	for name, test := range map[string]struct{ says, answer, recorded string }{
		"garbage":          {"\x00\x01\x02garbage\r\n\r\n", "HTTP/1.1 400 ", "no HTTP request: 14 bytes of something else"},
		"HTTP/2":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 ", "PRI * → 505"},
		"nothing":          {"", "", "no request within 10s"},
		"half a request":   {"GET / HTT", "HTTP/1.1 400 ", "no whole request within 10s, only 9 bytes"},
		"a TLS hello":      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP/1.1 400 ", "no whole request within 10s, only 11 bytes"},
		"an oversized one": {"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", "HTTP/1.1 431 ", "bytes of something else"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := fake.InMemory(t)
				if got := speak(t, srv, test.says); !strings.HasPrefix(got, test.answer) || (got == "") != (test.answer == "") {
					t.Errorf("answered %q, want %q", got, test.answer)
				}
				time.Sleep(time.Second)
				var b strings.Builder
				_ = srv.Timeline.WriteText(&b)
				if !strings.Contains(b.String(), test.recorded) {
					t.Errorf("%q is not in\n%s", test.recorded, b.String())
				}
				if len(srv.Conns()) != 0 {
					t.Errorf("it was counted: %v", srv.Conns())
				}
				dial(t, srv).send(frame.Ping(nil)) // the server lives on
			})
		})
	}
}

func TestPlainOnATLSPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := (&fake.Server{TLS: true}).On(t, memnet.New()).StartIn(t)
		if got := speak(t, srv, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 400 ") {
			t.Errorf("answered %q", got)
		}
	})
}

func TestAClientThatBreaksTheProtocolIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"unmasked":       {frame.Text("x").Append(nil), "close 1002"},
		"garbage":        {[]byte("\x0bgarbage that is no frame at all, whatever it is"), "close 1002"},
		"huge garbage":   {[]byte("\xff\xffgarbage that is no frame at all, whatever it is"), "close 1002"},
		"a huge header":  {[]byte{0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4}, "close 1009"},
		"invalid UTF-8":  {frame.Text("\xff").WithMask([4]byte{1, 2, 3, 4}).Append(nil), "close 1007"},
		"a reserved bit": {frame.Frame{Fin: true, RSV: 4, Opcode: frame.OpText}.WithMask([4]byte{}).Append(nil), "close 1002"},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, nil, func(t *testing.T, srv *fake.Server, c *client) {
				_, _ = c.conn.Write(test.raw)
				c.wants(test.want, "fin")
				_ = c.conn.Close()
				over(t, srv.Conn(1))
				if s := story(srv.Conn(1)); !strings.Contains(s, "the client broke the protocol") {
					t.Errorf("not recorded:\n%s", s)
				}
			})
		})
	}
}

// A browser echoes whatever code it is sent. That breaks the protocol, too, but behind its
// Close the server sends no second one: the browser would take it for an error.
func TestAnIllegalCodeThatIsEchoedDrawsNoSecondClose(t *testing.T) {
	virtual(t, nil, func(t *testing.T, srv *fake.Server, c *client) {
		if err := srv.Conn(1).SendClose(999, "bye"); err != nil {
			t.Fatal(err)
		}
		c.wants(`close 999 "bye"`)
		_, _ = c.conn.Write(frame.Close(999, "bye").WithMask([4]byte{1, 2, 3, 4}).Append(nil))
		c.wants("fin")
		_ = c.conn.Close()
		over(t, srv.Conn(1))
		if s := story(srv.Conn(1)); !strings.Contains(s, "the client broke the protocol") {
			t.Errorf("not recorded:\n%s", s)
		}
	})
}

func TestATimelineFromAnotherBubbleIsRefused(t *testing.T) {
	var tl *timeline.Timeline
	var old *fake.Server
	synctest.Test(t, func(t *testing.T) {
		tl = timeline.New()
		old = fake.InMemory(t)
		dial(t, old)
		synctest.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		err := (&fake.Server{Timeline: tl}).On(t, memnet.New()).Start()
		if !errors.Is(err, timeline.ErrOtherBubble) {
			t.Errorf("Start: %v", err)
		}
		if _, err := old.NextConn(t.Context()); !errors.Is(err, timeline.ErrOtherBubble) {
			t.Errorf("NextConn: %v", err)
		}
		if _, err := old.Conn(1).Next(t.Context()); !errors.Is(err, timeline.ErrOtherBubble) {
			t.Errorf("Next: %v", err)
		}
	})
}
