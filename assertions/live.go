package assertions

import (
	"fmt"
)

// HaveLive succeeds if n of the client's connections live now: a 101 was sent, neither
// side has reset TCP, and the client has not sent its FIN. One that is closing, or to
// which the server has sent its FIN, still lives: the client has to let go of it.
//
//	Eventually(srv).Should(HaveLive(1))
//	Consistently(srv, 2*time.Second).Should(And(HaveConnected(2), HaveLive(1)))
//
// It is about now, also on what begins at a moment. Where nobody reads what the client
// sends (Freeze, StopReading), its FIN would not be seen, and it cannot judge; GoDark
// reads on.
func HaveLive(n any) Matcher {
	want := number(n)
	return Matcher{call: call("HaveLive", want), err: want.err, judge: func(s *scene) verdict {
		if v := s.incomplete(); v.is == unclear {
			return v
		}
		var live []int
		var deaf []*conn
		var marks []mark
		for _, c := range s.conns() {
			switch {
			case !c.opened.happened || c.gone.happened:
			case c.deaf.happened:
				deaf = append(deaf, c)
			default:
				live = append(live, c.n)
				marks = append(marks, at(c.opened.Event, "live"))
			}
		}
		ok, err := want.match(len(live))
		for n := range deaf {
			if also, _ := want.match(len(live) + n + 1); also != ok {
				return deafness(deaf[0], "its end")
			}
		}
		if err != nil {
			return unfit(err)
		}
		said := fmt.Sprintf("The client has %s live", connections(len(live)))
		if len(live) > 0 {
			said += fmt.Sprintf(" (%s)", numbered(live))
		}
		v := verdict{is: is(ok), said: said, marks: marks,
			expected: want.wish(len(live), false, argument), unexpected: want.wish(len(live), true, argument)}
		return v.about(live...)
	}}
}
