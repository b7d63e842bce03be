package fakeserver_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// scripted plays one connection of a script, over loopback and in virtual time. What
// the server finds wrong fails the test.
func scripted(t *testing.T, script fake.Handler, f func(t *testing.T, srv *fake.Server, c *client)) {
	t.Helper()
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(script)
		f(t, srv, dial(t, srv))
	})
}

func TestStepsRunInOrder(t *testing.T) {
	scripted(t, fake.Script(
		fake.Send(frame.Text("a"), frame.Text("b")),
		fake.Expect(frame.JSON("op", "one")),
		fake.Reply(`{"re":{$.id},"at":"{ws}"}`),
		fake.WaitFor(frame.Contains("three")),
		fake.SendRaw(frame.Text("raw").Append(nil)),
		fake.Expect(frame.Text("x")).Times(3),
		fake.Close(4001, "done"),
	), func(t *testing.T, srv *fake.Server, c *client) {
		c.wants(`text "a"`, `text "b"`)
		c.send(frame.Text(`{"op":"one","id":17}`))
		if got := c.next(); !strings.HasPrefix(got, `text "{\"re\":17,\"at\":\"ws://127.0.0.1:`) {
			t.Errorf("the reply: %s", got)
		}
		c.send(frame.Text("two"), frame.Text("three"))
		c.wants(`text "raw"`)
		c.send(frame.Text("x"), frame.Text("x"), frame.Text("x"))
		c.wants(`close 4001 "done"`)
		c.send(frame.Close(4001, ""))
		c.wants("fin")
	})
}

func TestPauseTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.Script(fake.Pause(90*time.Second), fake.Send(frame.Text("late"))))
		c := dial(t, srv)
		start := time.Now()
		_ = c.conn.SetReadDeadline(time.Time{})
		if f, err := c.r.ReadFrame(); frameOrEnd(f, err) != `text "late"` || time.Since(start) != 90*time.Second {
			t.Errorf("%v, %v after %v", f, err, time.Since(start))
		}
	})
}

func TestAScriptThatHasRunOutServesOn(t *testing.T) {
	scripted(t, fake.Script(fake.Expect(frame.Text("hello")), fake.Send(frame.Text("hi"))), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("hello"))
		c.wants(`text "hi"`)
		c.send(frame.Ping([]byte("alive")))
		c.wants(`pong "alive"`)
		if f, err := srv.Conn(1).Next(within(t, 5*time.Second)); frameOrEnd(f, err) != `ping "alive"` {
			t.Errorf("Next: %v, %v", f, err)
		}
		c.send(frame.Close(1000, ""))
		c.wants("close 1000", "fin")
	})
}

func TestExpectPassesOverWhatTheServerAnswersByItself(t *testing.T) {
	scripted(t, fake.Script(fake.Expect(frame.Text("hello")), fake.Expect(frame.Op(frame.OpPing)), fake.Send(frame.Text("done"))),
		func(t *testing.T, srv *fake.Server, c *client) {
			c.send(frame.Ping([]byte("1")), frame.Pong(nil), frame.Text("hello"), frame.Pong(nil), frame.Ping([]byte("22")))
			c.wants(`pong "1"`, `pong "22"`, `text "done"`)
		})
}

func TestRepeat(t *testing.T) {
	scripted(t, fake.Script(
		fake.Repeat(fake.Expect(frame.Text("a")), fake.Send(frame.Text("1"))).Times(2),
		fake.Repeat(fake.Expect(frame.Text("b")), fake.Send(frame.Text("2"))),
	), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("a"), frame.Text("a"), frame.Text("b"), frame.Text("b"), frame.Text("b"))
		c.wants(`text "1"`, `text "1"`, `text "2"`, `text "2"`, `text "2"`)
		_ = c.conn.Close() // between two rounds: nothing is unfinished
		over(t, srv.Conn(1))
	})
}

