package specimen_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// How a connection ended, what the client said then, what it reported, and when it
// tried again: 1 s later, or not at all.
func TestEveryEnd(t *testing.T) {
	pause := fake.Pause(5 * sec)
	for name, test := range map[string]struct {
		end    []fake.Step
		sent   string
		report string
		next   string
	}{
		"close 1001":         {[]fake.Step{fake.Close(1001, "bye")}, "5s: close 1001, fin", "5s: close 1001 bye true", "0s 6s"},
		"close 1000":         {[]fake.Step{fake.Close(1000, "")}, "5s: close 1000, fin", "5s: close 1000 true", "0s 6s"},
		"close 1012":         {[]fake.Step{fake.Close(1012, "restart")}, "5s: close 1012, fin", "5s: close 1012 restart true", "0s 6s"},
		"close 1013":         {[]fake.Step{fake.Close(1013, "busy")}, "5s: close 1013, fin", "5s: close 1013 busy true", "0s 15s"},
		"close 4401":         {[]fake.Step{fake.Close(4401, "who?")}, "5s: close 4401, fin", "5s: close 4401 who? true, 5s: giveup close 4401", "0s"},
		"close 1008":         {[]fake.Step{fake.Close(1008, "no")}, "5s: close 1008, fin", "5s: close 1008 no true, 5s: giveup close 1008", "0s"},
		"an empty close":     {[]fake.Step{fake.Send(frame.EmptyClose())}, "5s: close, fin", "5s: close 1005 true", "0s 6s"},
		"close 1006":         {[]fake.Step{fake.Send(frame.Close(1006, ""))}, `5s: close 1002 "bad close code 1006", fin`, "5s: close 1006 false", "0s 6s"},
		"a masked frame":     {[]fake.Step{fake.Send(frame.Text("x").WithMask([4]byte{1}))}, `5s: close 1002 "bad MASK", fin`, "5s: close 1006 false", "0s 6s"},
		"a FIN":              {[]fake.Step{fake.Fin()}, "5s: fin", "5s: close 1006 false", "0s 6s"},
		"a reset":            {[]fake.Step{fake.Reset()}, "", "5s: close 1006 false", "0s 6s"},
		"a half-close":       {[]fake.Step{fake.HalfClose()}, "5s: fin", "5s: close 1006 false", "0s 6s"},
		"close, TCP kept":    {[]fake.Step{fake.On(frame.Op(frame.OpClose)), fake.Send(frame.Close(1001, ""))}, "5s: close 1001, 7s: fin", "7s: close 1001 true", "0s 8s"},
		"close, then data":   {[]fake.Step{fake.Send(frame.Close(1001, ""), frame.Ping(nil), frame.Text("late"))}, "5s: close 1001, fin", "5s: close 1001 true", "0s 6s"},
		"a ping, then close": {[]fake.Step{fake.Send(frame.Ping([]byte("x"))), fake.Close(1001, "")}, `5s: pong "x", close 1001, fin`, "5s: close 1001 true", "0s 6s"},
	} {
		t.Run(name, func(t *testing.T) {
			script := fake.Script(append([]fake.Step{pause}, test.end...)...)
			playLoosely(t, specimen.Config{Interval: -1, Backoff: steady}, func(s *scene) {
				s.until(20 * sec)
				s.is("sent", s.sent(1), test.sent)
				s.is("reported", s.reports("close", "giveup"), test.report)
				s.is("attempts", s.attempts(), test.next)
			}, script, fake.Handshake())
		})
	}
}

// Stop, at any moment.
func TestStop(t *testing.T) {
	onClose := func(steps ...fake.Step) fake.Handler {
		return fake.Script(fake.On(frame.Op(frame.OpClose), steps...))
	}
	for name, test := range map[string]struct {
		server fake.Handler
		stop   time.Duration
		sent   string
		over   time.Duration
		report string
	}{
		"while open":           {fake.Silent, 5 * sec, "5s: close 1000, fin", 0, "5s: close 1000 true, 5s: stopped"},
		"echoed late":          {onClose(fake.Pause(1900*ms), fake.EchoClose()), 5 * sec, "5s: close 1000, 6.9s: fin", 1900 * ms, "6.9s: close 1000 true, 6.9s: stopped"},
		"echoed behind a ping": {onClose(fake.Send(frame.Ping([]byte("x"))), fake.EchoClose()), 5 * sec, "5s: close 1000, fin", 0, "5s: close 1000 true, 5s: stopped"},
		"never echoed":         {onClose(), 5 * sec, "5s: close 1000, 7s: fin", 2 * sec, "7s: close 1006 false, 7s: stopped"},
		"echoed, TCP kept":     {onClose(fake.Pause(1900*ms), fake.Send(frame.Close(1000, ""))), 5 * sec, "5s: close 1000, 7s: fin", 2 * sec, "7s: close 1000 true, 7s: stopped"},
		"during the handshake": {fake.Stall(), 5 * sec, "5s: fin", 0, "5s: stopped"},
		"during the backoff":   {fake.Handshake(fake.Reset()), 500 * ms, "", 0, "500ms: stopped"},
		"after giving up":      {fake.RejectWith(401), 5 * sec, "", 0, "0s: giveup status 401"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, specimen.Config{Interval: -1, Backoff: steady}, func(s *scene) {
				s.until(test.stop)
				s.client.Stop()
				if took := s.srv.Timeline.Now() - test.stop; took != test.over {
					t.Errorf("Stop took %v, want %v", took, test.over)
				}
				s.client.Send("too late")
				s.client.Stop()
				<-s.client.Done()
				s.until(time.Hour)
				s.is("sent", s.sent(1), test.sent)
				s.is("reported", s.reports("close", "giveup", "stopped"), test.report)
				s.is("attempts", s.attempts(), "0s")
			}, test.server)
		})
	}
}

