package report

import (
	"cmp"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// verdicts is how the clients of a recording kept a policy. A rule counts as what is the
// worst that was found about it.
type verdicts struct {
	Name    string
	Worse   []finding // broken, warned of or waived, the worst first
	Rest    []finding // kept, or not judged
	Broken  int
	Warned  int
	Kept    int
	Unclear int
}

// finding is a finding and what the page needs to link it.
type finding struct {
	diagnosis.Finding
	Title  string // what a good client does
	Prefix string
	Shown  bool // its connection has a section
	Events []evidence
	Also   []place // the first of the other connections of which the same was found
	More   int     // how many there are besides
}

// place is a connection to link to.
type place struct {
	Conn  int
	Shown bool // it has a section
}

// Class is how it is coloured.
func (f finding) Class() string {
	switch f.Verdict {
	case diagnosis.Broken:
		return "bad"
	case diagnosis.Warned:
		return "warn"
	case diagnosis.Kept:
		return "good"
	}
	return "none"
}

// judge judges a recording by a policy.
func judge(view *timeline.View, p diagnosis.Policy, prefix string, conns []connection, listed map[int]bool) *verdicts {
	var src diagnosis.Source = view
	if tl := view.Timeline(); !tl.Recorded() {
		src = diagnosis.AsOf(view, tl.Now())
	}
	titles := map[diagnosis.RuleID]string{}
	for _, r := range diagnosis.Rules() {
		titles[r.ID] = r.Title
	}
	detailed := map[int]bool{}
	for _, c := range conns {
		detailed[c.N] = c.Detailed
	}
	v := &verdicts{Name: p.Name}
	rules := map[diagnosis.RuleID]diagnosis.Verdict{}
	for _, f := range diagnosis.Findings(src, p) {
		shown := finding{Finding: f, Title: titles[f.Rule], Prefix: prefix, Shown: detailed[f.Conn]}
		for _, seq := range f.Evidence {
			shown.Events = append(shown.Events, evidence{Seq: seq, Listed: listed[seq]})
		}
		if worst, seen := rules[f.Rule]; !seen || f.Verdict > worst {
			rules[f.Rule] = f.Verdict
		}
		if f.Verdict > diagnosis.Kept {
			v.Worse = gathered(v.Worse, shown)
		} else {
			v.Rest = gathered(v.Rest, shown)
		}
	}
	for _, worst := range rules {
		switch worst {
		case diagnosis.Broken:
			v.Broken++
		case diagnosis.Warned:
			v.Warned++
		case diagnosis.Kept:
			v.Kept++
		case diagnosis.NotJudged:
			v.Unclear++
		}
	}
	worstFirst := func(a, b finding) int { return cmp.Compare(b.Verdict, a.Verdict) }
	slices.SortStableFunc(v.Worse, worstFirst)
	slices.SortStableFunc(v.Rest, worstFirst)
	return v
}

// gathered adds a finding to a list, or its connection to the finding that says the same
// of another one.
func gathered(list []finding, f finding) []finding {
	i := slices.IndexFunc(list, func(other finding) bool {
		return other.Rule == f.Rule && other.Verdict == f.Verdict && other.Client == f.Client && other.Text == f.Text && other.Advice == f.Advice
	})
	if i < 0 || f.Conn == 0 || list[i].Conn == 0 {
		return append(list, f)
	}
	if same := &list[i]; len(same.Also) < alsoListed {
		same.Also = append(same.Also, place{f.Conn, f.Shown})
	} else {
		same.More++
	}
	return list
}
