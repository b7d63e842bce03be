package assertions

import (
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HavePeak succeeds if the most attempts in any window of time were n: a number, or a
// matcher for one. All clients count together.
//
//	Consistently(srv, 12*time.Second).Should(HavePeak(BeNumerically("<=", 3), Per(time.Second)))
//
// The window slides: it may begin at any attempt, and two attempts that are exactly its
// length apart are not in one. Attempts are those of [HaveAttempted]. The peak never
// goes down, so that exceeding it is final.
func HavePeak(n any, per Window) Matcher {
	want := number(n)
	m := Matcher{call: call("HavePeak", want, per), err: want.err, judge: func(s *scene) verdict { return s.peak(want, per.d) }}
	if per.d <= 0 && m.err == nil {
		m.err = fmt.Errorf("a window of %s holds no attempt", span(per.d))
	}
	return m
}

// Window is a length of time; see [Per].
type Window struct{ d time.Duration }

// Per is the length of the window in which [HavePeak] counts.
func Per(d time.Duration) Window { return Window{d} }

// String returns the call that made it.
func (w Window) String() string { return call("Per", w.d) }

// HaveSpread succeeds if the attempts of many clients were spread over so long: the
// shortest time in which nine in ten of them came, so that a straggler does not count
// for a spread. d is a duration, or a matcher for one.
//
//	srv.DropAll(fakeserver.Fin())
//	after := srv.Mark("dropped")
//	Eventually(after, time.Minute).Should(HaveAttempted(1000))
//	Expect(after).To(HaveSpread(BeNumerically(">=", 4*time.Second)))
//
// Look at what follows the event that sets them off. Attempts are those of
// [HaveAttempted]. It cannot judge fewer than two; from 20 on it means something.
func HaveSpread(d any) Matcher {
	want := duration(d)
	return Matcher{call: call("HaveSpread", want), err: want.err, judge: func(s *scene) verdict { return s.spread(want) }}
}

// requests returns the attempts in what is looked at, in the order of their times.
func (s *scene) requests() []timeline.Event {
	var requests []timeline.Event
	for _, c := range s.lives(s.view) {
		if c.requested.happened {
			requests = append(requests, c.requested.Event)
		}
	}
	slices.SortStableFunc(requests, func(a, b timeline.Event) int { return a.Seq - b.Seq })
	return requests
}

func (s *scene) peak(want value, per time.Duration) verdict {
	requests := s.requests()
	most, from := 0, 0
	first := 0
	for last := range requests {
		for requests[last].At-requests[first].At >= per {
			first++
		}
		if n := last - first + 1; n > most {
			most, from = n, first
		}
	}
	if v := s.incomplete(); v.is == unclear && !want.settled(float64(most)) {
		return v
	}
	v := want.verdict(most, fmt.Sprintf("The client asked for an upgrade up to %s in %s%s", times(most), span(per), s.where()))
	v.diagnose = []int{}
	if most > 0 {
		v.marks = []mark{at(requests[from], "from here")}
		if last := requests[from+most-1]; most > 1 {
			v.marks = append(v.marks, at(last, fmt.Sprintf("%d in %s", most, span(last.At-requests[from].At))))
		}
	}
	return v
}

func (s *scene) spread(want value) verdict {
	if v := s.incomplete(); v.is == unclear {
		return v
	}
	requests := s.requests()
	if len(requests) < 2 {
		return cannot(fmt.Sprintf("there %s %s%s, and it takes two to be spread", verb(len(requests), "was", "were"), plural(len(requests), "attempt"), s.where()), "")
	}
	most := max((len(requests)*9+9)/10, 2) // nine in ten, rounded up
	shortest, from := time.Duration(-1), 0
	for i := range requests[:len(requests)-most+1] {
		if d := requests[i+most-1].At - requests[i].At; shortest < 0 || d < shortest {
			shortest, from = d, i
		}
	}
	ok, err := want.match(shortest)
	if err != nil {
		return unfit(err)
	}
	return verdict{is: is(ok),
		said:     fmt.Sprintf("Of %d attempts%s, %d came within %s", len(requests), s.where(), most, exact(shortest, want.durations()...)),
		expected: want.wish(shortest, false, argument), unexpected: want.wish(shortest, true, argument), diagnose: []int{},
		marks: []mark{at(requests[from], "from here"), at(requests[from+most-1], fmt.Sprintf("%d in %s", most, span(shortest)))}}
}
