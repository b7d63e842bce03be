package fakeserver_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// inABubble plays one connection of a script in virtual time.
func inABubble(t *testing.T, script fake.Handler, f func(t *testing.T, srv *fake.Server, c *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, script)
		f(t, srv, dial(t, srv))
	})
}

// at fails the test unless this comes next, exactly at that time.
func (c *client) at(want time.Duration, tl *timeline.Timeline, what string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(24 * time.Hour))
	f, err := c.r.ReadFrame()
	if got := frameOrEnd(f, err); got != what || tl.Now() != want {
		c.t.Errorf("client: %s at %v, want %s at %v", got, tl.Now(), what, want)
	}
}

func TestOnRunsBesideTheScript(t *testing.T) {
	scripted(t, fake.Script(
		fake.On(frame.Text("a"), fake.Send(frame.Text("1"))),
		fake.On(frame.Contains("a"), fake.Reply("{/.*/} too")),
		fake.Expect(frame.Text("a")), // not consumed by the orders
		fake.Send(frame.Text("2")),
	), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("a"))
		c.wants(`text "1"`, `text "a too"`, `text "2"`)
	})
}

func TestOnRunsItsStepsInAQueueOfTheirOwn(t *testing.T) {
	inABubble(t, fake.Script(
		fake.On(frame.Text("slow"), fake.Pause(10*time.Second), fake.Reply("done")),
		fake.On(frame.Text("quick"), fake.Reply("at once")),
	), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("slow"), frame.Text("slow"), frame.Text("quick"))
		c.at(0, srv.Timeline, `text "at once"`)
		c.at(10*time.Second, srv.Timeline, `text "done"`)
		c.at(20*time.Second, srv.Timeline, `text "done"`)
	})
}

// An order is about what comes after the place where it stands.
func TestOrdersAreNotAboutThePast(t *testing.T) {
	inABubble(t, fake.Script(fake.Pause(10*time.Second), fake.On(frame.Text("hi"), fake.Send(frame.Text("yo")))), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("hi"))
		time.Sleep(15 * time.Second)
		c.send(frame.Text("hi"))
		c.at(15*time.Second, srv.Timeline, `text "yo"`)
		c.at(15*time.Second+24*time.Hour, srv.Timeline, "nothing")
	})
	inABubble(t, fake.Script(fake.On(frame.Text("a"), fake.On(frame.Text("b"), fake.Send(frame.Text("B"))))), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Text("b"), frame.Text("a"), frame.Text("b"), frame.Text("a"), frame.Text("b"))
		for range 3 { // one for the second b, two for the third
			c.at(0, srv.Timeline, `text "B"`)
		}
		c.at(24*time.Hour, srv.Timeline, "nothing")
	})
}

// Between a step and the next nothing slips through.
func TestAnOrderBehindAnExpectMissesNothing(t *testing.T) {
	scripted(t, fake.Script(fake.Expect(frame.Text("login")), fake.Send(frame.Text("welcome")), fake.AnswerBeats(heartbeat.Text("ping", "pong"))),
		func(t *testing.T, srv *fake.Server, c *client) {
			c.send(frame.Text("login"), frame.Text("ping"))
			c.wants(`text "welcome"`, `text "pong"`)
		})
}

func TestOnEvents(t *testing.T) {
	inABubble(t, fake.Script(fake.On(timeline.Noted("tell"), fake.Send(frame.Text("told")))), func(t *testing.T, srv *fake.Server, c *client) {
		srv.Timeline.Note("tell")
		srv.Timeline.Note("tell")
		c.at(0, srv.Timeline, `text "told"`)
		c.at(0, srv.Timeline, `text "told"`)
	})
}

