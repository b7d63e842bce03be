//go:build linux

package fidelity

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// verdict is one cell of one scenario, through the real program and through the
// preset.
type verdict struct {
	item, cell string
	real, ours string
	equal      bool
	timed      bool // it is about when, not what
	raced      bool // it may come out in several ways
	excepted   *exception
}

func (v verdict) String() string {
	return fmt.Sprintf("%s: %s\n\treal:   %s\n\tpreset: %s", v.item, v.cell, v.real, v.ours)
}

// compare judges every cell that either of the two showed.
func compare(sub subject, it item, real, ours result) (all []verdict) {
	if real.err != nil || ours.err != nil {
		return []verdict{{
			item: it.name, cell: "conversation", real: errorText(real.err), ours: errorText(ours.err), timed: true,
		}}
	}
	for _, name := range cellNames(real.seen, ours.seen) {
		a, b := real.get(name), ours.get(name)
		if name == headerSpelling || name == headerValues {
			a, b = inCommon(a, b)
		}
		all = append(all, verdict{
			item: it.name, cell: name, real: a.String(), ours: b.String(),
			equal: slices.Equal(a.values, b.values),
		})
		if r := raced(sub, it.name, name); r != nil {
			last := &all[len(all)-1]
			last.raced, last.equal = true, last.equal || r.allows(a) && r.allows(b)
		}
	}
	for _, name := range timeNames(real.seen, ours.seen) {
		a, b := real.timing(name), ours.timing(name)
		all = append(all, verdict{
			item: it.name, cell: "time of " + name, real: a.String(), ours: b.String(),
			equal: a.near(b, max(it.scenario.slack, it.setup.slack, tight)), timed: true,
		})
	}
	for i := range all {
		all[i].excepted = excepted(sub, all[i])
	}
	return all
}

func errorText(err error) string {
	if err == nil {
		return "as planned"
	}
	return err.Error()
}

// near compares the least, the middle and the greatest of two timings. What took
// place only once in a while is no timing: then both must have none.
func (t timing) near(o timing, slack time.Duration) bool {
	if len(t.late) == 0 || len(o.late) == 0 {
		return len(t.late) == len(o.late)
	}
	low, mid, high := t.spread()
	lowO, midO, highO := o.spread()
	return (low-lowO).Abs() <= slack && (mid-midO).Abs() <= slack && (high-highO).Abs() <= slack
}

// cellNames are the names of both, in the order of the first.
func cellNames(a, b seen) (names []string) {
	for _, c := range append(slices.Clone(a.cells), b.cells...) {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

func timeNames(a, b seen) (names []string) {
	for _, t := range append(slices.Clone(a.times), b.times...) {
		if !slices.Contains(names, t.name) {
			names = append(names, t.name)
		}
	}
	return names
}

func (s seen) timing(name string) timing {
	for _, t := range s.times {
		if t.name == name {
			return t
		}
	}
	return timing{name: name}
}

// raced returns the race that a cell is under.
func raced(sub subject, item, cell string) *race {
	for i, r := range races {
		if match(r.preset, sub.preset) && match(r.item, item) && match(r.cell, cell) {
			return &races[i]
		}
	}
	return nil
}

// allows reports whether all that a cell came out as is among the race's outcomes.
func (r *race) allows(c cell) bool {
	return len(c.values) > 0 && !slices.ContainsFunc(c.values, func(v string) bool { return !slices.Contains(r.values, v) })
}

// excepted returns the exception that a cell is under.
func excepted(sub subject, v verdict) *exception {
	for i, e := range exceptions {
		if match(e.preset, sub.preset) && match(e.item, v.item) && match(e.cell, v.cell) {
			return &exceptions[i]
		}
	}
	return nil
}

// stale returns the exceptions of a subject that no difference needs any more.
func stale(sub subject, verdicts []verdict) (left []exception) {
	for i, e := range exceptions {
		if e.preset != sub.preset {
			continue
		}
		needed := slices.ContainsFunc(verdicts, func(v verdict) bool { return !v.equal && v.excepted == &exceptions[i] })
		if !needed {
			left = append(left, e)
		}
	}
	return left
}

// match compares a name with a pattern in which each * stands for any text.
func match(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	for _, part := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}
