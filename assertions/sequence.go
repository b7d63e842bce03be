package assertions

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Step is a frame of a sequence: see [HaveExchanged].
type Step struct {
	pattern pattern
	dir     frame.Direction
}

// Sent is a frame that the client sends. m is what [HaveSent] takes.
func Sent(m any) Step { return Step{newPattern(m), frame.ToServer} }

// Received is a frame that the client receives. m is what [HaveSent] takes.
func Received(m any) Step { return Step{newPattern(m), frame.ToClient} }

// String returns the call that made the step.
func (s Step) String() string {
	if s.dir == frame.ToServer {
		return call("Sent", s.pattern)
	}
	return call("Received", s.pattern)
}

// HaveExchanged succeeds if the client has sent and received these frames in this
// order. There may be others in between.
//
//	Eventually(srv.Conn(1)).Should(HaveExchanged(
//		Sent(frame.JSON("type", "connection_init")),
//		Received(frame.JSON("type", "connection_ack")),
//		Sent(frame.JSON("type", "subscribe"))))
//
// On a server, a proxy or a view the frames may be of several connections: what came
// on the first and what came again on the second, for instance. Frames count where
// they do for [HaveSent] and [HaveReceived], and it cannot judge where those cannot.
// Once they were exchanged the verdict is final.
func HaveExchanged(steps ...Step) Matcher {
	m := Matcher{call: call("HaveExchanged", steps), judge: func(s *scene) verdict { return s.exchanged(steps) }}
	if len(steps) == 0 {
		m.err = fmt.Errorf("it needs at least one step, such as Sent(frame.Text(\"hello\"))")
	}
	for _, step := range steps {
		if step.pattern.err != nil && m.err == nil {
			m.err = step.pattern.err
		}
	}
	return m
}

func (s *scene) exchanged(steps []Step) verdict {
	var marks []mark
	var sight sight
	next := 0
	for e := range s.events(s.view) {
		if next == len(steps) {
			break
		}
		step := steps[next]
		sight.see(e, step.dir)
		if e.Kind != timeline.KindFrame || e.Dir != step.dir || !e.OfClient() {
			continue
		}
		selected, blind := step.pattern.selects(e)
		if blind {
			sight.blind(e)
		}
		if selected {
			next++
			marks = append(marks, at(e, step.String()))
		}
	}
	if next == len(steps) {
		return verdict{is: yes, final: true, said: fmt.Sprintf("The client exchanged all of %s%s in this order", plural(len(steps), "frame"), s.where()),
			expected: "expected it to", unexpected: "expected it not to", marks: marks}
	}
	opened := false
	for _, c := range s.conns() {
		opened = opened || c.opened.happened
		if steps[next].dir == frame.ToServer && c.deaf.happened {
			sight.deaf(c)
		}
	}
	if !opened {
		return cannot("the client has not connected"+s.where()+", so it could exchange nothing", "")
	}
	if sight.why != "" {
		v := cannot(sight.why, sight.advice)
		v.marks = sight.marks
		return v
	}
	after := "from the beginning"
	if next > 0 {
		after = "after " + steps[next-1].String()
	}
	return verdict{is: no, said: fmt.Sprintf("Step %d of %d, %s, did not come %s%s", next+1, len(steps), steps[next], after, s.where()),
		expected: "expected it to", unexpected: "expected it not to", marks: append(marks, missing(s.now, "not by now: "+steps[next].String()))}
}