func TestCloseEchoes(t *testing.T) {
	for name, test := range map[string]struct {
		on   fake.Step
		want []string
		at   time.Duration
	}{
		"late":                        {fake.On(frame.Op(frame.OpClose), fake.Pause(5*time.Second), fake.EchoClose()), []string{"close 1000", "fin"}, 5 * time.Second},
		"behind a ping":               {fake.On(frame.Op(frame.OpClose), fake.Send(frame.Ping([]byte("x"))), fake.EchoClose()), []string{`ping "x"`, "close 1000", "fin"}, 0},
		"with another code":           {fake.On(frame.Op(frame.OpClose), fake.Send(frame.Close(4002, "no")), fake.Fin()), []string{`close 4002 "no"`, "fin"}, 0},
		"replaced by a reset":         {fake.On(frame.Op(frame.OpClose), fake.Reset()), []string{"rst"}, 0},
		"as ever, if it is about all": {fake.On(frame.Any, fake.Send(frame.Text("x"))), []string{`text "x"`, "close 1000", "fin"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inABubble(t, fake.Script(test.on), func(t *testing.T, srv *fake.Server, c *client) {
				c.send(frame.Close(1000, ""))
				for _, want := range test.want {
					c.at(test.at, srv.Timeline, want)
				}
			})
		})
	}
	t.Run("never", func(t *testing.T) {
		inABubble(t, fake.Script(fake.On(frame.Op(frame.OpClose))), func(t *testing.T, srv *fake.Server, c *client) {
			c.send(frame.Close(1000, ""))
			c.at(24*time.Hour, srv.Timeline, "nothing")
		})
	})
}

func TestEvery(t *testing.T) {
	inABubble(t, fake.Script(
		fake.Every(3*time.Second, fake.Send(frame.Text("tick"))),
		fake.Pause(10*time.Second), fake.GoDark(),
	), func(t *testing.T, srv *fake.Server, c *client) {
		for _, s := range []time.Duration{3, 6, 9} {
			c.at(s*time.Second, srv.Timeline, `text "tick"`)
		}
		c.at(9*time.Second+24*time.Hour, srv.Timeline, "nothing") // GoDark suspends orders
	})
}

func TestStopReadingKeepsOrdersSending(t *testing.T) {
	inABubble(t, fake.Script(fake.Beat(heartbeat.Text("hb", ""), 5*time.Second), fake.StopReading()), func(t *testing.T, srv *fake.Server, c *client) {
		c.send(frame.Ping(nil), frame.Text("unread"))
		c.at(5*time.Second, srv.Timeline, `text "hb"`)
		c.at(10*time.Second, srv.Timeline, `text "hb"`)
		if s := story(srv.Conn(1)); strings.Contains(s, "unread") || strings.Contains(s, "pong") {
			t.Errorf("something was read:\n%s", s)
		}
	})
}

// An idle cut that counts what one side sends does not care for the other.
func TestWhenIdle(t *testing.T) {
	for name, test := range map[string]struct {
		counts frame.Direction
		cut    time.Duration
	}{
		"what the client sends": {frame.ToServer, 25 * time.Second}, // its last byte is at 15 s
		"what the server sends": {frame.ToClient, 30 * time.Second}, // its last byte is at 20 s
		"either":                {frame.Both, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inABubble(t, fake.Script(
				fake.WhenIdle(10*time.Second, test.counts, fake.Reset()),
				fake.Repeat(fake.Pause(5*time.Second), fake.Send(frame.Text("x"))).Times(4),
			), func(t *testing.T, srv *fake.Server, c *client) {
				for range 3 {
					time.Sleep(5 * time.Second)
					c.send(frame.Pong(nil))
				}
				for got := ""; got != "rst"; {
					_ = c.conn.SetReadDeadline(time.Now().Add(time.Hour))
					f, err := c.r.ReadFrame()
					if got = frameOrEnd(f, err); got == "nothing" {
						t.Fatal("never cut")
					}
				}
				if srv.Timeline.Now() != test.cut {
					t.Errorf("cut at %v, want %v", srv.Timeline.Now(), test.cut)
				}
			})
		})
	}
}

func TestIgnoreTakesNoNotice(t *testing.T) {
	scripted(t, fake.Script(fake.Ignore(frame.Op(frame.OpPing)), fake.Ignore(frame.Text("noise")), fake.Expect(frame.Text("a")), fake.Send(frame.Text("b"))),
		func(t *testing.T, srv *fake.Server, c *client) {
			c.send(frame.Ping(nil), frame.Text("noise"), frame.Text("a"))
			c.wants(`text "b"`)
		})
}
