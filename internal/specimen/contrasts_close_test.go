package specimen_test

import (
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

func closeContrasts() []contrast {
	quiet := specimen.Config{Interval: -1, Backoff: steady}
	ten := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady}
	after5 := func(steps ...fake.Step) []fake.Handler {
		return []fake.Handler{fake.Script(append([]fake.Step{fake.Pause(5 * sec)}, steps...)...), fake.Handshake()}
	}
	stop := func(s *scene) {
		s.until(5 * sec)
		s.client.Stop()
		s.until(6 * sec)
	}
	mute := []fake.Handler{fake.Silent, fake.Script(fake.AnswerBeats(text))}
	dark := []fake.Handler{fake.Script(fake.GoDark()), fake.Script(fake.AnswerBeats(text))}
	return []contrast{
		{"never echoes a close", quiet, after5(fake.Close(1001, "")), nil, sentOn(1), "5s: close 1001, fin", "7s: fin"},
		{"waits for the echo for ever", ten, dark, nil, attempts, "0s 17s", "0s"},
		{"sends close 1006", ten, mute, wait(20 * sec), sentOn(1),
			`10s: text "ping", 14s: close 4000 "no sign of life", fin`, `10s: text "ping", 14s: close 1006, fin`},
		{"echoes close 1005", quiet, after5(fake.Send(frame.EmptyClose())), nil, sentOn(1), "5s: close, fin", "5s: close 1005, fin"},
		{"sends data after its close", quiet, after5(), stop, sentOn(1), "5s: close 1000, fin", `5s: close 1000, text "one more thing", fin`},
		{"reports 1000 for 1006", quiet, after5(fake.Fin()), nil, closes, "5s: close 1006 false", "5s: close 1000 true"},
	}
}

func backoffContrasts() []contrast {
	refused := []fake.Handler{fake.RejectWith(500).Times(6), fake.Handshake()}
	grown := specimen.Config{Interval: -1, Backoff: steady}
	jittered := specimen.Config{Interval: -1, Seed: 1}
	capped := grown
	capped.Backoff.Max = 5 * sec
	stable := []fake.Handler{fake.RejectWith(500).Times(3), fake.Script(fake.Pause(10*sec), fake.Fin()), fake.Handshake()}
	brief := []fake.Handler{fake.Script(fake.Pause(sec), fake.Fin())}
	return []contrast{
		{"reconnects at once", grown, []fake.Handler{fake.RejectWith(500).Times(3), fake.Handshake()}, nil, attempts, "0s 1s 3s 7s", "0s 0s 0s 0s"},
		{"fixed delay", grown, refused, nil, attempts, "0s 1s 3s 7s 15s 31s", "0s 1s 2s 3s 4s 5s 6s"},
		{"no jitter", jittered, refused, wait(10 * sec), attempts, "0s 619.211595ms 2.120132982s 4.220131205s", "0s 1s 3s 7s"},
		{"grows three times too fast", grown, refused, nil, attempts, "0s 1s 3s 7s 15s 31s", "0s 1s 7s 37s"},
		{"exceeds the cap", capped, refused, wait(30 * sec), attempts, "0s 1s 3s 7s 12s 17s 22s", "0s 1s 3s 7s 15s"},
		{"backoff never reset", grown, stable, nil, attempts, "0s 1s 3s 7s 18s", "0s 1s 3s 7s 25s"},
		{"backoff reset on open", grown, brief, wait(12 * sec), attempts, "0s 2s 5s 10s", "0s 2s 4s 6s 8s 10s 12s"},
		{"ignores Retry-After", grown, []fake.Handler{fake.RejectWith(503, fake.Header("Retry-After", "20")), fake.Handshake()}, nil, attempts, "0s 20s", "0s 1s"},
		{"ignores close 1013", grown, []fake.Handler{fake.Script(fake.Close(1013, "")), fake.Handshake()}, nil, attempts, "0s 10s", "0s 1s"},
	}
}
