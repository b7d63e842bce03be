package assertions_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// tries has the client be refused at these times.
func (p *tape) tries(at ...time.Duration) *tape {
	for _, d := range at {
		n := len(p.Conns()) + 1
		p.at(d).refused(n, 503)
	}
	return p
}

func TestAttemptsOverTime(t *testing.T) {
	every := func(d time.Duration, n int) func(*tape) {
		return func(tl *tape) {
			for i := range n {
				tl.tries(time.Duration(i) * d)
			}
		}
	}
	tell(t, []story{
		{"the most in a window", func(tl *tape) { tl.tries(0, sec, 1100*ms, 1200*ms, 5*sec) }, nil, HavePeak(3, Per(sec)), "yes", "up to 3 times in 1s"},
		{"a window apart is not in one", every(sec, 5), nil, HavePeak(1, Per(sec)), "yes", ""},
		{"a nanosecond less is", every(sec-1, 5), nil, HavePeak(2, Per(sec)), "yes", ""},
		{"too many", func(tl *tape) { tl.tries(0, 1, 2) }, nil, HavePeak(BeNumerically("<=", 2), Per(sec)), "no", "up to 3 times in 1s, expected at most twice."},
		{"since a note", func(tl *tape) { tl.tries(0, 1, 2).at(3 * sec).Note("x"); tl.tries(4 * sec) }, since(timeline.Noted("x")), HavePeak(1, Per(sec)), "yes", ""},

		{"a spread", every(100*ms, 11), nil, HaveSpread(900 * ms), "yes", "Of 11 attempts, 10 came within 900ms"},
		{"a straggler is no spread", func(tl *tape) { tl.tries(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5*sec) }, nil, HaveSpread(BeNumerically(">", sec)), "no", "10 came within 0s, expected more than 1s."},
		{"one attempt", every(sec, 1), nil, HaveSpread(0 * sec), "unclear", "it takes two"},

		{"given up", func(tl *tape) { tl.tries(0, sec, 2*sec).at(12 * sec) }, nil, HaveGivenUpAfter(3, Quiet(10*sec)), "yes", "gave up after 3 attempts: it has made none for 10s"},
		{"given up too early", func(tl *tape) { tl.tries(0, sec).at(12 * sec) }, nil, HaveGivenUpAfter(3, Quiet(10*sec)), "no", "expected 3 attempts and then none for 10s."},
		{"given up too late", func(tl *tape) { tl.tries(0, sec, 2*sec, 3*sec) }, nil, HaveGivenUpAfter(3, Quiet(10*sec)), "no", "has made 4 attempts"},
		{"connected", func(tl *tape) { tl.tries(0, sec).opens(3).at(30 * sec) }, nil, HaveGivenUpAfter(3, Quiet(10*sec)), "no", "its connection 3 is still there, after 3 attempts"},
		{"all programs have left", func(tl *tape) { tl.starts("a").tries(0, sec).exits("a", 1).at(2 * sec) }, nil, HaveGivenUpAfter(2, Quiet(time.Hour)), "yes", ""},
	})
}

func TestBackoff(t *testing.T) {
	doubling := diagnosis.Exponential(sec, 2)
	seen := func(tl *tape) { tl.tries(0, sec, 3*sec, 7*sec) }
	late := func(tl *tape) { tl.tries(0, 1100*ms, 3200*ms, 7300*ms) }
	tell(t, []story{
		{"as the model says", seen, nil, HaveBackedOff(doubling), "yes", "The client waited 1s, 2s, 4s before its attempts, expected other delays than those of Exponential(1s, 2)."},
		{"a little late", late, nil, HaveBackedOff(doubling), "no", "too long"},
		{"a little late, within the tolerance", late, nil, HaveBackedOff(doubling, PlusMinus(100*ms)), "yes", ""},
		{"a policy has a tolerance", late, nil, HaveBackedOff(diagnosis.Policy{Backoff: doubling}), "yes", ""},
		{"its own", late, nil, HaveBackedOff(diagnosis.Policy{Backoff: doubling, Tolerance: ms}), "no", ""},
		{"another model", seen, nil, HaveBackedOff(diagnosis.Fixed(sec)), "no", "The client did not wait as Fixed(1s) says: the 2nd delay (before connection 3) was too long"},
		{"every client by itself", func(tl *tape) {
			for i, at := range []time.Duration{0, sec, 3 * sec} {
				tl.at(at).refused(2*i+1, 503, "x-client", "ann").refused(2*i+2, 503, "x-client", "bob")
			}
		}, nil, HaveBackedOff(doubling, ClientByHeader("x-client")), "yes", ""},
		{"all as one", func(tl *tape) { tl.tries(0, 0, sec, sec) }, nil, HaveBackedOff(doubling), "no", "too short"},
	})
}
