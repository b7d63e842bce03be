package specimen_test

import (
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

func textBeats(s *scene) string { return s.beats(text, 1) }

func beatContrasts() []contrast {
	answers := []fake.Handler{fake.Script(fake.AnswerBeats(text), fake.AnswerBeats(proto))}
	ten := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec, Backoff: steady}
	pings := ten
	pings.Dialect = proto
	strict := pings
	strict.Life = specimen.AnswersOnly
	jittered := ten
	jittered.JitterFirstBeat, jittered.Seed = true, 1
	slow := ten
	slow.AnswerWithin = 15 * sec
	busy := fake.Every(7*sec, fake.Send(frame.Text("data")))
	noPongs := fake.Ignore(frame.Op(frame.OpPing))
	mute := []fake.Handler{fake.Silent, answers[0]}
	return []contrast{
		{"no heartbeat", ten, answers, nil, textBeats, "10s 20s 30s 40s 50s 1m", ""},
		{"interval half as long again", ten, answers, nil, textBeats, "10s 20s 30s 40s 50s 1m", "15s 30s 45s 1m"},
		{"interval half as long", ten, answers, wait(21 * sec), textBeats, "10s 20s", "5s 10s 15s 20s"},
		{"every fifth beat missing", ten, answers, wait(111 * sec), textBeats,
			"10s 20s 30s 40s 50s 1m 1m10s 1m20s 1m30s 1m40s 1m50s", "10s 20s 30s 40s 1m 1m10s 1m20s 1m30s 1m50s"},
		{"beats only when idle", ten, answers, chatter(9 * sec), textBeats, "10s 20s 30s 40s 50s 1m", ""},
		{"received data holds up beats", ten, []fake.Handler{fake.Script(fake.AnswerBeats(text), busy)}, nil, textBeats, "10s 20s 30s 40s 50s 1m", ""},
		{"pongs instead of pings", pings, answers, wait(25 * sec), sentOn(1), `10s: ping "1", 20s: ping "2"`, "10s: pong, 14s: close 4000 \"no sign of life\", fin"},
		{"first beat not jittered", jittered, answers, wait(25 * sec), textBeats, "2.384231908s 12.384231908s 22.384231908s", "10s 20s"},
		{"ignores unanswered beats", ten, mute, nil, attempts, "0s 15s", "0s"},
		{"notices four times too late", ten, mute, nil, attempts, "0s 15s", "0s 27s"},
		{"own beat proves life", slow, mute, nil, attempts, "0s 26s", "0s"},
		{"unsolicited pong taken for the answer", strict, []fake.Handler{fake.Script(noPongs, fake.Every(3*sec, fake.Send(frame.Pong([]byte("?"))))), answers[0]}, nil, attempts, "0s 15s", "0s"},
		{"only answers prove life", pings, []fake.Handler{fake.Script(noPongs, fake.Every(3*sec, fake.Send(frame.Text("data"))))}, wait(20 * sec), attempts, "0s", "0s 15s"},
		{"heartbeats multiply", ten, []fake.Handler{fake.Script(fake.Pause(3*sec), fake.Fin()), fake.Script(fake.Pause(3*sec), fake.Fin()), answers[0]}, wait(40 * sec),
			func(s *scene) string { return s.beats(text, 3) }, "19s 29s 39s", "13s 17s 19s 23s 27s 29s 33s 37s 39s"},
	}
}

// chatter has the client send data now and then, for a minute.
func chatter(every time.Duration) func(*scene) {
	return func(s *scene) {
		for at := every; at <= time.Minute; at += every {
			s.until(at)
			s.client.Send("data")
		}
		s.until(time.Minute)
	}
}

func pongContrasts() []contrast {
	quiet := specimen.Config{Interval: -1, Backoff: steady}
	pinging := []fake.Handler{fake.Script(fake.Pause(5*sec), fake.Send(frame.Ping([]byte("x"))))}
	busy := []fake.Handler{fake.Script(fake.Pause(5*sec), fake.Send(frame.Text("data"), frame.Ping([]byte("x"))))}
	return []contrast{
		{"never pongs", quiet, pinging, nil, sentOn(1), `5s: pong "x"`, ""},
		{"pongs with another payload", quiet, pinging, nil, sentOn(1), `5s: pong "x"`, `5s: pong "x!"`},
		{"pongs late", quiet, pinging, nil, sentOn(1), `5s: pong "x"`, `8s: pong "x"`},
		{"pongs behind a slow handler", quiet, busy, nil, sentOn(1), `5s: pong "x"`, `8s: pong "x"`},
		{"unmasked texts", specimen.Config{Interval: 40 * sec, Backoff: steady}, []fake.Handler{fake.Script(fake.AnswerBeats(text))}, wait(41 * sec), sentOn(1),
			`40s: text "ping"`, `40s: text "ping" unmasked, close 1002, fin`},
	}
}
