package fakeserver_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// shaky is a match that panics.
var shaky = frame.Func("shaky", func(frame.View) bool { panic("oh no") })

func TestWhatAScriptFindsWrong(t *testing.T) {
	bye := func(c *client) { c.send(frame.Close(1000, "bye")); _ = c.conn.Close() }
	for name, test := range map[string]struct {
		script fake.Handler
		client func(c *client)
		want   string // "" for nothing
	}{
		"another frame": {fake.Script(fake.Expect(frame.Text("hello"))), func(c *client) { c.send(frame.Text("helo")) },
			`Expect(text "hello"): the client sent text "helo" instead`},
		"a Close": {fake.Script(fake.Expect(frame.Text("hello"))), bye,
			`Expect(text "hello"): the client sent close 1000 "bye" instead`},
		"a client that leaves": {fake.Script(fake.WaitFor(frame.Text("hello"))), func(c *client) { c.send(frame.Text("x")); _ = c.conn.Close() },
			`WaitFor(text "hello"): the client left: it sent its FIN`},
		"frames that were dropped": {fake.Script(fake.Pause(time.Second), fake.Expect(frame.Text("never"))), func(c *client) { c.send(frame.Binary(make([]byte, 1<<20)), frame.Binary(make([]byte, 1<<20))) },
			`Expect(text "never"): 1 frames were dropped: more than 1 MiB arrived`},
		"a panic in a match": {fake.Script(fake.On(shaky, fake.Fin())), func(c *client) { c.send(frame.Text("a")) },
			`an order about text frames panicked: oh no`},
		"a function that spins": {fake.Script(fake.Repeat(fake.Func("idle", func(*fake.Conn) {}))), func(*client) {},
			`Repeat(Func(idle)): its rounds take no time and hear nothing`},
		"too few": {fake.Script(fake.Expect(frame.Text("a")).Times(3)), func(c *client) { c.send(frame.Text("a"), frame.Text("a")); _ = c.conn.Close() },
			`Expect(text "a").Times(3): the client left: it sent its FIN, after 2 of 3`},
		"an unfinished script": {fake.Script(fake.Expect(frame.Text("a")), fake.Expect(frame.Text("b"))), func(c *client) { c.send(frame.Text("a")) },
			`Expect(text "b"): still waiting when the server closed: the client never did it`},
		"an event that never came": {fake.Script(fake.WaitFor(timeline.NextConn)), func(*client) {},
			`WaitFor(the next connection attempt): still waiting when the server closed: the client never did it`},
		"no JSON for a reply": {fake.Script(fake.Expect(frame.Text("a")), fake.Reply("{$.id}")), func(c *client) { c.send(frame.Text("a")) },
			`Reply("{$.id}"): text "a" has nothing to put in place of a placeholder`},
		"in the middle of a loop": {fake.Script(fake.Repeat(fake.Expect(frame.Text("a")), fake.Expect(frame.Text("b")))), func(c *client) { c.send(frame.Text("a")); _ = c.conn.Close() },
			`Expect(text "b"): the client left: it sent its FIN`},
		"a panic in an order": {fake.Script(fake.On(frame.Text("a"), fake.Func("shaky", func(*fake.Conn) { panic("oh no") }))), func(c *client) { c.send(frame.Text("a")) },
			`On(text "a", Func(shaky)) panicked: oh no`},

		"leaving in a Pause":             {fake.Script(fake.Pause(time.Hour), fake.Expect(frame.Text("a"))), bye, ""},
		"a Pause when the server closes": {fake.Script(fake.Pause(time.Hour), fake.Expect(frame.Text("a"))), func(*client) {}, ""},
		"leaving before a Send":          {fake.Script(fake.Pause(time.Second), fake.Send(frame.Text("a")), fake.Expect(frame.Text("a"))), bye, ""},
		"between two rounds":             {fake.Script(fake.Repeat(fake.Expect(frame.Text("a")))), func(c *client) { c.send(frame.Text("a")); bye(c) }, ""},
		"a loop when the server closes":  {fake.Script(fake.Repeat(fake.Expect(frame.Text("a")))), func(*client) {}, ""},
		"an echo to the server's Close":  {fake.Script(fake.Every(time.Second, fake.Close(1001, "")), fake.WaitFor(frame.Text("never"))), func(c *client) { c.wants("close 1001"); c.send(frame.Close(1001, "")) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tb := &recorder{T: t}
				s := &fake.Server{Handlers: []fake.Handler{test.script}}
				srv := s.On(t, memnet.New()).StartIn(tb)
				test.client(dial(t, srv))
				time.Sleep(time.Minute)
				got := tb.finish()
				switch {
				case test.want == "" && got != "":
					t.Errorf("reported: %s", got)
				case !strings.Contains(got, test.want):
					t.Errorf("reported: %s\nwant: %s", got, test.want)
				case test.want != "" && !strings.HasPrefix(got, "fakeserver: script_failure_test.go:"):
					t.Errorf("without its line: %s", got)
				}
			})
		})
	}
}

