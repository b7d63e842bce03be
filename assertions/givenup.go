package assertions

import (
	"fmt"
	"time"
)

// HaveGivenUpAfter succeeds if the client has stopped trying to connect, after n
// attempts in what is looked at: a number, or a matcher for one. The proof is that none
// came for as long as [Quiet] says after the last one was over.
//
//	Eventually(srv, time.Minute).Should(HaveGivenUpAfter(5, Quiet(20*time.Second)))
//	Eventually(srv, time.Minute).Should(HaveGivenUpAfter(BeNumerically("<=", 3), Quiet(20*time.Second)))
//
// An attempt is over when the client was refused, or it or its peer sent the first
// Close, FIN or RST. A client whose connection lives has not given up. Choose the time
// longer than the longest delay of the client's: it is what is waited for, unless all
// client programs have exited. More attempts than n are final.
func HaveGivenUpAfter(n any, quiet Stillness, clients ...Clients) Matcher {
	want := number(n)
	m := Matcher{call: call("HaveGivenUpAfter", want, quiet, clients), err: want.err,
		judge: each(clients, func(s *scene) verdict { return s.givenUp(want, quiet.d) })}
	if quiet.d <= 0 && m.err == nil {
		m.err = fmt.Errorf("after %s nothing is proved: give the time in which a next attempt would have come", span(quiet.d))
	}
	return m
}

// Stillness is a time without an attempt; see [Quiet].
type Stillness struct{ d time.Duration }

// Quiet is the time in which no attempt may come.
func Quiet(d time.Duration) Stillness { return Stillness{d} }

// String returns the call that made it.
func (q Stillness) String() string { return call("Quiet", q.d) }

func (s *scene) givenUp(want value, quiet time.Duration) verdict {
	if v := s.incomplete(); v.is == unclear {
		return v
	}
	if s.conn > 0 {
		return never(fmt.Sprintf("connection %d is one attempt, and to give up is not to make another", s.conn), "Look at the server or the proxy.")
	}
	n := 0
	var last *conn
	for _, c := range s.conns() {
		if c.requested.happened && s.happens(c.requested.Event) {
			n++
		}
		if c.requested.happened {
			last = c
		}
	}
	if last == nil {
		return cannot("the client has made no attempt"+s.where()+", so there is nothing to give up", "")
	}
	ok, err := want.match(n)
	if err != nil {
		return unfit(err)
	}
	over := last.endingAt(s.now)
	still := max(s.now-over, 0)
	number := fmt.Sprintf("number %d", n)
	if n == 0 {
		number = "the last attempt"
	}
	v := verdict{expected: want.wish(n, false, attempts) + " and then none for " + span(quiet),
		unexpected: want.wish(n, true, attempts), marks: []mark{at(last.requested.Event, number)}}
	switch {
	case !last.ending.happened:
		v.said = fmt.Sprintf("The client has not given up%s: its connection %d is still there", s.where(), last.n)
		if n > 0 {
			v.said += ", after " + plural(n, "attempt")
		}
	case still >= quiet || s.over(true) != "":
		v.is = is(ok)
		v.said = fmt.Sprintf("The client gave up after %s%s: it has made none for %s", plural(n, "attempt"), s.where(), span(still))
		v.marks = append(v.marks, at(last.ending.Event, "it was over"), missing(s.now, "none since"))
	case !ok && want.settled(float64(n)):
		v.said = fmt.Sprintf("The client has made %s%s", plural(n, "attempt"), s.where())
	default:
		return cannot(fmt.Sprintf("the client has made %s%s, the last one over for only %s", plural(n, "attempt"), s.where(), span(still)),
			"Wait for longer than its longest delay, with Eventually.")
	}
	v.final = v.is == no && want.settled(float64(n)) && !ok
	return v
}

// attempts counts attempts in words.
func attempts(n any) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%v attempts", n)
}