func TestScriptsNest(t *testing.T) {
	scripted(t, fake.Script(
		fake.Script(fake.Expect(frame.Text("a")), fake.Send(frame.Text("1"))),
		fake.Func("two", func(c *fake.Conn) { _ = c.Send(frame.Text("2")) }),
		fake.Echo,
	), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("a"))
		c.wants(`text "1"`, `text "2"`)
		c.send(frame.Text("b"))
		c.wants(`text "b"`)
	})
}

func TestHandshakeStepsComeBeforeThe101(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t,
			fake.Script(fake.Handshake(fake.Pause(4*time.Second), fake.AcceptWith(fake.Header("X-Slow", "yes"))), fake.Send(frame.Text("hi"))),
			fake.Handshake(fake.Reset()),
			fake.Handshake(fake.Pause(time.Second), fake.Reject(503)))
		start := time.Now()
		c := dial(t, srv)
		if time.Since(start) != 4*time.Second || c.res.Header.Get("X-Slow") != "yes" {
			t.Errorf("open after %v, %v", time.Since(start), c.res.Header)
		}
		c.wants(`text "hi"`)
		if _, err := tryDial(t, srv, "/"); err == nil {
			t.Error("the second attempt opened")
		}
		start = time.Now()
		if c, _ := tryDial(t, srv, "/"); c.res == nil || c.res.StatusCode != 503 || time.Since(start) != time.Second {
			t.Errorf("the third attempt: %v after %v", c.res, time.Since(start))
		}
	})
}

func TestWaitForEvents(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(
			fake.Script(fake.WaitFor(timeline.NextConn), fake.Send(frame.Text("a late message"))),
			fake.Script(fake.WaitFor(timeline.Noted("go")), fake.Send(frame.Text("1")), fake.WaitFor(timeline.Noted("go")), fake.Send(frame.Text("2"))),
			fake.Script(fake.WaitFor(timeline.Ended(1)), fake.Send(frame.Text("long gone"))))
		first := dial(t, srv)
		second := dial(t, srv)
		first.wants(`text "a late message"`)
		srv.Timeline.Note("go")
		second.wants(`text "1"`)
		srv.Timeline.Note("go")
		second.wants(`text "2"`)
		_ = first.conn.Close()
		over(t, srv.Conn(1))
		dial(t, srv).wants(`text "long gone"`)
	})
}

// What a script begins with is in force before the client can say anything.
func TestWhatAScriptBeginsWithComesFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		srv := start(fake.Script(fake.Send(frame.Text("welcome")), fake.On(frame.Text("a"), fake.Reply("b"))))
		for range 20 {
			c := dial(t, srv)
			c.send(frame.Text("a"))
			c.wants(`text "welcome"`, `text "b"`)
		}
	})
}

func TestScriptsPrintAsWhatTheyDo(t *testing.T) {
	for want, h := range map[string]fake.Handler{
		`Script(Handshake(Pause(4s), AcceptWith(WrongAccept())), Send(text "hi", ping), Repeat(Expect(text "a").Times(2), Reply("{$.id}")).Times(3), Close(1012, "restart")).Times(5)`: fake.Script(
			fake.Handshake(fake.Pause(4*time.Second), fake.AcceptWith(fake.WrongAccept())),
			fake.Send(frame.Text("hi"), frame.Ping(nil)),
			fake.Repeat(fake.Expect(frame.Text("a")).Times(2), fake.Reply("{$.id}")).Times(3),
			fake.Close(1012, "restart")).Times(5),
		`Script(On(close, Pause(5s), EchoClose()), WaitFor(the end of connection 1), SendRaw(3 B 010203), Echo, Fin())`: fake.Script(
			fake.On(frame.Op(frame.OpClose), fake.Pause(5*time.Second), fake.EchoClose()),
			fake.WaitFor(timeline.Ended(1)), fake.SendRaw([]byte{1, 2, 3}), fake.Echo, fake.Fin()),
		`Script(Every(1s, Send(text "tick")), WhenIdle(1m0s, to-server, Reset()), Ignore(ping))`: fake.Script(
			fake.Every(time.Second, fake.Send(frame.Text("tick"))), fake.WhenIdle(time.Minute, frame.ToServer, fake.Reset()), fake.Ignore(frame.Op(frame.OpPing))),
	} {
		if got := h.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