// A failure closes the connection, so that nothing waits for what will not come.
func TestAFailedScriptCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		srv := (&fake.Server{Handlers: []fake.Handler{fake.Script(fake.Expect(frame.Text("hello")))}}).On(t, memnet.New()).StartIn(tb)
		c := dial(t, srv)
		c.send(frame.Text("helo"))
		c.wants(`close 1011 "the script failed"`)
		tb.finish()
	})
}

func TestScriptsThatCannotWorkAreRefused(t *testing.T) {
	text := frame.Text("a")
	for want, steps := range map[string][]fake.Step{
		"Expect(text \"a\") in Script(Reset(), Expect(text \"a\")): it is never reached, behind Reset()": {fake.Reset(), fake.Expect(text)},
		"no frame of the client is heard after Freeze()":                                                 {fake.Freeze(), fake.WaitFor(text)},
		"no frame of the client is heard after StopReading()":                                            {fake.StopReading(), fake.On(text, fake.Fin())},
		"nothing can be sent after Fin()":                                                                {fake.Fin(), fake.Send(text)},
		"nothing can be sent after Close(1000, \"\")":                                                    {fake.Close(1000, ""), fake.Beat(heartbeat.Protocol(), time.Second)},
		"it never waits and never ends":                                                                  {fake.Repeat(fake.Send(text))},
		"it is never reached, behind Repeat(Pause(1s)), which has no end":                                {fake.Repeat(fake.Pause(time.Second)), fake.Send(text)},
		"Repeat() in Script(Repeat()): it is empty":                                                      {fake.Repeat()},
		"Send() in Script(Send()): it is empty":                                                          {fake.Send()},
		"it answers nothing: an Expect, WaitFor or On":                                                   {fake.Reply("x")},
		"EchoClose() in Script(Expect(text \"a\"), EchoClose()): it answers nothing":                     {fake.Expect(text), fake.EchoClose()},
		"an order's steps cannot wait for frames":                                                        {fake.On(text, fake.Expect(text))},
		"Every(0s, Send(text \"a\")) in Script(Every(0s, Send(text \"a\"))): it needs a time above zero": {fake.Every(0, fake.Send(text))},
		"a time cannot be negative":                                                                      {fake.Pause(-1)},
		"servers do not beat in phoenix, the client does: use AnswerBeats":                               {fake.Beat(heartbeat.Phoenix(), time.Second)},
		"clients do not beat in actioncable, the server does: use Beat":                                  {fake.AnswerBeats(heartbeat.ActionCable())},
		"beats of stomp are not answered":                                                                {fake.AnswerBeats(heartbeat.STOMP(10 * time.Second))},
		"0 is less than 1":                                                                               {fake.AnswerBeats(heartbeat.Protocol(), fake.EveryNth(0))},
		"has to come first":                                                                              {fake.Send(text), fake.Handshake(fake.Reset())},
		"Times, Until and For say how many connections":                                                  {fake.Script(fake.Send(text)).Times(2)},
		"a script cannot wait for idle 1s: use a frame match, or a moment of package timeline":           {fake.WaitFor(faultproxy.Idle(time.Second))},
		"a script cannot wait for elapsed 1s":                                                            {fake.On(faultproxy.Elapsed(time.Second), fake.Fin())},
		"nothing counts: use frame.ToServer":                                                             {fake.WhenIdle(time.Second, 0, fake.Fin())},
		"placeholder {$.a..b}":                                                                           {fake.Expect(text), fake.Reply("{$.a..b}")},
		"AnswerPolicy{} is no policy":                                                                    {fake.AnswerBeats(heartbeat.Protocol(), fake.AnswerPolicy{})},
		"it never waits and never ends: give it a Pause":                                                 {fake.Repeat(fake.Pause(0))},
		"Ignore(nil) in Script(Ignore(nil)): it is about nothing":                                        {fake.Ignore(nil)},
		"On(nil, Fin()) in":                                                                              {fake.On(nil, fake.Fin())},
		"Expect(nil) in Script(Expect(nil)): it is about nothing":                                        {fake.Expect(nil)},
		"nothing can be sent after Freeze()":                                                             {fake.Freeze(), fake.AnswerBeats(heartbeat.Protocol())},
		"a dialect needs a name":                                                                         {fake.Session(heartbeat.Dialect{})},
	} {
		err := (&fake.Server{Handlers: []fake.Handler{fake.Script(steps...)}}).Start()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "script_failure_test.go:") {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	err := (&fake.Server{Routes: []fake.Route{{Path: "/x", Handlers: []fake.Handler{fake.Echo.Until(faultproxy.Idle(time.Second))}}}}).Start()
	if err == nil || !strings.Contains(err.Error(), "Echo.Until(idle 1s): a script cannot wait for idle 1s") {
		t.Errorf("%v", err)
	}
}

// A step that is nil has no line of its own.
func TestAStepThatIsNilIsRefused(t *testing.T) {
	err := (&fake.Server{Handlers: []fake.Handler{fake.Script(fake.Send(frame.Text("a")), nil)}}).Start()
	if err == nil || !strings.Contains(err.Error(), `step 2 in Script(Send(text "a"), nil): it is nil`) {
		t.Errorf("%v", err)
	}
}

// A match that panics while a handler is chosen leaves no client hanging.
func TestAPanicWhileAHandlerIsChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		srv := (&fake.Server{Handlers: []fake.Handler{fake.Echo.Until(shaky), fake.Echo}}).On(t, memnet.New()).StartIn(tb)
		dial(t, srv).send(frame.Text("a"))
		synctest.Wait()
		if _, err := tryDial(t, srv, "/"); err == nil {
			t.Error("the second attempt opened")
		}
		if got := tb.finish(); !strings.Contains(got, "choosing a handler panicked: oh no") {
			t.Errorf("reported: %s", got)
		}
	})
}

