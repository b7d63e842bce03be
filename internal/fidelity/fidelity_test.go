//go:build linux

package fidelity

import (
	"flag"
	"slices"
	"sync"
	"testing"
)

var (
	really = flag.Bool("real", false, "start the real programs and compare")
	update = flag.Bool("update", false, "write what came out into TABLE.md")
	only   = flag.String("items", "*", "hold only the items of this name, in which * is any text; TABLE.md is then left alone")
)

// On a busy machine a scenario whose times are off is held up to rounds times. One
// that shows something else is held once more, and then must not.
const rounds = 5

func TestFidelity(t *testing.T) {
	if !*really {
		t.Skip("NOT TESTED: this takes minutes; go test ./internal/fidelity -real does it (README.md beside this file)")
	}
	for _, sub := range subjects {
		t.Run(sub.preset, func(t *testing.T) {
			t.Parallel()
			sub.program.find(t)
			verdicts := sub.judge(t)
			for _, v := range verdicts {
				if !v.equal && v.excepted == nil {
					t.Errorf("%v", v)
				}
			}
			if *only != "*" {
				return
			}
			for _, e := range stale(sub, verdicts) {
				t.Errorf("exception for %s, %s: nothing differs there any more; take it out (it said: %s)", e.item, e.cell, e.reason())
			}
			if !t.Failed() {
				checkTable(t, sub, verdicts)
			}
		})
	}
}

// judge holds all scenarios through both, and those that differ again.
func (sub subject) judge(t *testing.T) []verdict {
	items := sub.claimed()
	judged := map[string][]verdict{}
	again := items
	for round := range rounds {
		stages := [2]stage{prepare(t, again, sub.real), prepare(t, again, sub.ours)}
		var got [2]held
		var group sync.WaitGroup
		for i := range stages {
			group.Go(func() { got[i] = stages[i].hold() })
		}
		group.Wait()
		for _, it := range again {
			judged[it.name] = compare(sub, it, got[0][it.name], got[1][it.name])
		}
		again = slices.DeleteFunc(slices.Clone(again), func(it item) bool {
			return !slices.ContainsFunc(judged[it.name], func(v verdict) bool {
				return !v.equal && v.excepted == nil && (v.timed || round == 0)
			})
		})
		if len(again) == 0 || round == rounds-1 {
			break
		}
		for _, it := range again {
			t.Logf("round %d: %s: held again", round+1, it.name)
		}
	}
	var verdicts []verdict
	for _, it := range items {
		verdicts = append(verdicts, judged[it.name]...)
	}
	return verdicts
}
