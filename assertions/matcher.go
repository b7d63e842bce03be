package assertions

import (
	"github.com/onsi/gomega/types"
)

// Matcher is what the functions of this package return: a matcher of Gomega's. It is
// an immutable value without a state, may be used by several assertions and
// goroutines at once, and prints as the call that made it.
type Matcher struct {
	call  string // the call that made it
	err   error  // what is wrong with its arguments
	judge func(*scene) verdict
	// outlives says that what it is about may still happen after the end of the
	// connection that is shown.
	outlives bool
}

var (
	_ types.GomegaMatcher = Matcher{}
	_ types.OracleMatcher = Matcher{}
)

// Match reports whether the claim holds. The error says why that cannot be judged, or
// not yet: then neither the claim nor its negation holds. Eventually goes on asking,
// Consistently fails.
func (m Matcher) Match(actual any) (bool, error) {
	s, v := m.look(actual)
	if v.is == unclear {
		return false, &unjudged{m: m, s: s, v: v}
	}
	return v.is == yes, nil
}

// FailureMessage says what the client did instead.
func (m Matcher) FailureMessage(actual any) string {
	s, v := m.look(actual)
	return m.tell(s, v, false)
}

// NegatedFailureMessage says what the client did after all.
func (m Matcher) NegatedFailureMessage(actual any) string {
	s, v := m.look(actual)
	return m.tell(s, v, true)
}

// MatchMayChangeInTheFuture is how Eventually and Consistently learn that asking again
// is of no use: it returns false once the verdict is final.
func (m Matcher) MatchMayChangeInTheFuture(actual any) bool {
	_, v := m.look(actual)
	return !v.final
}

// String returns the call that made the matcher, such as "HaveConnected(2)".
func (m Matcher) String() string { return m.call }

// look judges what there is. The scene is nil if there is nothing to judge.
func (m Matcher) look(actual any) (*scene, verdict) {
	if m.err != nil {
		return nil, never(m.err.Error(), "")
	}
	s, v := newScene(actual)
	if v.is == unclear {
		v.final = v.final || s != nil && s.over(m.outlives) != ""
		return s, v
	}
	v = m.judge(s)
	v.final = v.final || s.over(m.outlives) != ""
	return s, v
}

// Counted is a matcher about something that can happen more than once. As it is, once
// or more often will do.
type Counted struct {
	Matcher
	times func(n value) Matcher
}

// Times asks for an exact number, or for one that a matcher accepts:
//
//	Expect(srv).To(HaveSent(frame.Contains("join")).Times(2))
//	Expect(srv).To(HaveSent(frame.Contains("join")).Times(BeNumerically("<=", 2)))
func (c Counted) Times(n any) Matcher {
	m := c.times(number(n))
	m.call = c.call + ".Times(" + number(n).String() + ")"
	return m
}

// counted makes a Counted of what judges a number; the number is atLeastOnce unless
// Times says otherwise.
func counted(call string, err error, judge func(*scene, value) verdict) Counted {
	times := func(n value) Matcher {
		m := Matcher{call: call, err: err, judge: func(s *scene) verdict { return judge(s, n) }}
		if err == nil {
			m.err = n.err
		}
		return m
	}
	return Counted{Matcher: times(atLeastOnce), times: times}
}
