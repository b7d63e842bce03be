package assertions_test

import (
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
)

func TestAttemptsAndConnectionsAreCounted(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).at(sec).dropped(1).at(2*sec).refused(2, 503).at(3 * sec).opens(3)
		since := tl.From(tl.Last() + 1)
		for _, c := range []struct {
			m    Matcher
			want string
			last bool
		}{
			{HaveAttempted(3), "yes", false},
			{HaveAttempted(2), "no", true},
			{HaveAttempted(4), "no", false},
			{HaveConnected(2), "yes", false},
			{HaveConnected(uint8(2)), "yes", false},
			{HaveConnected(1), "no", true},
			{HaveConnected(BeNumerically(">", 1)), "yes", true},
			{HaveConnected(BeNumerically(">=", 2)), "yes", true},
			{HaveConnected(BeNumerically(">", 3)), "no", false},
			{HaveConnected(BeNumerically("<", 2)), "no", true},
			{HaveConnected(BeNumerically("<=", 2)), "yes", false},
			{HaveConnected(Or(Equal(2), Equal(3))), "yes", false},
			{HaveConnected("two"), "unclear", true},
			{HaveConnected(-1), "unclear", true},
			{HaveConnected(nil), "unclear", true},
			{HaveConnected(ContainElement(1)), "unclear", true},
		} {
			says(t, c.want, c.m, tl)
			if final(c.m, tl) != c.last {
				t.Errorf("%v: final %v, want %v", c.m, !c.last, c.last)
			}
		}
		says(t, "yes", HaveConnected(0), since)
		says(t, "yes", HaveConnected(1), tl.Conn(3))
		says(t, "no", HaveConnected(1), tl.Conn(2))
		says(t, "unclear", HaveConnected(1), tl.Conn(4))
	})
}
