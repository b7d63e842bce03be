package specimen_test

import (
	"strings"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
	"github.com/heartbreak-ws/heartbreak/internal/specimen/randomfaults"
)

func reconnectContrasts() []contrast {
	quiet := specimen.Config{Interval: -1, Backoff: steady}
	ten := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady}
	subscribes := quiet
	subscribes.Hello = []frame.Frame{frame.Text("subscribe")}
	thenWell := func(first fake.Handler) []fake.Handler {
		return []fake.Handler{first, fake.Script(fake.AnswerBeats(text))}
	}
	cut := func(end fake.Step) []fake.Handler { return thenWell(fake.Script(fake.Pause(5*sec), end)) }
	stop := func(s *scene) {
		s.until(5 * sec)
		s.client.Stop()
		s.until(20 * sec)
	}
	return []contrast{
		{"reconnects after Stop", quiet, []fake.Handler{fake.Handshake()}, stop, attempts, "0s", "0s 6s"},
		{"reconnects on 4401", quiet, cut(fake.Close(4401, "")), nil, attempts, "0s", "0s 6s"},
		{"reconnects on 401", quiet, thenWell(fake.RejectWith(401)), nil, attempts, "0s", "0s 1s"},
		{"gives up on 1006", quiet, cut(fake.Fin()), nil, attempts, "0s 6s", "0s"},
		{"gives up on 1012", quiet, cut(fake.Close(1012, "")), nil, attempts, "0s 6s", "0s"},
		{"gives up on 503", quiet, thenWell(fake.RejectWith(503)), nil, attempts, "0s 1s", "0s"},
		{"gives up after 3 attempts", quiet, thenWell(fake.RejectWith(500).Times(5)), nil, attempts, "0s 1s 3s 7s 15s 31s", "0s 1s 3s 7s"},
		{"no connect timeout", quiet, thenWell(fake.Stall()), nil, attempts, "0s 11s", "0s"},
		{"two connections for 1 ms", ten, thenWell(fake.Silent), nil, live, "0s: 1, 14s: 0, 15s: 1", "0s: 1, 15s: 2, 15.001s: 1"},
		{"old connection kept", ten, thenWell(fake.Silent), nil, live, "0s: 1, 14s: 0, 15s: 1", "0s: 1, 15s: 2"},
		{"reconnects twice", quiet, cut(fake.Reset()), nil, attempts, "0s 6s", "0s 6s 6s"},
		{"leaks a goroutine", quiet, cut(fake.Fin()), func(s *scene) { s.until(20 * sec); s.client.Stop(); s.until(21 * sec) }, func(*scene) string { return specimens() }, "", "xx"},
		{"does not resubscribe", subscribes, cut(fake.Fin()), nil, sentOn(2), `6s: text "subscribe"`, ""},
		{"subscribes twice", subscribes, cut(fake.Fin()), nil, sentOn(2), `6s: text "subscribe"`, `6s: text "subscribe", text "subscribe"`},
		numberedContrast("loses a message", "1 3 4"),
		numberedContrast("repeats a message", "1 1 2 3 4"),
	}
}

// numberedContrast is about four numbered messages, of which the second and third go
// out in vain.
func numberedContrast(mutant, wrong string) contrast {
	var ledger *randomfaults.Ledger
	serve := fake.Func("a ledger", func(c *fake.Conn) {
		if c.Number() == 1 {
			ledger = &randomfaults.Ledger{} // each client has its own
		}
		ledger.Serve(c)
	})
	return contrast{
		mutant:  mutant,
		cfg:     specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady, Number: true},
		servers: []fake.Handler{fake.Script(fake.On(frame.Contains(`"n":1`), fake.Pause(sec), fake.GoDark()), serve), fake.Script(fake.AnswerBeats(text), serve)},
		act: func(s *scene) {
			for _, at := range []time.Duration{1 * sec, 3 * sec, 5 * sec, 30 * sec} {
				s.until(at)
				s.client.Send("message")
			}
			s.until(40 * sec)
		},
		shows: func(*scene) string { return strings.Join(ledger.Got(), " ") },
		right: "1 2 3 4",
		wrong: wrong,
	}
}
