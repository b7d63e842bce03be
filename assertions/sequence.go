package assertions

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
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

// HaveExchanged succeeds if the client has sent and received these frames or messages in
// this order. There may be others in between. A message in fragments has its place where
// it ends.
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
	asked := make([]*inquiry, len(steps))
	for i, step := range steps {
		asked[i] = step.pattern.inquiry(s.view)
	}
	next := 0
	for e := range s.events(s.view) {
		if next == len(steps) {
			break
		}
		sight.see(e, steps[next].dir)
		found := false
		for i := next; i < len(steps); i++ { // they have to see where messages begin
			unit, ok := asked[i].next(e)
			if i > next || !ok || unit.Dir != steps[i].dir {
				continue
			}
			selected, blind := asked[i].selects(unit)
			if blind {
				sight.blind(unit)
			}
			if found = selected; found {
				marks = append(marks, at(unit.Event, steps[i].String()))
			}
		}
		if found {
			next++
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
	if err := asked[next].unfit(); err != nil {
		return unfit(err)
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
