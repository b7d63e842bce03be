package assertions_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// tape is a timeline that a test records by hand, in virtual time.
type tape struct {
	*timeline.Timeline
	from timeline.Vantage
}

// taped runs a test on a tape, in a bubble, as a server records it.
func taped(t *testing.T, f func(t *testing.T, tl *tape)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, &tape{timeline.New(), timeline.AtServer}) })
}

// at waits until the timeline is that old.
func (p *tape) at(d time.Duration) *tape {
	time.Sleep(d - p.Now())
	return p
}

func (p *tape) event(conn int, k timeline.Kind, dir frame.Direction, fields ...string) *tape {
	r := timeline.Record{At: p.Now(), Conn: conn, Kind: k, Dir: dir, Vantage: p.from}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Fields = append(r.Fields, timeline.Field{Name: fields[i], Value: fields[i+1]})
	}
	if k.Travels() {
		r.Seen = timeline.Arrived
		if dir == frame.ToClient {
			r.Seen = timeline.Left
		}
	}
	p.Append(r)
	return p
}

// asks is an upgrade request.
func (p *tape) asks(conn int, fields ...string) *tape {
	return p.event(conn, timeline.KindRequest, frame.ToServer, append(fields, "method", "GET", "target", "/")...)
}

// opens is an upgrade request and its 101.
func (p *tape) opens(conn int, fields ...string) *tape {
	return p.asks(conn, fields...).event(conn, timeline.KindResponse, frame.ToClient, "status", "101").event(conn, timeline.KindOpened, 0)
}

// refused is an upgrade request and another answer.
func (p *tape) refused(conn, status int, fields ...string) *tape {
	return p.asks(conn, fields...).event(conn, timeline.KindResponse, frame.ToClient, "status", strconv.Itoa(status)).event(conn, timeline.KindEnded, 0)
}

func (p *tape) frames(conn int, dir frame.Direction, seen timeline.Seen, frames ...frame.Frame) *tape {
	for _, f := range frames {
		f.Masked = dir == frame.ToServer
		p.Append(timeline.Record{At: p.Now(), Conn: conn, Kind: timeline.KindFrame, Dir: dir, Seen: seen, Vantage: p.from,
			Header: f.Header(), Payload: f.Payload, Plain: true})
	}
	return p
}

// sends is what the client sends.
func (p *tape) sends(conn int, frames ...frame.Frame) *tape {
	return p.frames(conn, frame.ToServer, timeline.Arrived, frames...)
}

// gets is what the client receives.
func (p *tape) gets(conn int, frames ...frame.Frame) *tape {
	return p.frames(conn, frame.ToClient, timeline.Left, frames...)
}

// leaves is the client's FIN, upon which all is over.
func (p *tape) leaves(conn int) *tape {
	return p.event(conn, timeline.KindFIN, frame.ToServer).event(conn, timeline.KindEnded, 0)
}

// dropped is the server's FIN, which the client answers with its own.
func (p *tape) dropped(conn int) *tape {
	return p.event(conn, timeline.KindFIN, frame.ToClient).leaves(conn)
}

// starts and exits are of a client program.
func (p *tape) starts(client string) *tape {
	return p.event(0, timeline.KindStarted, 0, "client", client)
}

func (p *tape) exits(client string, code int) *tape {
	return p.event(0, timeline.KindExit, 0, "client", client, "code", strconv.Itoa(code))
}

// says fails the test unless the matcher says so of the actual value: yes, no, or
// unclear. It checks that the matcher and its negation agree.
func says(t *testing.T, want string, m matcher, actual any) {
	t.Helper()
	ok, err := m.Match(actual)
	notOK, notErr := gomega.Not(m).Match(actual)
	got := "no"
	switch {
	case err != nil:
		got = "unclear"
	case ok:
		got = "yes"
	}
	if (err == nil) != (notErr == nil) || err == nil && ok == notOK || err != nil && (ok || notOK) {
		t.Errorf("%v: %v, %v, but its negation %v, %v", m, ok, err, notOK, notErr)
	}
	if got != want {
		message := m.FailureMessage(actual)
		if ok {
			message = m.NegatedFailureMessage(actual)
		}
		t.Errorf("%v says %s, want %s:\n%s", m, got, want, message)
	}
}

// final reports whether a matcher says that its verdict is final.
func final(m matcher, actual any) bool { return !m.MatchMayChangeInTheFuture(actual) }

// story is what happened, and what a matcher has to say about it.
type story struct {
	name string
	play func(*tape)
	on   func(*tape) any // nil: everything
	m    matcher
	want string // yes, no or unclear
	says string // in its message; for yes, that of the negation
}

func tell(t *testing.T, stories []story) {
	t.Helper()
	for _, c := range stories {
		t.Run(c.name, func(t *testing.T) {
			taped(t, func(t *testing.T, tl *tape) {
				var actual any = tl.Timeline
				if c.on != nil {
					actual = c.on(tl) // live: made before anything happens
				}
				c.play(tl)
				says(t, c.want, c.m, actual)
				message := c.m.FailureMessage(actual)
				if c.want == "yes" {
					message = c.m.NegatedFailureMessage(actual)
				}
				if !strings.Contains(message, c.says) {
					t.Errorf("%v: %q is not in\n%s", c.m, c.says, message)
				}
			})
		})
	}
}

// conn shows one connection, since shows what follows an event.
func conn(n int) func(*tape) any { return func(tl *tape) any { return tl.Conn(n) } }

func since(event frame.Trigger) func(*tape) any {
	return func(tl *tape) any { return tl.Since(event) }
}
