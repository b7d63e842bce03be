package assertions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// Who promises nothing about attempts is judged although nobody can tell whose they are.
func TestRulesThatNobodyPromisedKeepNoVerdictBack(t *testing.T) {
	play := func(tl *tape) {
		tl.starts("a").starts("b").opens(1).opens(2)
		for _, at := range []time.Duration{10 * sec, 20 * sec, 30 * sec} {
			tl.at(at).sends(1, frame.Ping(nil)).sends(2, frame.Ping(nil)).gets(1, frame.Pong(nil)).gets(2, frame.Pong(nil))
		}
	}
	beats := diagnosis.Policy{Name: "beats", Dialect: protocol, Interval: 10 * sec, Waive: []diagnosis.RuleID{diagnosis.RuleOneAttempt}}
	live := beats
	live.MaxLive = 1
	waived := live
	waived.Waive = append(waived.Waive, diagnosis.RuleOneLive)
	tell(t, []story{
		{"beats", play, nil, HaveFollowed(beats), "yes", ""},
		{"one live connection", play, nil, HaveFollowed(live), "unclear", "the rule R5-one-live could not be judged: "},
		{"waived", play, nil, HaveFollowed(waived), "yes", ""},
	})
}

// One reason is said once, however many rules it concerns.
func TestWhyRulesCannotBeJudgedIsSaidOnce(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).beats(1, 10*sec).freezes(1).at(50 * sec)
		text := HaveFollowed(chat).FailureMessage(tl)
		if n := strings.Count(text, "nobody read what the client sent"); n != 1 {
			t.Errorf("it says why %d times:\n%s", n, text)
		}
	})
}

// The same finding on many connections is one, and names them.
func TestFindingsAreToldOnce(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		for n := 1; n <= 4; n++ {
			tl.opens(n).at(tl.Now() + 70*sec).dropped(n).at(tl.Now() + sec)
		}
		text := HaveFollowed(diagnosis.Policy{Name: "idle", IdleTimeout: time.Minute}).FailureMessage(tl)
		if n := strings.Count(text, "R1-idle-timeout broken"); n != 1 || !strings.Contains(text, "  again    on #2, #3, #4\n") {
			t.Errorf("told %d times:\n%s", n, text)
		}
		message(t, "branches/the-same-on-many-connections", text)
	})
}

func TestABrokenRuleIsFinal(t *testing.T) {
	taped(t, func(t *testing.T, tl *tape) {
		tl.opens(1).at(30 * sec)
		says(t, "no", HaveFollowed(chat), tl)
		if !final(HaveFollowed(chat), tl) {
			t.Error("Eventually waits for a client that has broken a promise to keep it")
		}
	})
}

// Eventually stops at the first yes.
func TestAPolicyIsNotFollowedBeforeABeatIsDue(t *testing.T) {
	cfg := specimen.Config{Interval: 10 * sec, AnswerWithin: 4 * sec}
	for mutant, want := range map[string]string{"": "yes", "no heartbeat": "no"} {
		mutate := func(*specimen.Config) {}
		if mutant != "" {
			mutate = specimen.Named(mutant).Apply
		}
		staged(t, cfg, mutate, nil, func(s *stage) {
			m := HaveFollowed(cfg.Policy())
			took, failed := asks(func(g gomega.Gomega) { g.Eventually(s.srv, hour, 10*ms).Should(m) })
			if (failed == "") != (want == "yes") || took < 8*sec || took > 12*sec {
				t.Errorf("%q, after %v: %s", mutant, took, failed)
			}
		}, serves)
	}
}

// A promise that nothing came up about is not kept.
func TestAPolicyNeedsAPromiseThatWasKept(t *testing.T) {
	never := diagnosis.Policy{Name: "stubborn", GiveUpCodes: diagnosis.Codes(4401)}
	tell(t, []story{
		{"nothing came up", func(tl *tape) { tl.opens(1).sends(1, frame.Text("hi")).at(sec) }, nil, HaveFollowed(never), "unclear", `is what its policy "stubborn" speaks about`},
		{"nothing is promised", func(tl *tape) { tl.opens(1).sends(1, frame.Text("hi")).at(sec) }, nil, HaveFollowed(diagnosis.Policy{}), "yes", ""},
		{"a beat is not due", func(tl *tape) { tl.opens(1).sends(1, frame.Text("hi")).at(sec) }, nil, HaveFollowed(chat), "unclear", "connection 1 has been open for 1s, and a beat is due every 10s"},
	})
}
