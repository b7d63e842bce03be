package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Findings judges the clients of a recording by the rules of good behaviour, each rule
// apart: one finding at least for each of [Rules], in their order.
//
// A rule that was broken has a finding for every connection on which it was, Broken if
// it is hard or the policy promises it, else Warned, or Waived if the policy does
// without it. Else it is Kept if the recording could have shown the contrary, and
// NotJudged if not, with the reason; where a part of the recording could not be judged
// because something is missing from it, a NotJudged finding with Blind says so beside.
//
// It takes what a proxy saw, or what a server saw if no proxy did. A server behind
// something that holds frames back does not see what the client really did; record at
// the proxy then. Nothing is held against a client that it could not know, or that
// happened at the very end of the recording; see [AsOf] for recordings that go on.
// The policy must be valid, see [Policy.Validate].
func Findings(src Source, p Policy) []Finding {
	r := readRecording(src)
	e := &exam{policy: p, r: r, tolerance: p.tolerance(), pulsed: map[*track]pulse{}, flowed: map[*client][]flow{}}
	e.clients = p.clients(r)
	var all []Finding
	for _, info := range rulebook {
		e.rule = &judgement{info: info}
		if examine := examiners[info.ID]; examine != nil {
			examine(e)
		}
		all = append(all, e.rule.findings(p)...)
	}
	return all
}

// exam is a recording under examination.
type exam struct {
	policy    Policy
	tolerance time.Duration
	r         *recording
	clients   []*client
	rule      *judgement // the one that is judged

	// What several rules look at.
	pulsed map[*track]pulse
	flowed map[*client][]flow
}

// judgement collects what there is to say about a rule.
type judgement struct {
	info   RuleInfo
	faults []Finding
	again  map[int]int // how often it was broken, by connection

	kept   int    // how often it was kept where it might not have been
	praise string // what that says, "%s" being how often
	blind  []Finding
	idle   string // why there was nothing to judge
}

// fault notes that the rule was broken on a track; the first time on each counts.
func (e *exam) fault(c *client, t *track, f Finding, evidence ...*timeline.Event) {
	if t != nil {
		f.Conn = t.conn
	}
	if c != nil {
		f.Client = c.key
	}
	for _, ev := range evidence {
		if ev != nil && !slices.Contains(f.Evidence, ev.Seq) {
			f.Evidence = append(f.Evidence, ev.Seq)
		}
	}
	slices.Sort(f.Evidence)
	if e.rule.again == nil {
		e.rule.again = map[int]int{}
	}
	if f.Conn > 0 {
		e.rule.again[f.Conn]++
		if e.rule.again[f.Conn] > 1 {
			return
		}
	}
	e.rule.faults = append(e.rule.faults, f)
}

// kept notes that the rule was kept n times where it might not have been. praise says
// what that is, with %s for "3 pings"; what is what is counted.
func (e *exam) kept(n int, what, praise string) {
	if n > 0 {
		e.rule.kept += n
		e.rule.praise = fmt.Sprintf(praise, count(e.rule.kept, what))
	}
}

// blindTo notes that the recording cannot tell about a track.
func (e *exam) blindTo(c *client, t *track, why string) {
	f := Finding{Text: why, Blind: true}
	if t != nil {
		f.Conn = t.conn
	}
	if c != nil {
		f.Client = c.key
	}
	if !slices.ContainsFunc(e.rule.blind, func(b Finding) bool { return b.Conn == f.Conn && b.Text == f.Text && b.Client == f.Client }) {
		e.rule.blind = append(e.rule.blind, f)
	}
}

// nothing notes why there was nothing to judge, if there was not.
func (e *exam) nothing(format string, args ...any) {
	if e.rule.idle == "" {
		e.rule.idle = fmt.Sprintf(format, args...)
	}
}

// findings sums up.
func (j *judgement) findings(p Policy) []Finding {
	var all []Finding
	for _, f := range j.faults {
		soft := f.Verdict == Warned
		f.Verdict = Warned
		if (j.info.Hard || p.promised(j.info.ID)) && !soft {
			f.Verdict = Broken
		}
		if p.waives(j.info.ID) {
			f.Verdict = Waived
			f.Text = "waived by the policy: " + f.Text
		}
		if more := j.again[f.Conn] - 1; f.Conn > 0 && more > 0 {
			f.Text += "; " + times(more) + " more on this connection"
		}
		f.Advice = cmp.Or(f.Advice, j.info.Advice)
		all = append(all, f)
	}
	if len(all) == 0 && j.kept > 0 {
		all = append(all, Finding{Verdict: Kept, Text: j.praise})
	}
	all = append(all, j.blind...)
	if len(all) == 0 {
		all = append(all, Finding{Text: cmp.Or(j.idle, "nothing happened that the rule speaks about")})
	}
	for i := range all {
		all[i].Rule, all[i].Source = j.info.ID, j.info.Source
	}
	return all
}

// times says "once" or "3 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// tracks calls f for every connection that the recording shows from its request on.
func (e *exam) tracks(f func(c *client, t *track)) {
	for _, c := range e.clients {
		for _, t := range c.tracks {
			if t.conn > 0 {
				f(c, t)
			}
		}
	}
}

// opened calls f for every connection that opened, with the time until which its
// client had it open. Connections that began before the recording are left out.
func (e *exam) opened(f func(c *client, t *track, until time.Duration)) {
	e.tracks(func(c *client, t *track) {
		switch {
		case t.partial():
			e.blindTo(c, t, t.blind(0))
		case t.opened != nil:
			f(c, t, max(t.openUntil(e.r.now), t.opened.At))
		}
	})
}
