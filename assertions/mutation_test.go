package assertions_test

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega/types"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// trial is a claim that holds of a correct client and not of broken ones.
type trial struct {
	claim  string // names the trial and its golden files
	m      matcher
	cfg    specimen.Config
	server []fake.Handler
	rules  []faultproxy.Rule // of a proxy before the server
	play   func(*stage)      // nil: nothing but waiting
	until  time.Duration     // when it is judged
	actual func(*stage) any  // nil: the proxy, or else the server

	crowd bool // things happen at the same time, in any order, so only the headline of a message is compared

	broken []string // names of the specimen's mutants
	own    []specimen.Mutant

	// perform, if it is set, plays something else than a specimen: the correct client if
	// variant is empty, or one of the broken ones.
	perform func(t *testing.T, variant string, judge func(actual any))
}

// matcher is what all matchers of the package are.
type matcher interface {
	types.GomegaMatcher
	types.OracleMatcher
	String() string
}

// run plays a client, the correct one if the mutant is nil, and hands over what is to
// be judged.
func (tr trial) run(t *testing.T, mutant *specimen.Mutant, judge func(actual any)) {
	t.Helper()
	var mutate func(*specimen.Config)
	variant := ""
	if mutant != nil {
		mutate, variant = mutant.Apply, mutant.Name
	}
	if tr.perform != nil {
		tr.perform(t, variant, judge)
		return
	}
	staged(t, tr.cfg, mutate, tr.rules, func(s *stage) {
		if tr.play != nil {
			tr.play(s)
		}
		s.until(tr.until)
		switch {
		case tr.actual != nil:
			judge(tr.actual(s))
		case s.proxy != nil:
			judge(s.proxy)
		default:
			judge(s.srv)
		}
	}, tr.server...)
}

func (tr trial) mutants() []specimen.Mutant {
	all := tr.own
	for _, name := range tr.broken {
		if tr.perform != nil {
			all = append(all, specimen.Mutant{Name: name})
		} else {
			all = append(all, specimen.Named(name))
		}
	}
	return all
}

func TestEveryMatcherTellsACorrectClientFromBrokenOnes(t *testing.T) {
	for _, tr := range trials() {
		t.Run(tr.claim, func(t *testing.T) {
			if len(tr.mutants()) < 2 {
				t.Error("fewer than two broken clients")
			}
			tr.run(t, nil, func(actual any) {
				if ok, err := tr.m.Match(actual); !ok || err != nil {
					t.Errorf("the correct client: %v, %v\n%s", ok, err, tr.m.FailureMessage(actual))
				}
				updating := setUpdate(t, "false")
				text := tr.m.NegatedFailureMessage(actual)
				setUpdate(t, updating)
				tr.message(t, "not", text)
			})
			for _, mutant := range tr.mutants() {
				tr.run(t, &mutant, func(actual any) {
					updating := setUpdate(t, "false")
					ok, _ := tr.m.Match(actual)
					text := tr.m.FailureMessage(actual)
					setUpdate(t, updating)
					if ok {
						t.Errorf("%q passes:\n%s", mutant.Name, tr.m.NegatedFailureMessage(actual))
					}
					tr.message(t, strings.ReplaceAll(mutant.Name, " ", "-"), text)
				})
			}
		})
	}
}

// racing are the mutants whose timelines hold events of one instant in either
// order: two attempts at once; a frame behind the Close against its answer.
var racing = []string{"reconnects-twice", "sends-data-after-its-close"}

// message compares a message with its golden file, and only its verdict if
// the order of what is below is nobody's promise.
func (tr trial) message(t *testing.T, name, text string) {
	t.Helper()
	if tr.crowd || slices.Contains(racing, name) {
		text, _, _ = strings.Cut(text, "\n")
	}
	message(t, tr.claim+"/"+name, text)
}

// setUpdate sets the flag that has golden files written, and returns what it was.
func setUpdate(t *testing.T, value string) (before string) {
	t.Helper()
	before = flag.Lookup("heartbreak.update").Value.String()
	if err := flag.Set("heartbreak.update", value); err != nil {
		t.Fatal(err)
	}
	return before
}
