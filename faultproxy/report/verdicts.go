package report

import (
	"cmp"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// verdicts is how the clients of a recording kept a policy.
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
	for _, f := range diagnosis.Findings(src, p) {
		shown := finding{Finding: f, Title: titles[f.Rule], Prefix: prefix, Shown: detailed[f.Conn]}
		for _, seq := range f.Evidence {
			shown.Events = append(shown.Events, evidence{Seq: seq, Listed: listed[seq]})
		}
		switch f.Verdict {
		case diagnosis.Broken:
			v.Broken++
		case diagnosis.Warned:
			v.Warned++
		case diagnosis.Kept:
			v.Kept++
		case diagnosis.NotJudged:
			v.Unclear++
		}
		if f.Verdict > diagnosis.Kept {
			v.Worse = append(v.Worse, shown)
		} else {
			v.Rest = append(v.Rest, shown)
		}
	}
	worstFirst := func(a, b finding) int { return cmp.Compare(b.Verdict, a.Verdict) }
	slices.SortStableFunc(v.Worse, worstFirst)
	slices.SortStableFunc(v.Rest, worstFirst)
	return v
}
