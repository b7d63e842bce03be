package randomfaults

import (
	"math/rand/v2"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// draw draws a correct client: any dialect that clients beat in, any backoff.
func draw(chance *rand.Rand) specimen.Config {
	c := specimen.Config{
		Dialect:         pick(chance, dialects)(),
		Interval:        between(chance, 5*time.Second, 30*time.Second),
		JitterFirstBeat: chance.IntN(3) == 0,
		AnswerWithin:    between(chance, 2*time.Second, 12*time.Second),
		Rearm:           specimen.Activity(max(0, chance.IntN(7)-3)), // nothing in four of seven
		ConnectTimeout:  between(chance, 4*time.Second, 12*time.Second),
		CloseTimeout:    between(chance, 500*time.Millisecond, 4*time.Second),
		TryAgainAfter:   between(chance, 5*time.Second, 20*time.Second),
		Hello:           []frame.Frame{frame.Text(`{"type":"subscribe","id":"a"}`), frame.Text(`{"type":"subscribe","id":"b"}`)},
		Number:          chance.IntN(2) == 0,
		Backoff: specimen.Backoff{
			Growth:     specimen.Growth(chance.IntN(4)),
			First:      between(chance, 500*time.Millisecond, 3*time.Second),
			Max:        between(chance, 10*time.Second, 40*time.Second),
			Jitter:     specimen.Jitter(chance.IntN(3)), // a good client has some
			Share:      0.1 + chance.Float64()/2,
			ResetAfter: between(chance, time.Second, 20*time.Second),
		},
	}
	return c.WithDefaults()
}

var dialects = []func() heartbeat.Dialect{
	heartbeat.Protocol,
	func() heartbeat.Dialect { return heartbeat.Text("ping", "pong") },
	heartbeat.GraphQLTransportWS, heartbeat.Phoenix, heartbeat.SignalR,
}

// serve is a server for such a client. It beats where the dialect has no answers.
func serve(c specimen.Config, ledger *Ledger) fakeserver.Handler {
	steps := []fakeserver.Step{
		fakeserver.Every(17*time.Second+time.Millisecond, fakeserver.Send(frame.Ping([]byte("are you there")))),
		fakeserver.Every(23*time.Second+time.Millisecond, fakeserver.Send(frame.Pong([]byte("nobody asked")))),
		fakeserver.Every(41*time.Second+time.Millisecond, fakeserver.Send(frame.Text(`{"type":"news"}`))),
	}
	if c.Dialect.Answered() {
		steps = append(steps, fakeserver.AnswerBeats(c.Dialect))
	} else {
		steps = append(steps, fakeserver.Beat(c.Dialect, c.Interval))
	}
	if c.Number {
		steps = append(steps, ledger.Handler())
	}
	return fakeserver.Script(steps...)
}

func pick[T any](chance *rand.Rand, list []T) T { return list[chance.IntN(len(list))] }

// between draws a duration, to the nanosecond: no two things happen at one instant.
func between(chance *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(chance.Int64N(int64(high-low)))
}
