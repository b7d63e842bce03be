package assertions

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// HaveFollowed succeeds if the client has kept what its policy promises, and the hard
// rules that bind every client. All that it broke is in one message, with the source of
// each rule.
//
//	Eventually(srv, time.Minute).Should(HaveReconnected())
//	Expect(srv).To(HaveFollowed(diagnosis.Policy{Name: "chat", Dialect: heartbeat.Protocol(), Interval: 25*time.Second, …}))
//
// The rules are those of [diagnosis.Rules], the verdicts those of [diagnosis.Findings].
// Rules that the policy does not promise only warn, and rules that it waives do not
// count.
//
// It is a claim about what has happened, and no promise is broken by what never came up:
// a policy says more than one test can show. So ask at the end of the test, when the
// client has met what it was to meet; Eventually, which stops at the first yes, only
// waits for a beat to be due. It needs a promise that was kept (of a policy that
// promises nothing, a hard rule), and as long as no beat of a client that promises to
// beat was due, an interval's time for one on a connection that is open. It cannot judge
// before, nor where something is missing from the recording that a hard or promised rule
// would have to see. A rule that was broken is final.
//
// On a connection, or on what begins at a moment, only what happened there counts, and
// findings that rest on nothing in it are left out.
func HaveFollowed(policy diagnosis.Policy) Matcher {
	return Matcher{call: call("HaveFollowed", policyName(policy)), err: policy.Validate(), outlives: true,
		judge: func(s *scene) verdict { return s.followed(policy) }}
}

func (s *scene) followed(policy diagnosis.Policy) verdict {
	var broken, warned, blind []diagnosis.Finding
	all := diagnosis.Findings(diagnosis.AsOf(s.all, s.now), policy)
	for _, f := range all {
		if !s.concerns(f) {
			continue
		}
		switch {
		case f.Verdict == diagnosis.Broken:
			broken = append(broken, f)
		case f.Verdict == diagnosis.Warned:
			warned = append(warned, f)
		case f.Blind && policy.Binds(f.Rule):
			blind = append(blind, f)
		}
	}
	name := policyName(policy).String()
	v := verdict{expected: "expected it to follow its " + name, unexpected: "expected it not to follow its " + name}
	if len(broken) > 0 {
		v.is = no
		v.final = slices.ContainsFunc(broken, s.stays)
		v.said = fmt.Sprintf("The client broke %s%s", ruleNames(broken), s.where())
		v.details = findings(append(broken, warned...))
		for _, f := range broken {
			for _, seq := range f.Evidence {
				v.marks = append(v.marks, mark{seq: seq, text: string(f.Rule)})
			}
			if f.Conn > 0 {
				v.conns = append(v.conns, f.Conn)
			}
		}
		return v
	}
	if len(blind) > 0 {
		return unseen(blind)
	}
	kept := s.kept(policy, all)
	if !slices.ContainsFunc(kept, policy.Promises) && slices.ContainsFunc(diagnosis.Rules(), func(r diagnosis.RuleInfo) bool { return policy.Promises(r.ID) }) {
		kept = nil
	}
	if v := s.beatDue(policy, kept); v.is == unclear {
		return v
	}
	if len(kept) == 0 {
		return cannot("nothing that the client did"+s.where()+" is what its "+name+" speaks about", "Let it do more: beat, lose its connection, come back.")
	}
	v.is = yes
	v.said = fmt.Sprintf("The client kept %s%s", plural(len(kept), "rule"), s.where())
	v.details = findings(warned)
	return v
}

// stays reports whether a broken rule stays broken whatever the client goes on to do.
// Chance is judged by samples, and more of them may look different. An attempt that did
// not come in time is too late when it comes, which is then a fault of its connection.
func (s *scene) stays(f diagnosis.Finding) bool {
	switch f.Rule {
	case diagnosis.RuleJitter, diagnosis.RuleGrowth:
		return false
	case diagnosis.RuleRetry, diagnosis.RuleRestart:
		return s.conn == 0
	}
	return true
}

// concerns reports whether a finding is about what is looked at.
func (s *scene) concerns(f diagnosis.Finding) bool {
	if s.conn > 0 && f.Conn != s.conn {
		return false
	}
	return s.began == 0 || len(f.Evidence) == 0 || slices.ContainsFunc(f.Evidence, func(seq int) bool { return seq >= s.first })
}

