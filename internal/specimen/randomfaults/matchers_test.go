package randomfaults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
	"github.com/heartbreak-ws/heartbreak/internal/specimen/randomfaults"
)

// answer is what a matcher said of a run.
type answer struct {
	matcher string
	is      said
	text    string // of the failure
}

type said int

const (
	yes     said = iota
	no           // which accuses a correct client
	unclear      // it cannot judge
)

// tally counts answers.
type tally [3]int

func (t *tally) add(a answer) { t[a.is]++ }

func (t *tally) String() string {
	if t == nil {
		return "never asked"
	}
	return fmt.Sprintf("yes %d, no %d, cannot judge %d", t[yes], t[no], t[unclear])
}

var matcherNames = []string{"HaveFollowed", "HaveKeptProtocol", "HaveAtMostOneLiveConnection", "HaveAnsweredEveryPing", "HaveHeartbeat",
	"HaveDetectedSilenceWithin", "HaveReconnected", "HaveBackedOff"}

// slack is what a correct client may add to what it promises: a hundred times as much
// as the network does.
const slack = 10 * time.Millisecond

// asked asks the matchers about a run, each as far as its claim is one that the client
// makes.
func asked(out randomfaults.Outcome) (answers []answer) {
	cfg, policy := out.Config, out.Config.Policy()
	ask := func(name string, m Matcher) {
		a := answer{matcher: name}
		switch ok, err := m.Match(out.Timeline); {
		case err != nil:
			a.is = unclear
		case !ok:
			a.is, a.text = no, m.FailureMessage(out.Timeline)
		}
		answers = append(answers, a)
	}
	ask("HaveFollowed", HaveFollowed(policy))
	ask("HaveKeptProtocol", HaveKeptProtocol())
	ask("HaveAtMostOneLiveConnection", HaveAtMostOneLiveConnection())
	ask("HaveAnsweredEveryPing", HaveAnsweredEveryPing(Within(slack)))
	if cfg.Rearm == specimen.Nothing && !cfg.JitterFirstBeat { // else it need not beat every interval
		ask("HaveHeartbeat", HaveHeartbeat(policy.Dialect, Every(cfg.Interval, PlusMinus(slack))).Matcher)
	}
	if cfg.Rearm&specimen.Sent == 0 { // else what it sends postpones the beat that would tell
		ask("HaveDetectedSilenceWithin", HaveDetectedSilenceWithin(policy.DetectWithin()+slack))
	}
	if reconnected(out.Timeline) {
		ask("HaveReconnected", HaveReconnected())
	}
	ask("HaveBackedOff", HaveBackedOff(policy))
	return answers
}

// reconnected reports whether a connection opened after another.
func reconnected(tl *timeline.Timeline) bool {
	opened := 0
	for e := range tl.All() {
		if e.Kind == timeline.KindOpened {
			opened++
		}
	}
	return opened > 1
}

// The same matchers, asked the same way, accuse clients that do something wrong.
func TestMatchersAccuseMutants(t *testing.T) {
	for matcher, mutant := range map[string]string{
		"HaveFollowed":                "does not resubscribe",
		"HaveKeptProtocol":            "sends data after its close",
		"HaveAtMostOneLiveConnection": "two connections for 1 ms",
		"HaveAnsweredEveryPing":       "never pongs",
		"HaveHeartbeat":               "every fifth beat missing",
		"HaveDetectedSilenceWithin":   "ignores unanswered beats",
		"HaveBackedOff":               "reconnects at once",
	} {
		accused := false
		for seed := uint64(1); seed <= 40 && !accused; seed++ {
			_, _, answers := judged(t, seed, specimen.Named(mutant))
			accused = slices.ContainsFunc(answers, func(a answer) bool { return a.matcher == matcher && a.is == no })
		}
		if !accused {
			t.Errorf("%s: a client that %q is not accused in 40 runs", matcher, mutant)
		}
	}
}
