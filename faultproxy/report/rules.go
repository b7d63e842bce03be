package report

import (
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// ruleCount is what became of a rule.
type ruleCount struct {
	Name    string
	Does    string
	Added   bool // it stood in the list of rules; else it is a caller's or a script's
	Removed bool
	Awaits  bool   // it had something to act on in any traffic that came
	Fired   int    // how often it acted
	Refused int    // how often it wanted to act and could not
	Why     string // the first reason
}

// Idle reports whether the rule never did anything, although it waits for traffic.
func (r ruleCount) Idle() bool { return r.Added && r.Awaits && r.Fired == 0 && r.Refused == 0 }

// rulesOf counts what the rules of a recording did, in the order in which they came.
// What happened besides is counted by its author: a caller, or a step of a server's
// script.
func rulesOf(view *timeline.View) []ruleCount {
	var list []ruleCount
	find := func(name string) *ruleCount {
		i := slices.IndexFunc(list, func(r ruleCount) bool { return r.Name == name })
		if i < 0 {
			list = append(list, ruleCount{Name: name})
			i = len(list) - 1
		}
		return &list[i]
	}
	for e := range view.Lifecycle().All() {
		switch e.Kind {
		case timeline.KindRule:
			r := find(e.Rule)
			r.Removed = e.Field("change") == "removed"
			if !r.Removed {
				r.Added, r.Does, r.Awaits = true, e.Field("does"), r.Awaits || e.Field("awaits") != ""
			}
		case timeline.KindFault:
			r := find(e.Rule)
			r.Fired++
			if r.Does == "" {
				r.Does = e.Field("does")
			}
		case timeline.KindNotApplied:
			r := find(e.Rule)
			if r.Refused++; r.Why == "" {
				r.Why = e.Field("why")
			}
		}
	}
	return list
}
