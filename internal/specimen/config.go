// Package specimen is a WebSocket client that does everything right, and mutants of
// it that each do one thing wrong. What judges clients (matchers, findings,
// diagnosis) is tried on both: it has to pass the one and to catch the others.
//
// The client beats, notices a dead peer, closes properly, and reconnects with
// backoff, one connection at a time, until it is stopped or told not to come back.
// It runs in virtual time, over memnet, as well as over loopback:
//
//	client := specimen.Start(specimen.Config{URL: srv.URL, Dial: srv.Network().DialContext})
//	defer client.Stop()
//
// Only tests of this module use it.
package specimen

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Config is what a client does, and so what it promises. The zero value of every
// field but URL is useful. For most durations a negative one means never.
type Config struct {
	// URL is where it connects: a ws URL.
	URL string
	// Dial makes its TCP connections. nil: net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Header is sent with every upgrade.
	Header http.Header
	// Seed decides all chance: equal seeds, equal clients.
	Seed uint64

	// Dialect is how it beats. Zero: the texts "ping" and "pong". If the dialect has
	// no answers, or the client does not beat in it, it listens for the server's beats
	// instead, and gives up on a peer that was silent for Interval and AnswerWithin.
	Dialect heartbeat.Dialect
	// Interval is the time from the opening to the first beat, and from each beat to
	// the next. 0: 25 s. Negative: it does not beat.
	Interval time.Duration
	// JitterFirstBeat sends the first beat after a random part of the interval.
	JitterFirstBeat bool
	// AnswerWithin is how long after a beat a sign of life must come. Then it closes
	// with CodeDeadPeer. 0: 10 s. Negative: it waits for ever.
	AnswerWithin time.Duration
	// Rearm says what else than a beat starts the interval anew. Zero: nothing.
	Rearm Activity
	// Life says what is a sign of life.
	Life Life

	// ConnectTimeout is how long an attempt may take, from the dial to the 101. 0:
	// 10 s. Negative: for ever.
	ConnectTimeout time.Duration
	// CloseTimeout is how long a closing handshake may take, the server's FIN
	// included, before it closes TCP. 0: 2 s. Negative: for ever.
	CloseTimeout time.Duration

	// Backoff is how long it waits before it reconnects.
	Backoff Backoff
	// TryAgainAfter is how long it waits at least after a close 1013. 0: 10 s.
	TryAgainAfter time.Duration
	// GiveUpCodes are the codes of a server's Close after which it does not reconnect.
	// nil: 1002, 1003, 1007, 1008 and 4401. Empty, not nil: none.
	GiveUpCodes []frame.CloseCode
	// GiveUpStatuses are the HTTP statuses after which it tries no more. nil: 401 and
	// 403. Empty, not nil: none.
	GiveUpStatuses []int

	// Hello is sent whenever a connection opened: the session, subscriptions.
	Hello []frame.Frame
	// Number makes it number its messages, keep them until the server acknowledged
	// them, and resume where the server left off. See numbered.go.
	Number bool

	// Report is told what happens to the client:
	//
	//	open    n
	//	close   code, reason, wasClean
	//	failed  error, or status
	//	retry   in
	//	giveup  why
	//	stopped
	//
	// nil: nobody. It must not wait.
	Report func(name string, fields ...timeline.Field)

	bugs bugs
}

// CodeDeadPeer is the close code for a peer that showed no sign of life. It is of the
// range that RFC 6455 section 7.4.2 leaves to applications.
const CodeDeadPeer frame.CloseCode = 4000

// Activity is what can start the interval of the heartbeat anew. The values are bits.
type Activity uint8

// The activities: frames of any kind, pings and pongs too.
const (
	Nothing  Activity = 0
	Received Activity = 1
	Sent     Activity = 2
	Both              = Received | Sent
)

// Life is what a client takes for a sign of life.
type Life uint8

// The signs.
const (
	// AnyFrame: whatever came since the beat. An unsolicited pong, too: RFC 6455 section
	// 5.5.3 calls it a unidirectional heartbeat.
	AnyFrame Life = iota
	// AnswersOnly: the answer to the beat, which no unsolicited pong is.
	AnswersOnly
)

// WithDefaults returns the config with its zero values filled in.
func (c Config) WithDefaults() Config {
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Dialect.Name == "" {
		c.Dialect = heartbeat.Text("ping", "pong")
	}
	fill(&c.Interval, 25*time.Second)
	fill(&c.AnswerWithin, 10*time.Second)
	fill(&c.ConnectTimeout, 10*time.Second)
	fill(&c.CloseTimeout, 2*time.Second)
	fill(&c.TryAgainAfter, 10*time.Second)
	c.Backoff = c.Backoff.withDefaults()
	if c.GiveUpCodes == nil {
		c.GiveUpCodes = []frame.CloseCode{frame.CodeProtocolError, frame.CodeUnsupportedData,
			frame.CodeInvalidPayload, frame.CodePolicyViolation, 4401}
	}
	if c.GiveUpStatuses == nil {
		c.GiveUpStatuses = []int{http.StatusUnauthorized, http.StatusForbidden}
	}
	if c.Report == nil {
		c.Report = func(string, ...timeline.Field) {}
	}
	return c
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// beats reports whether the client sends beats.
func (c *Config) beats() bool {
	return c.Interval > 0 && c.Dialect.By&heartbeat.Client != 0
}

// listens reports whether it judges the peer by what it hears, not by answers.
func (c *Config) listens() bool {
	return c.Interval > 0 && c.AnswerWithin > 0 && !(c.beats() && c.Dialect.Answered())
}
