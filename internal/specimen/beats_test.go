package specimen_test

import (
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

func TestBeatsAtTheInterval(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  specimen.Config
		want string
	}{
		"by default":      {specimen.Config{}, "25s 50s 1m15s 1m40s"},
		"every 40 s":      {specimen.Config{Interval: 40 * sec}, "40s 1m20s"},
		"never":           {specimen.Config{Interval: -1}, ""},
		"the first early": {specimen.Config{Interval: 60 * sec, JitterFirstBeat: true, Seed: 1}, "14.305391452s 1m14.305391452s"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, test.cfg, func(s *scene) {
				s.until(110 * sec)
				s.is("beats", s.beats(text, 1), test.want)
				s.is("attempts", s.attempts(), "0s")
			}, fake.Script(fake.AnswerBeats(text)))
		})
	}
}

// Whatever the dialect, a server that answers (or beats itself, where nobody answers)
// keeps the connection, and one that falls mute is left.
func TestEveryDialectTheClientCanBeatIn(t *testing.T) {
	for _, name := range []string{"protocol", "text:hb/ack", "graphql-transport-ws", "phoenix", "mqtt", "signalr", "stomp:10s", "text:hb"} {
		d, err := heartbeat.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			// The third answer, or beat, is the last thing the client hears.
			serve, closed := fake.AnswerBeats(d), "46s: close 1006 false" // 40 s + 4 s + 2 s
			if !d.Answered() {
				serve, closed = fake.Beat(d, 10*sec), "46s: close 1006 false" // 30 s + (10 s + 4 s) + 2 s
			}
			cfg := specimen.Config{Dialect: d, Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady}
			play(t, cfg, func(s *scene) {
				s.until(50 * sec)
				s.is("beats", s.beats(d, 1), "10s 20s 30s 40s")
				s.is("closed", s.reports("close"), closed)
				s.is("attempts", s.attempts(), "0s 47s")
				s.is("subprotocol", s.srv.Conn(1).Subprotocol(), d.Subprotocol)
			}, fake.Script(serve, fake.Pause(35*sec), fake.GoDark()))
		})
	}
}

func TestWhatRearmsTheBeat(t *testing.T) {
	for name, test := range map[string]struct {
		rearm specimen.Activity
		want  string
	}{
		"nothing":  {specimen.Nothing, "10s 20s 30s 40s 50s"},
		"received": {specimen.Received, "18s 28s 38s 55s"}, // the last message comes at 8 s, a ping at 45 s
		"sent":     {specimen.Sent, "10s 23s 33s 43s 55s"}, // and goes at 13 s; the pong at 45 s
		"both":     {specimen.Both, "23s 33s 43s 55s"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := specimen.Config{Interval: 10 * sec, AnswerWithin: -1, Rearm: test.rearm}
			play(t, cfg, func(s *scene) {
				s.until(13 * sec)
				s.client.Send("hello")
				s.until(59 * sec)
				s.is("beats", s.beats(text, 1), test.want)
			}, fake.Script(fake.Repeat(fake.Pause(4*sec), fake.Send(frame.Text("data"))).Times(2), fake.Pause(37*sec), fake.Send(frame.Ping(nil))))
		})
	}
}

func TestNoticesAMutePeer(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  specimen.Config
		mute fake.Handler
		sent string
		next string
	}{
		"that still closes": {specimen.Config{}, fake.Silent,
			`25s: text "ping", 35s: close 4000 "no sign of life", fin`, "0s 36s"},
		"that does nothing at all": {specimen.Config{}, fake.Script(fake.GoDark()),
			`25s: text "ping", 35s: close 4000 "no sign of life", 37s: fin`, "0s 38s"},
		"with pings": {specimen.Config{Dialect: proto, Interval: 5 * sec, AnswerWithin: 7 * sec}, fake.Silent,
			`5s: ping "1", 10s: ping "2", 12s: close 4000 "no sign of life", fin`, "0s 13s"},
		"that falls mute later": {specimen.Config{Interval: 20 * sec}, fake.Script(fake.AnswerBeats(text, fake.StopAfter(2))),
			`20s: text "ping", 40s: text "ping", 1m: text "ping", 1m10s: close 4000 "no sign of life", fin`, "0s 1m11s"},
	} {
		t.Run(name, func(t *testing.T) {
			test.cfg.Backoff = steady
			play(t, test.cfg, func(s *scene) {
				s.until(80 * sec)
				s.is("sent", s.sent(1), test.sent)
				s.is("attempts", s.attempts(), test.next)
			}, test.mute, fake.Script(fake.AnswerBeats(text), fake.AnswerBeats(proto)))
		})
	}
}