// kept returns the rules that the client kept in what is looked at: of a connection, as
// if there were no other; of what begins at a moment, those of which there is more to say
// than before it.
func (s *scene) kept(policy diagnosis.Policy, ofAll []diagnosis.Finding) []diagnosis.RuleID {
	source := s.all
	judge := func(src diagnosis.Source, now time.Duration) []diagnosis.Finding {
		return diagnosis.Findings(diagnosis.AsOf(src, now), policy)
	}
	if s.conn > 0 {
		source = s.all.Conn(s.conn)
		ofAll = judge(source, s.now)
	}
	kept := praise(ofAll)
	if s.view.Beginning() != "" {
		for rule, text := range praise(judge(until{source, s.first}, s.began)) {
			if kept[rule] == text {
				delete(kept, rule)
			}
		}
		maps.Copy(kept, praise(judge(source.From(s.first), s.now)))
	}
	return slices.Sorted(maps.Keys(kept))
}

// praise says of rules that were kept how often, or where.
func praise(findings []diagnosis.Finding) map[diagnosis.RuleID]string {
	texts := map[diagnosis.RuleID]string{}
	for _, f := range findings {
		if f.Verdict == diagnosis.Kept {
			texts[f.Rule] = f.Text
		}
	}
	return texts
}

// until is what a view shows before an event.
type until struct {
	*timeline.View
	seq int
}

// All yields the events before.
func (u until) All() iter.Seq[timeline.Event] {
	return func(yield func(timeline.Event) bool) {
		for e := range u.View.All() {
			if e.Seq >= u.seq || !yield(e) {
				return
			}
		}
	}
}

// beatDue is unclear as long as no beat of the client's was judged and one will soon be
// due on a connection that is open.
func (s *scene) beatDue(policy diagnosis.Policy, kept []diagnosis.RuleID) verdict {
	beats := []diagnosis.RuleID{diagnosis.RuleBeatsSent, diagnosis.RuleInterval, diagnosis.RuleUnderLoad}
	if !policy.Beats() || s.over(true) != "" || slices.ContainsFunc(kept, func(r diagnosis.RuleID) bool { return slices.Contains(beats, r) }) ||
		!slices.ContainsFunc(beats, policy.Promises) {
		return verdict{}
	}
	for _, c := range s.conns() {
		if !c.opened.happened || c.ending.happened || c.deaf.happened {
			continue
		}
		if open := s.now - max(c.opened.At, s.began); open <= policy.Interval+tolerance(policy) {
			return cannot(fmt.Sprintf("connection %d has been open for %s, and a beat is due every %s", c.n, span(open), span(policy.Interval)),
				"Wait until one was due.").about(c.n)
		}
	}
	return verdict{}
}

// unseen is the verdict where rules cannot be judged that bind the client.
func unseen(blind []diagnosis.Finding) verdict {
	var reasons []string
	rules := map[string][]diagnosis.Finding{}
	for _, f := range blind {
		why := f.Text
		if f.Conn > 0 {
			why = fmt.Sprintf("connection %d: %s", f.Conn, why)
		}
		if rules[why] == nil {
			reasons = append(reasons, why)
		}
		rules[why] = append(rules[why], f)
	}
	if len(reasons) == 1 {
		return cannot(ruleNames(blind)+" could not be judged: "+reasons[0], "")
	}
	v := cannot(ruleNames(blind)+" could not be judged", "")
	for _, why := range reasons {
		v.details = append(v.details, "  "+why, "    "+ruleNames(rules[why]))
	}
	return v
}

// ruleNames names the rules of findings, each once.
func ruleNames(findings []diagnosis.Finding) string {
	var names []string
	for _, f := range findings {
		if name := string(f.Rule); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return "the rule " + names[0]
	}
	return fmt.Sprintf("%d rules (%s)", len(names), strings.Join(names, ", "))
}

// sameButFor are the parts in which the texts of findings differ that say the same.
var sameButFor = regexp.MustCompile(`;.*|[0-9.]+`)

// findings writes findings, with their sources and what to do. What is found again on
// other connections is named with the first.
func findings(all []diagnosis.Finding) []string {
	type kind struct {
		rule      diagnosis.RuleID
		verdict   diagnosis.Verdict
		client    string
		ofOne     bool
		say, todo string
	}
	var order []kind
	groups := map[kind][]diagnosis.Finding{}
	for _, f := range all {
		k := kind{f.Rule, f.Verdict, f.Client, f.Conn > 0, sameButFor.ReplaceAllString(f.Text, ""), f.Advice}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], f)
	}
	var lines []string
	for i, k := range order {
		if i > 0 {
			lines = append(lines, "")
		}
		f := groups[k][0]
		lines = append(lines, f.String())
		var others []int
		for _, again := range groups[k][1:] {
			others = append(others, again.Conn)
		}
		if len(others) > 0 {
			lines = append(lines, "  again    on "+numbered(others))
		}
		if f.Source != "" {
			lines = append(lines, "  source   "+f.Source)
		}
		if f.Advice != "" {
			lines = append(lines, "  advice   "+strings.TrimSuffix(f.Advice, "."))
		}
	}
	return lines
}