// What is to be sent while a connection ends goes to the next one.
func TestNothingGoesToAConnectionThatEnds(t *testing.T) {
	tcpKept := fake.On(frame.Op(frame.OpClose))
	for name, test := range map[string]struct {
		interval time.Duration
		end      []fake.Step
		sent     string
	}{
		"by the server's close": {-1, []fake.Step{tcpKept, fake.Pause(5 * sec), fake.Send(frame.Close(1001, ""))}, "5s: close 1001, 7s: fin"},
		"by the client's close": {3 * sec, []fake.Step{tcpKept}, `3s: text "ping", 5s: close 4000 "no sign of life", 7s: fin`},
		"by a wrong frame":      {-1, []fake.Step{tcpKept, fake.Pause(5 * sec), fake.SendRaw([]byte{0xf1, 0x00})}, `5s: close 1002 "RSV1 set, RSV2 set, RSV3 set", 7s: fin`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := specimen.Config{Interval: test.interval, AnswerWithin: 2 * sec, Backoff: steady}
			playLoosely(t, cfg, func(s *scene) {
				s.until(6 * sec)
				s.client.Send("later")
				s.until(9 * sec)
				s.is("first", s.sent(1), test.sent)
				s.is("second", s.sent(2), `8s: text "later"`)
			}, fake.Script(test.end...), fake.Handshake())
		})
	}
}

// A peer that reads nothing more holds the client up no longer than one that does not
// answer; what did not go out goes to the next one.
func TestAPeerThatDoesNotRead(t *testing.T) {
	cfg := specimen.Config{Interval: -1, AnswerWithin: 4 * sec, Backoff: steady}
	play(t, cfg, func(s *scene) {
		s.client.Send(strings.Repeat("x", 1<<20)) // both before it is connected
		s.client.Send("more")
		s.until(20 * sec)
		s.is("attempts", s.attempts(), "0s 8s") // 1 s + 4 s to write + 2 s to close + 1 s
		s.is("second", s.sent(2), `8s: text "more"`)
	}, fake.Script(fake.Handshake(fake.Pause(sec)), fake.StopReading()), fake.Handshake())
}

// Every way in which an attempt can fail, and when the next one comes.
func TestEveryRefusal(t *testing.T) {
	for name, test := range map[string]struct {
		server fake.Handler
		report string
		next   string
	}{
		"503":                         {fake.RejectWith(503), "0s: failed 503", "0s 1s"},
		"503 with Retry-After":        {fake.RejectWith(503, fake.Header("Retry-After", "7")), "0s: failed 503", "0s 7s"},
		"429 with a date":             {fake.RejectWith(429, fake.Header("Retry-After", "Sat, 01 Jan 2000 00:00:08 GMT")), "0s: failed 429", "0s 8s"},
		"503 with a Retry-After of 0": {fake.RejectWith(503, fake.Header("Retry-After", "0")), "0s: failed 503", "0s 1s"},
		"a redirect":                  {fake.RedirectTo("/elsewhere"), "0s: failed 302", "0s 1s"},
		"401":                         {fake.RejectWith(401), "0s: failed 401, 0s: giveup status 401", "0s"},
		"403":                         {fake.RejectWith(403), "0s: failed 403, 0s: giveup status 403", "0s"},
		"a reset":                     {fake.Handshake(fake.Reset()), "", "0s 1s"},
		"a FIN":                       {fake.Handshake(fake.Fin()), "", "0s 1s"},
		"a stall":                     {fake.Stall(), "", "0s 11s"},
		"a wrong Accept":              {fake.Handshake(fake.AcceptWith(fake.WrongAccept())), "0s: failed 101", "0s 1s"},
	} {
		t.Run(name, func(t *testing.T) {
			playLoosely(t, specimen.Config{Interval: -1, Backoff: steady, Header: http.Header{"X-Who": {"specimen"}}}, func(s *scene) {
				s.until(20 * sec)
				if test.report != "" {
					s.is("reported", s.reports("failed", "giveup"), test.report)
				}
				s.is("attempts", s.attempts(), test.next)
				if got := s.srv.Conn(1).Request().Header.Get("X-Who"); got != "specimen" {
					t.Errorf("header: %q", got)
				}
			}, test.server, fake.Handshake())
		})
	}
}