// What was not reached is no news in a test that was skipped or failed for another
// reason.
func TestUnfinishedIsNotHeldAgainstATestThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		_ = (&fake.Server{Handlers: []fake.Handler{fake.Echo}}).On(t, memnet.New()).StartIn(tb)
		tb.skipped = true
		if got := tb.finish(); got != "" {
			t.Errorf("a skipped test: %s", got)
		}
		tb = &recorder{T: t}
		_ = (&fake.Server{Handlers: []fake.Handler{fake.Echo}}).On(t, memnet.New()).StartIn(tb)
		tb.Errorf("the real reason")
		if got := tb.finish(); got != "the real reason" || !strings.Contains(strings.Join(tb.logs, ""), "was never reached") {
			t.Errorf("a failed test: %s; log: %s", got, tb.logs)
		}
	})
}

func TestLoopbackInABubbleIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := new(fake.Server).Start(); err == nil || !strings.Contains(err.Error(), "in a synctest bubble use InMemory") {
			t.Errorf("%v", err)
		}
	})
}

func TestClosingFromOutsideOfTheBubbleIsAnError(t *testing.T) {
	tb := &recorder{T: t}
	var srv *fake.Server
	synctest.Test(t, func(t *testing.T) {
		srv = (&fake.Server{}).On(t, memnet.New()).StartIn(tb)
		_ = srv.Close()
	})
	if err := srv.Close(); !errors.Is(err, timeline.ErrOtherBubble) {
		t.Errorf("Close: %v", err)
	}
	if got := tb.finish(); !strings.Contains(got, "cannot be closed outside: give it the test of the bubble") {
		t.Errorf("the end of the test: %s", got)
	}
}
