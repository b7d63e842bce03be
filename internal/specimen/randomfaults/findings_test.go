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
	"github.com/heartbreak-ws/heartbreak/internal/specimen/randomfaults"
)

// A correct client is never accused, whatever is done to its connections. RUNS=10000
// tries that many seeds, which takes some minutes; the gate tries fewer.
func TestACorrectClientIsNeverAccused(t *testing.T) {
	const first, usual = 1_000_000, 150
	runs, err := strconv.Atoi(os.Getenv("RUNS"))
	if err != nil || runs <= 0 {
		runs = usual
	}
	var next, broken atomic.Uint64
	var mu sync.Mutex
	kept := map[diagnosis.RuleID]int{}
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for n := next.Add(1); n <= uint64(runs); n = next.Add(1) {
				seed := first + n
				out, found := judged(t, seed)
				mu.Lock()
				for _, f := range found {
					switch f.Verdict {
					case diagnosis.Kept:
						kept[f.Rule]++
					case diagnosis.Broken, diagnosis.Warned:
						if broken.Add(1) <= 5 {
							t.Errorf("seed %d: %v\nfaults:\n  %s", seed, f, strings.Join(out.Faults, "\n  "))
						}
					}
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	var table strings.Builder
	for _, r := range diagnosis.Rules() {
		fmt.Fprintf(&table, "  %-28s kept in %d of %d runs\n", r.ID, kept[r.ID], runs)
	}
	t.Logf("%d findings in %d runs; how often each rule was put to the test:\n%s", broken.Load(), runs, &table)
}

// judged plays a seed and judges the client.
func judged(t *testing.T, seed uint64) (out randomfaults.Outcome, found []diagnosis.Finding) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		if out, err = randomfaults.Run(seed); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		found = diagnosis.Findings(out.Timeline, out.Config.Policy())
	})
	return out, found
}
