package assertions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// HaveFollowed succeeds if the client has kept what its policy promises, and the hard
// rules that bind every client. All that it broke is in one message, with the source of
// each rule.
//
//	Expect(srv).To(HaveFollowed(diagnosis.Policy{Name: "chat", Dialect: heartbeat.Protocol(), Interval: 25*time.Second, …}))
//
// The rules are those of [diagnosis.Rules], the verdicts those of [diagnosis.Findings].
// Rules that the policy does not promise only warn, and rules that it waives do not
// count. It needs a rule that could be judged, and cannot judge without, nor where
// something is missing from the recording that a rule would have to see.
//
// On a connection, or on what begins at a moment, findings that rest on nothing in it
// are left out.
func HaveFollowed(policy diagnosis.Policy) Matcher {
	return Matcher{call: call("HaveFollowed", policyName(policy)), err: policy.Validate(), outlives: true,
		judge: func(s *scene) verdict { return s.followed(policy) }}
}

func (s *scene) followed(policy diagnosis.Policy) verdict {
	var broken, warned, blind []diagnosis.Finding
	kept := 0
	for _, f := range diagnosis.Findings(diagnosis.AsOf(s.all, s.now), policy) {
		if !s.concerns(f) {
			continue
		}
		switch {
		case f.Verdict == diagnosis.Broken:
			broken = append(broken, f)
		case f.Verdict == diagnosis.Warned:
			warned = append(warned, f)
		case f.Verdict == diagnosis.NotJudged && f.Blind:
			blind = append(blind, f)
		case f.Verdict == diagnosis.Kept:
			kept++
		}
	}
	name := policyName(policy).String()
	v := verdict{expected: "expected it to follow its " + name, unexpected: "expected it not to follow its " + name}
	switch {
	case len(broken) > 0:
		v.is = no
		v.said = fmt.Sprintf("The client broke %s%s", ruleNames(broken), s.where())
		v.details = told(append(broken, warned...))
		for _, f := range broken {
			for _, seq := range f.Evidence {
				v.marks = append(v.marks, mark{seq: seq, text: string(f.Rule)})
			}
			if f.Conn > 0 {
				v.conns = append(v.conns, f.Conn)
			}
		}
	case len(blind) > 0:
		v = cannot(fmt.Sprintf("%s could not be judged from this recording", plural(len(blind), "rule")), "")
		v.details = told(blind)
	case kept == 0:
		return cannot("nothing that the client did"+s.where()+" is what a rule speaks about", "Let it do more: beat, lose its connection, come back.")
	default:
		v.is = yes
		v.said = fmt.Sprintf("The client kept %s%s", plural(kept, "rule"), s.where())
		v.details = told(warned)
	}
	return v
}

// concerns reports whether a finding is about what is looked at.
func (s *scene) concerns(f diagnosis.Finding) bool {
	if s.conn > 0 && f.Conn != s.conn {
		return false
	}
	return s.began == 0 || len(f.Evidence) == 0 || slices.ContainsFunc(f.Evidence, func(seq int) bool { return seq >= s.first })
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
	return fmt.Sprintf("%d rules: %s", len(names), strings.Join(names, ", "))
}

// told writes findings, with their sources and what to do.
func told(findings []diagnosis.Finding) []string {
	var lines []string
	for i, f := range findings {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, f.String())
		if f.Source != "" {
			lines = append(lines, "  source   "+f.Source)
		}
		if f.Advice != "" {
			lines = append(lines, "  advice   "+strings.TrimSuffix(f.Advice, "."))
		}
	}
	return lines
}
