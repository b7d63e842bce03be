package assertions

import (
	"fmt"
)

// HaveAttempted succeeds if the client asked for an upgrade n times, whatever the
// answer was. n is a number, or a matcher for one:
//
//	Eventually(srv).Should(HaveAttempted(3))
//	Expect(srv).To(HaveAttempted(BeNumerically("<=", 3)))
//
// It counts the upgrade requests of the part that it is given. A dial that was refused
// before there was a request does not count, since nothing of it was sent.
//
// The count never goes down: Eventually gives up, and Consistently fails, as soon as
// it is exceeded.
func HaveAttempted(n any) Matcher {
	want := number(n)
	return Matcher{call: call("HaveAttempted", want), err: want.err, judge: func(s *scene) verdict {
		return s.count(want, "The client asked for an upgrade", func(c *conn) event { return c.requested })
	}}
}

// HaveConnected succeeds if the client has connected n times so far: exactly n, or as
// often as a matcher accepts. What counts are the 101s that were sent to it, whether
// or not the connections still live; see [HaveLive] for those.
//
//	Eventually(srv, 5*time.Second).Should(HaveConnected(6))
//	Consistently(srv, 2*time.Second).Should(HaveConnected(6))
//	Expect(srv).To(HaveConnected(BeNumerically(">", 3)))
//
// The count never goes down: Eventually gives up, and Consistently fails, as soon as
// it is exceeded.
func HaveConnected(n any) Matcher {
	want := number(n)
	return Matcher{call: call("HaveConnected", want), err: want.err, judge: func(s *scene) verdict {
		return s.count(want, "The client connected", func(c *conn) event { return c.opened })
	}}
}

// count counts how often something happened to connections in what is looked at.
func (s *scene) count(want value, said string, what func(*conn) event) verdict {
	var counted []int
	var last mark
	for _, c := range s.lives(s.view) {
		if e := what(c); e.happened {
			counted = append(counted, c.n)
			last = at(e.Event, fmt.Sprintf("number %d", len(counted)))
		}
	}
	n := len(counted)
	if v := s.incomplete(); v.is == unclear && !want.settled(float64(n)) {
		return v
	}
	v := want.verdict(n, fmt.Sprintf("%s %s%s", said, times(n), s.where()))
	if n > 0 {
		v.marks = []mark{last}
	}
	if most, bounded := want.most(); bounded && most > 0 && n > most {
		v.diagnose = counted[most-1 : n-1] // that they ended is why there are more
	}
	return v
}

// most returns how many are not too many, if there is a bound.
func (v value) most() (n int, bounded bool) {
	if n, ok := v.want.(int); ok {
		return n, true
	}
	c, bound, _ := v.bound()
	switch n, ok := bound.(int); {
	case ok && (c == "<=" || c == "=="):
		return n, true
	case ok && c == "<":
		return n - 1, true
	}
	return 0, false
}

// verdict compares a number of times that can only grow.
func (v value) verdict(n int, said string) verdict {
	ok, err := v.match(n)
	if err != nil {
		return unfit(err)
	}
	return verdict{is: is(ok), final: v.settled(float64(n)), said: said,
		expected: v.wish(n, false, times), unexpected: v.wish(n, true, times)}
}
