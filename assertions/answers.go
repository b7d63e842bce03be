package assertions

import (
	"errors"
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// HaveAnsweredEveryPing succeeds if the client has answered every ping that reached
// it with a pong of the same payload, no later than the limit.
//
//	Expect(srv).To(HaveAnsweredEveryPing(Within(time.Second)))
//
// A pong also answers the pings before its own, which RFC 6455 section 5.5.3 permits.
// Pings after a Close, in either direction, need none (section 5.5.2), nor do those
// that the connection's end overtook within the limit. A ping is sent when it left for
// the client, and answered when the pong arrived from it; what a rule did to either on
// the far side does not count.
//
// It needs a ping that was answered, and cannot judge without. Nor can it where nobody
// reads (Freeze, StopReading), or where events are lost. A ping that was not answered
// in time is final.
func HaveAnsweredEveryPing(within Limit) Matcher {
	return answeredEvery("HaveAnsweredEveryPing", nil, heartbeat.Protocol(), within)
}

// HaveAnsweredEveryBeat is [HaveAnsweredEveryPing] for the beats of a server in any
// dialect, such as the 2 of Engine.IO, which a client answers with a 3.
//
//	Expect(srv).To(HaveAnsweredEveryBeat(heartbeat.EngineIO(25*time.Second, 20*time.Second), Within(time.Second)))
func HaveAnsweredEveryBeat(d heartbeat.Dialect, within Limit) Matcher {
	return answeredEvery("HaveAnsweredEveryBeat", []any{d}, d, within)
}

func answeredEvery(name string, args []any, d heartbeat.Dialect, within Limit) Matcher {
	m := Matcher{call: call(name, append(args, within)...), err: beatsOfServer(d)}
	if within.d < 0 {
		m.err = fmt.Errorf("nothing is answered within %s", span(within.d))
	}
	m.judge = func(s *scene) verdict { return s.answered(d, within.d) }
	return m
}

// HavePongLatency succeeds if the longest time that the client took to answer a ping
// is d: a duration, or a matcher for one.
//
//	Expect(srv).To(HavePongLatency(BeNumerically("<", 100*time.Millisecond)))
//
// Pings without an answer do not count: see [HaveAnsweredEveryPing], also for which
// times are taken. It cannot judge before one was answered.
func HavePongLatency(d any) Matcher {
	want := duration(d)
	return Matcher{call: call("HavePongLatency", want), err: want.err, judge: func(s *scene) verdict { return s.latency(want) }}
}

// Limit is a time by which something has to have happened; see [Within].
type Limit struct{ d time.Duration }

// Within is a limit: no later than d, d itself included.
func Within(d time.Duration) Limit { return Limit{d} }

// String returns the call that made it.
func (l Limit) String() string { return call("Within", l.d) }

// beatsOfServer says what is wrong with the dialect of who judges a client's answers.
func beatsOfServer(d heartbeat.Dialect) error {
	switch {
	case d.By == heartbeat.Client:
		return fmt.Errorf("the beats of %s are the client's, which answers none: see HaveHeartbeat", d)
	case d.By == 0 || d.Beat.Match == nil:
		return errors.New("the dialect has no beats: use one of package heartbeat, such as heartbeat.Protocol()")
	case !d.Answered():
		return fmt.Errorf("the beats of %s are not answered", d)
	}
	return nil
}

// beat is what a beat of the dialect is called.
func beat(d heartbeat.Dialect) string {
	if d.Name == heartbeat.Protocol().Name {
		return "ping"
	}
	return d.Name + " beat"
}

// answered judges every beat of the server.
func (s *scene) answered(d heartbeat.Dialect, within time.Duration) verdict {
	pulses := s.pulses(d, heartbeat.Server)
	due, answered := 0, 0
	var slowest heartbeat.Beat
	for _, p := range pulses {
		if p.blind != nil {
			return p.blind.verdict()
		}
		for _, b := range p.beats {
			late := b.Answered && b.Latency() > within
			switch {
			case b.Answered && !late:
				answered++
				if b.Latency() >= slowest.Latency() {
					slowest = b
				}
			case late || p.to > b.At+within:
				return p.unanswered(d, b, within)
			case p.c.deaf.happened:
				return deafness(p.c, "an answer")
			case !p.c.ending.happened:
				due++
			}
		}
	}
	switch {
	case answered == 0 && due == 0:
		return cannot(fmt.Sprintf("no %s of the server's reached the client%s that it had to answer", beat(d), s.where()), "Have the server beat.")
	case answered == 0:
		return cannot(fmt.Sprintf("%s %s for an answer, which has time until %s after it", plural(due, beat(d)), verb(due, "waits", "wait"), span(within)), "")
	}
	return verdict{is: yes, said: fmt.Sprintf("The client answered every %s%s, the slowest after %s", beat(d), s.where(), span(slowest.Latency())),
		expected: "expected it to, within " + span(within), unexpected: "expected one that it did not answer within " + span(within),
		marks: []mark{{seq: slowest.Tag, text: "the " + beat(d)}, {seq: slowest.AnswerTag, text: "answered " + span(slowest.Latency()) + " later"}}}
}

// unanswered is the verdict on a beat that was not answered in time.
func (p *pulse) unanswered(d heartbeat.Dialect, b heartbeat.Beat, within time.Duration) verdict {
	v := verdict{is: no, final: true, expected: "expected an answer within " + span(within), unexpected: "expected none within " + span(within),
		marks: []mark{{seq: b.Tag, at: b.At, text: "the " + beat(d)}}}
	if b.Answered {
		v.said = fmt.Sprintf("The client answered %s on connection %d only after %s", article(beat(d)), p.c.n, exact(b.Latency(), within))
		v.marks = append(v.marks, mark{seq: b.AnswerTag, at: b.AnsweredAt, text: "answered " + exact(b.Latency(), within) + " later"})
		return v.about(p.c.n)
	}
	v.said = fmt.Sprintf("The client did not answer %s on connection %d for %s", article(beat(d)), p.c.n, exact(p.to-b.At, within))
	if p.other > 0 {
		v.said += fmt.Sprintf(" (and sent %s that %s to none)", plural(p.other, "answer"), verb(p.other, "belongs", "belong"))
	}
	v.marks = append(v.marks, missing(b.At+within, "no answer by now"))
	return v.about(p.c.n)
}

// latency measures the slowest answer.
func (s *scene) latency(want value) verdict {
	answered := 0
	var slowest heartbeat.Beat
	for _, p := range s.pulses(heartbeat.Protocol(), heartbeat.Server) {
		if p.blind != nil {
			return p.blind.verdict()
		}
		for _, b := range p.beats {
			if b.Answered && !b.Covered {
				if answered++; b.Latency() >= slowest.Latency() {
					slowest = b
				}
			}
		}
	}
	if answered == 0 {
		return cannot("the client has answered no ping"+s.where(), "")
	}
	longest := slowest.Latency()
	ok, err := want.match(longest)
	if err != nil {
		return unfit(err)
	}
	return verdict{is: is(ok), final: want.settled(float64(longest)),
		said:     fmt.Sprintf("The client took up to %s to answer a ping%s", exact(longest, want.durations()...), s.where()),
		expected: want.wish(longest, false, argument), unexpected: want.wish(longest, true, argument),
		marks: []mark{{seq: slowest.Tag, text: "the ping"}, {seq: slowest.AnswerTag, text: "answered " + span(longest) + " later"}}}
}
