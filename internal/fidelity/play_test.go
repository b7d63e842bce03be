//go:build linux

package fidelity

import (
	"fmt"
	"sync"
	"testing"
)

// item is a scenario of a subject, and how to hold it.
type item struct {
	name string // of the scenario, with its setup if it has several
	scenario
	setup
	life *lifecycle // what happens during it
}

// items are all scenarios of a subject, in the table's order.
func (sub subject) items() (all []item) {
	add := func(scenarios []scenario, name string, s setup) {
		for _, sc := range scenarios {
			it := item{name: sc.name, scenario: sc, setup: s}
			if name != "" {
				it.name += " [" + name + "]"
			}
			all = append(all, it)
		}
	}
	for _, sc := range handshakes {
		add([]scenario{sc}, "", sub.setups[sc.setup])
	}
	add(byteScenarios, "", sub.setups[long])
	add(ends, "", sub.setups[long])
	for _, t := range sub.timers {
		add(idles(t.only...), t.name, t.setup)
	}
	for _, l := range sub.lives {
		all = append(all, item{name: l.name, setup: l.setup, life: &l,
			scenario: scenario{name: l.name, kind: patient, play: life}})
	}
	if s, ok := sub.setups[secure]; ok {
		add(tlsScenarios, "", s)
	}
	add(floodScenarios, "", sub.setups[floods])
	return all
}

// result is what one middlebox showed in a scenario.
type result struct {
	seen
	err error
}

// held is the whole of what one middlebox showed, by the item's name.
type held map[string]result

// quickOnes is how many quick scenarios may be on the way at once.
const quickOnes = 4

// stage is a middlebox, in front of an upstream, that items are held through.
type stage struct {
	items []item
	boxes map[string]box
	up    *upstream
}

// prepare starts what the items need.
func prepare(tb testing.TB, items []item, start maker) stage {
	tb.Helper()
	up := startUpstream(tb)
	return stage{items, boxes(tb, items, start, up), up}
}

// hold plays the items.
func (st stage) hold() held {
	got := held{}
	var mu sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, quickOnes)
	run := func(it item) {
		s := scene{addr: st.boxes[it.name].addr, up: st.up}
		if it.life != nil {
			s.happen = func() error { return st.boxes[it.name].happen(*it.life) }
		}
		out, err := it.hold(s)
		mu.Lock()
		defer mu.Unlock()
		got[it.name] = result{out, err}
	}
	for _, it := range st.items {
		switch it.kind {
		case patient:
			group.Go(func() { run(it) })
		case quick:
			group.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				run(it)
			})
		}
	}
	group.Wait()
	for _, it := range st.items {
		if it.kind == flood {
			group.Go(func() { run(it) })
		}
	}
	group.Wait()
	return got
}

// boxes starts a middlebox for every setup among items, and one of its own for
// every item during which something happens to it.
func boxes(tb testing.TB, items []item, start maker, up *upstream) map[string]box {
	tb.Helper()
	dead := deadAddr(tb)
	shared, all := map[string]box{}, map[string]box{}
	for _, it := range items {
		to := up.addr()
		if it.scenario.setup == down {
			to = dead
		}
		key := fmt.Sprint(it.real, it.ours, to)
		if it.life != nil {
			key += it.name
		}
		b, ok := shared[key]
		if !ok {
			b = start(tb, to, it.setup)
			shared[key] = b
		}
		all[it.name] = b
	}
	return all
}

// claimed are the items that the preset claims to imitate.
func (sub subject) claimed() (left []item) {
	for _, it := range sub.items() {
		if sub.skips(it.name) == "" && match(*only, it.name) {
			left = append(left, it)
		}
	}
	return left
}

// skips says why the preset does not claim an item, or nothing.
func (sub subject) skips(name string) string {
	for pattern, reason := range sub.skipped {
		if match(pattern, name) {
			return reason
		}
	}
	return ""
}