func TestWhatIsASignOfLife(t *testing.T) {
	data := fake.Every(3*sec, fake.Send(frame.Text("data")))
	pongs := fake.Every(3*sec, fake.Send(frame.Pong([]byte("unsolicited"))))
	ignore := fake.Ignore(frame.Op(frame.OpPing))
	for name, test := range map[string]struct {
		life   specimen.Life
		within time.Duration
		script fake.Handler
		want   string
	}{
		"data, when any frame is":       {specimen.AnyFrame, 9 * sec, fake.Script(ignore, data), ""},
		"data, when only answers are":   {specimen.AnswersOnly, 9 * sec, fake.Script(ignore, data), "19s: close 4000 true"},
		"pongs, when any frame is":      {specimen.AnyFrame, 9 * sec, fake.Script(ignore, pongs), ""},
		"pongs, when only answers are":  {specimen.AnswersOnly, 9 * sec, fake.Script(ignore, pongs), "19s: close 4000 true"},
		"every second answer is enough": {specimen.AnswersOnly, 14 * sec, fake.Script(fake.AnswerBeats(proto, fake.EveryNth(2))), ""},
		"every third is not":            {specimen.AnswersOnly, 14 * sec, fake.Script(fake.AnswerBeats(proto, fake.EveryNth(3))), "24s: close 4000 true"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := specimen.Config{Dialect: proto, Interval: 10 * sec, AnswerWithin: test.within, Life: test.life}
			play(t, cfg, func(s *scene) {
				s.until(27 * sec)
				s.is("closed", s.reports("close"), test.want)
			}, test.script)
		})
	}
}

// Of several unanswered beats the oldest counts.
func TestAnswersAreCountedBeatByBeat(t *testing.T) {
	cfg := specimen.Config{Dialect: proto, Interval: 10 * sec, AnswerWithin: 25 * sec, Life: specimen.AnswersOnly}
	play(t, cfg, func(s *scene) {
		s.until(59 * sec)
		s.is("closed", s.reports("close"), "45s: close 4000 true") // the second beat, at 20 s
	}, fake.Script(fake.AnswerBeats(proto, fake.Late(12*sec), fake.StopAfter(1))))
}

func TestAnswersPings(t *testing.T) {
	cfg := specimen.Config{Interval: -1, Dialect: proto}
	play(t, cfg, func(s *scene) {
		s.until(15 * sec)
		s.is("sent", s.sent(1), `5s: pong "a", 10s: pong "b"`)
	}, fake.Script(fake.Pause(5*sec), fake.Send(frame.Ping([]byte("a"))), fake.Pause(5*sec), fake.Send(frame.Ping([]byte("b")))))
}

func TestAnswersTheServersBeats(t *testing.T) {
	cfg := specimen.Config{Interval: -1}
	play(t, cfg, func(s *scene) {
		s.until(15 * sec)
		s.is("sent", s.sent(1), `6s: text "pong", 12s: text "pong"`)
	}, fake.Script(fake.Beat(text, 6*sec)))
}

// A client that beats an hour against a server that answers is still connected.
func TestAnHour(t *testing.T) {
	play(t, specimen.Config{Dialect: proto, Interval: 30 * sec}, func(s *scene) {
		s.until(time.Hour)
		s.is("attempts", s.attempts(), "0s")
		s.client.Stop()
		s.is("reports", s.reports("close", "stopped"), "1h0m: close 1000 true, 1h0m: stopped")
	})
}
