package randomfaults_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
	"github.com/heartbreak-ws/heartbreak/internal/specimen/randomfaults"
)

// A correct client is never accused, whatever is done to its connections, neither by
// findings nor by matchers. RUNS=10000 tries that many seeds, which takes some minutes;
// the gate tries fewer.
func TestACorrectClientIsNeverAccused(t *testing.T) {
	const first, usual = 1_000_000, 150
	runs, err := strconv.Atoi(os.Getenv("RUNS"))
	if err != nil || runs <= 0 {
		runs = usual
	}
	var next, accused atomic.Uint64
	var mu sync.Mutex
	kept, said := map[diagnosis.RuleID]int{}, map[string]*tally{}
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for n := next.Add(1); n <= uint64(runs); n = next.Add(1) {
				seed := first + n
				out, found, answers := judged(t, seed)
				accuse := func(what string) {
					if accused.Add(1) <= 5 {
						t.Errorf("seed %d: %s\nfaults:\n  %s", seed, what, strings.Join(out.Faults, "\n  "))
					}
				}
				mu.Lock()
				for _, f := range found {
					switch f.Verdict {
					case diagnosis.Kept:
						kept[f.Rule]++
					case diagnosis.Broken, diagnosis.Warned:
						accuse(f.String())
					}
				}
				for _, a := range answers {
					if said[a.matcher] == nil {
						said[a.matcher] = &tally{}
					}
					if said[a.matcher].add(a); a.is == no {
						accuse(a.text)
					}
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	var table strings.Builder
	for _, r := range diagnosis.Rules() {
		fmt.Fprintf(&table, "  %-30s kept in %d of %d runs\n", r.ID, kept[r.ID], runs)
	}
	for _, name := range matcherNames {
		fmt.Fprintf(&table, "  %-30s %v\n", name, said[name])
	}
	t.Logf("%d accusations in %d runs; how often each rule was put to the test, and what each matcher said:\n%s", accused.Load(), runs, &table)
}

// judged plays a seed and judges the client, or a mutant in its place.
func judged(t *testing.T, seed uint64, mutations ...specimen.Mutant) (out randomfaults.Outcome, found []diagnosis.Finding, answers []answer) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		if out, err = randomfaults.Run(seed, mutations...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		found, answers = diagnosis.Findings(out.Timeline, out.Config.Policy()), asked(out)
	})
	return out, found, answers
}
