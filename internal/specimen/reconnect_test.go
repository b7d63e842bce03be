package specimen_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
	"github.com/heartbreak-ws/heartbreak/internal/specimen/randomfaults"
)

func TestSaysHelloOnEveryConnection(t *testing.T) {
	cfg := specimen.Config{Interval: -1, Backoff: steady, Hello: []frame.Frame{frame.Text("auth"), frame.Text("subscribe a")}}
	play(t, cfg, func(s *scene) {
		s.until(20 * sec)
		s.is("first", s.sent(1), `0s: text "auth", text "subscribe a", 5s: fin`)
		s.is("second", s.sent(2), `6s: text "auth", text "subscribe a"`)
	}, fake.Script(fake.Pause(5*sec), fake.Fin()), fake.Silent)
}

func TestSendsWhenItIsConnected(t *testing.T) {
	play(t, specimen.Config{Interval: -1, Backoff: steady}, func(s *scene) {
		s.until(2 * sec)
		s.client.Send("one")
		s.until(5500 * ms)
		s.client.Send("two")
		s.client.Send("three")
		s.until(20 * sec)
		s.is("first", s.sent(1), `2s: text "one", 5s: fin`)
		s.is("second", s.sent(2), `6s: text "two", text "three"`)
	}, fake.Script(fake.Pause(5*sec), fake.Fin()), fake.Silent)
}

// A connection is over, for both sides, before the next one is dialled.
func TestOneConnectionAtATime(t *testing.T) {
	closes := fake.Close(1012, "restart")
	for _, end := range []fake.Handler{
		fake.Script(fake.Pause(5*sec), closes), fake.Script(fake.Pause(5*sec), fake.Fin()), fake.Script(fake.Pause(5*sec), fake.Reset()),
		fake.Script(fake.Pause(5*sec), fake.HalfClose()), fake.Silent, fake.Script(fake.GoDark()), fake.Script(fake.Freeze()),
	} {
		t.Run(end.String(), func(t *testing.T) {
			cfg := specimen.Config{Interval: 5 * sec, AnswerWithin: sec, Backoff: specimen.Backoff{Growth: specimen.Fixed, First: ms}}
			play(t, cfg, func(s *scene) {
				s.until(time.Minute)
				if live := s.live(); strings.Contains(live, ": 2") && end.String() != "Script(Freeze())" {
					t.Errorf("live: %s\n%s", live, s.log())
				}
				if len(s.srv.Conns()) < 3 {
					t.Errorf("%d connections in a minute", len(s.srv.Conns()))
				}
			}, end)
		})
	}
}

// Whatever the moment the connection is cut at, every message comes once, in order.
func TestNumberedMessagesSurvive(t *testing.T) {
	for name, cut := range map[string]fake.Step{"by a reset": fake.Reset(), "by a FIN": fake.Fin(), "by a close": fake.Close(1012, "")} {
		t.Run(name, func(t *testing.T) {
			var ledger randomfaults.Ledger
			cuts := fake.Script(fake.On(frame.Contains(`"n":3`), cut), fake.On(frame.Contains(`"n":5`), fake.Pause(ms), cut), ledger.Handler())
			play(t, specimen.Config{Interval: -1, Backoff: steady, Number: true}, func(s *scene) {
				for i := range 8 {
					s.until(time.Duration(i) * sec)
					s.client.Send(fmt.Sprint("message ", i))
				}
				s.until(time.Minute)
				s.is("the server has", strings.Join(ledger.Got(), " "), "1 2 3 4 5 6 7 8")
				if len(s.srv.Conns()) != 3 {
					t.Errorf("%d connections", len(s.srv.Conns()))
				}
			}, cuts.Times(2), ledger.Handler())
		})
	}
}

// What is on its way when the line goes dead never arrived, and is sent again.
func TestNumberedMessagesThatWereLostAreSentAgain(t *testing.T) {
	var ledger randomfaults.Ledger
	cfg := specimen.Config{Interval: 10 * sec, Backoff: steady, Number: true}
	play(t, cfg, func(s *scene) {
		for i := range 3 {
			s.until(time.Duration(2*i+1) * sec)
			s.client.Send(fmt.Sprint("message ", i))
		}
		s.until(time.Minute)
		s.is("second", s.sent(2), `23s: text "{\"resume\":2}", text "{\"n\":2,\"text\":\"message 1\"}", text "{\"n\":3,\"text\":\"message 2\"}", 33s: text "ping", 43s: text "ping", 53s: text "ping"`)
		s.is("the server has", strings.Join(ledger.Got(), " "), "1 2 3")
	}, fake.Script(fake.On(frame.Contains(`"n":1`), fake.Pause(sec), fake.GoDark()), ledger.Handler()), fake.Script(fake.AnswerBeats(text), ledger.Handler()))
}

func TestLeavesNoGoroutineBehind(t *testing.T) {
	play(t, specimen.Config{Interval: 3 * sec, AnswerWithin: sec, Number: true}, func(s *scene) {
		s.until(time.Hour)
		if n := len(s.srv.Conns()); n < 100 {
			t.Errorf("%d connections in an hour", n)
		}
		s.client.Stop()
		s.is("left", specimens(), "")
	}, fake.RejectWith(503), fake.Stall(), fake.Script(fake.Fin()), fake.Script(fake.Close(1001, "")), fake.Silent)
}

// specimens lists the goroutines that run a client, one "x" each.
func specimens() (list string) {
	buf := make([]byte, 1<<20)
	for block := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(block, "internal/specimen.(") {
			list += "x"
		}
	}
	return list
}

// Over loopback, and in real time, it does the same.
func TestOverLoopback(t *testing.T) {
	srv := fake.Start(t,
		fake.RejectWith(503),
		fake.Script(fake.AnswerBeats(heartbeat.Protocol(), fake.StopAfter(2))),
		fake.Script(fake.WaitFor(frame.Text("hello"))))
	client := specimen.Start(specimen.Config{
		URL: srv.URL, Dialect: heartbeat.Protocol(), Interval: 20 * ms, AnswerWithin: 50 * ms,
		Backoff: specimen.Backoff{First: ms}, Hello: []frame.Frame{frame.Text("hello")},
	})
	defer client.Kill()
	if _, err := srv.Timeline.WaitN(t.Context(), 2, frame.Text("hello")); err != nil {
		t.Fatal(err)
	}
	client.Stop()
	<-srv.Conn(3).Done()
	s := &scene{t: t, srv: srv}
	if got := s.sent(2); !strings.Contains(got, `ping "3"`) || !strings.Contains(got, `close 4000 "no sign of life"`) {
		t.Errorf("on the mute connection: %s", got)
	}
	if got := s.sent(3); !strings.Contains(got, "close 1000") {
		t.Errorf("on the last connection: %s", got)
	}
}
