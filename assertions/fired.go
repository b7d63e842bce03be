package assertions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveFired succeeds if a rule has fired: at least once, or as often as Times says. The
// rule is its name, a matcher for its name, or the rule itself, if that has a name.
//
//	Expect(proxy).To(HaveFired("drop-pongs"))
//	Expect(proxy.Conn(1)).To(HaveFired("drop-pongs").Times(3))
//
// What a rule wanted to do and could not (a not-applied event) does not count. It can
// also be asked of what a server did, by the words of its script, such as
// HaveFired("Freeze()"). It cannot judge a rule that nobody has added.
func HaveFired(rule any) Counted {
	if r, ok := rule.(faultproxy.Rule); ok {
		rule = r.Name
	}
	want := text(rule)
	if want.err == nil && want.want == "" {
		want.err = fmt.Errorf("the rule has no name: give it one, or ask for the one it got when it was added")
	}
	return counted(call("HaveFired", want), want.err, func(s *scene, n value) verdict { return s.fired(want, n) })
}

func (s *scene) fired(rule, want value) verdict {
	known, others := false, map[string]bool{}
	for e := range s.all.Lifecycle().All() {
		if e.Kind != timeline.KindRule && e.Kind != timeline.KindFault && e.Kind != timeline.KindNotApplied {
			continue
		}
		ok, err := rule.match(e.Rule)
		if err != nil {
			return unfit(err)
		}
		if known = known || ok; !ok && e.Rule != "" {
			others[e.Rule] = true
		}
	}
	if !known {
		why := "no rule named " + rule.String() + " was added"
		if len(others) > 0 {
			why += "; there " + verb(len(others), "is ", "are ") + list(others)
		}
		advice := ""
		if name, ok := rule.want.(string); ok {
			if near := nearest(name, others); near != "" {
				advice = fmt.Sprintf("Did you mean %q?", near)
			}
		}
		return cannot(why, advice)
	}
	n, failed := 0, ""
	var marks, near []mark
	for e := range s.view.Lifecycle().All() {
		switch ok, _ := rule.match(e.Rule); {
		case !ok:
		case e.Kind == timeline.KindFault:
			n++
			marks = append(marks, at(e, ""))
		case e.Kind == timeline.KindNotApplied:
			near = append(near, at(e, "it could not act"))
			failed = e.Field("why")
		}
	}
	if s.tl.Recorded() && holes(s.view) != "" && !want.settled(float64(n)) {
		return never(holes(s.view), raise)
	}
	v := want.verdict(n, fmt.Sprintf("The rule %s fired %s%s", rule.String(), times(n), s.where()))
	if failed != "" {
		v.said += fmt.Sprintf(", and %s could not act (%s)", times(len(near)), failed)
	}
	v.marks = append(marks, near...)
	return v
}

// nearest returns the name that somebody may have meant who wrote another: one from which
// it differs in few letters. Nothing if there is none.
func nearest(written string, names map[string]bool) string {
	best, least := "", max(len(written)/3, 1)+1
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d := distance(strings.ToLower(written), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is in how many letters two texts differ (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}
