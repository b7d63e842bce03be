package diagnosis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// ruling is a recording and what must be said of one rule.
type ruling struct {
	name    string
	policy  diagnosis.Policy
	events  diagnosis.Events
	verdict diagnosis.Verdict
	conn    int
	text    string // must be in the finding's words
}

// judged runs rulings on one rule. The time goes on for a while after the last event.
func judged(t *testing.T, rule diagnosis.RuleID, after time.Duration, rulings []ruling) {
	t.Helper()
	for _, r := range rulings {
		if err := r.policy.Validate(); err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		now := after
		if n := len(r.events); n > 0 {
			now += r.events[n-1].At
		}
		found := of(rule, diagnosis.Findings(diagnosis.AsOf(r.events, now), r.policy))
		f := found[0]
		if f.Verdict != r.verdict || f.Conn != r.conn || !strings.Contains(f.String(), r.text) {
			t.Errorf("%s: %s\nwant %v of connection %d with %q", r.name, f, r.verdict, r.conn, r.text)
		}
		if f.Verdict > diagnosis.Kept && (len(found) != 1 || f.Advice == "") {
			t.Errorf("%s: %d findings, want one with advice: %v", r.name, len(found), found)
		}
		if blind := strings.HasPrefix(r.name, "blind"); blind != f.Blind {
			t.Errorf("%s: blind is %t: %s", r.name, f.Blind, f)
		}
	}
}

// of are the findings about one rule.
func of(rule diagnosis.RuleID, findings []diagnosis.Finding) []diagnosis.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f diagnosis.Finding) bool { return f.Rule != rule })
}

// What the tables promise.
var (
	nothing diagnosis.Policy

	kept, warned, broken, notJudged = diagnosis.Kept, diagnosis.Warned, diagnosis.Broken, diagnosis.NotJudged
)

func lost(conn int) timeline.Event {
	return timeline.Event{Conn: conn, Kind: timeline.KindLost, Count: 3}
}

// compressed is a message that could not be inflated.
func compressed(ev timeline.Event) timeline.Event {
	ev.Opaque, ev.Header.RSV = true, frame.RSV1
	return ev
}

// frozen is a server's Freeze: from there on it reads nothing.
func frozen() timeline.Event {
	return timeline.Event{Kind: timeline.KindFault, Vantage: timeline.AtServer, Rule: "Freeze()", Fields: fields("does", "Freeze()")}
}

// seenAtServer makes a recording a server's.
func seenAtServer(events diagnosis.Events) diagnosis.Events {
	events = slices.Clone(events)
	for i := range events {
		events[i].Vantage = timeline.AtServer
	}
	return events
}

// Every rule of the rulebook is complete and is found in every recording, once at least
// and in order.
func TestEveryRuleHasAFinding(t *testing.T) {
	rules := diagnosis.Rules()
	seen := map[diagnosis.RuleID]bool{}
	for _, r := range rules {
		if r.ID == "" || r.Title == "" || r.Source == "" || r.Advice == "" || r.Hard != (r.Promise == "") || seen[r.ID] {
			t.Errorf("incomplete or twice: %+v", r)
		}
		seen[r.ID] = true
	}
	rules[0].ID = "changed"
	if diagnosis.Rules()[0].ID == "changed" {
		t.Error("a caller can change the rules")
	}
	for _, h := range append(histories(), history{name: "nothing"}) {
		var order []diagnosis.RuleID
		for _, f := range diagnosis.Findings(h.events, nothing) {
			if len(order) == 0 || order[len(order)-1] != f.Rule {
				order = append(order, f.Rule)
			}
			if f.Text == "" || f.Source == "" || (f.Verdict > diagnosis.Kept) != (f.Advice != "") || f.Blind && f.Verdict != notJudged {
				t.Errorf("%s: incomplete: %+v", h.name, f)
			}
		}
		want := diagnosis.Rules()
		if len(order) != len(want) {
			t.Fatalf("%s: findings of %d rules, want %d", h.name, len(order), len(want))
		}
		for i := range want {
			if order[i] != want[i].ID {
				t.Errorf("%s: finding %d is of %s, want %s", h.name, i, order[i], want[i].ID)
			}
		}
	}
}

// An empty recording acquits nobody.
func TestNothingRecordedIsNothingKept(t *testing.T) {
	all := diagnosis.Policy{Dialect: protocol(), Interval: sec, AnswerTimeout: sec, Backoff: diagnosis.Fixed(sec).WithJitter(diagnosis.FullJitter), MaxLive: 1,
		Resubscribe: []frame.Match{frame.Any}, Continuity: diagnosis.Continuity{Messages: frame.Any, Number: "{$.n}"}, ConnectTimeout: sec}
	for _, f := range diagnosis.Findings(diagnosis.Events{}, all) {
		if f.Verdict != notJudged || f.Blind {
			t.Errorf("%s", f)
		}
	}
}

func TestWaivedRulesAreListed(t *testing.T) {
	p := diagnosis.Policy{Waive: []diagnosis.RuleID{diagnosis.RuleMasking, diagnosis.RuleIdleTimeout}}
	events := live(at(sec, raw(toS, passed, frame.Text("x"))), at(120*sec, say("y")))
	for _, rule := range p.Waive {
		if f := of(rule, diagnosis.Findings(events, p))[0]; f.Verdict != diagnosis.Waived || !strings.Contains(f.Text, "waived by the policy: ") {
			t.Errorf("%s", f)
		}
		if f := of(rule, diagnosis.Findings(events, nothing))[0]; f.Verdict < warned {
			t.Errorf("not waived: %s", f)
		}
	}
}

// A fault that comes back on one connection is one finding; on another it is another.
func TestFindingsAreByConnection(t *testing.T) {
	bad := func(d time.Duration) step { return at(d, raw(toS, passed, frame.Text("x"))) }
	found := of(diagnosis.RuleMasking, diagnosis.Findings(merge(
		conn(1, 0, open(bad(sec), bad(2*sec), bad(3*sec))...), conn(2, 0, open(bad(sec))...)), nothing))
	if len(found) != 2 || found[0].Conn != 1 || found[1].Conn != 2 || !strings.Contains(found[0].Text, "; 2 times more on this connection") {
		t.Errorf("%v", found)
	}
}

// A timeline that both a proxy and a server wrote is judged by what the proxy saw.
func TestFindingsPreferTheProxy(t *testing.T) {
	events := append(live(at(sec, say("x"))), seenAtServer(live(at(sec, raw(toS, passed, frame.Text("x")))))...)
	if f := of(diagnosis.RuleMasking, diagnosis.Findings(events, nothing))[0]; f.Verdict != kept {
		t.Errorf("%s", f)
	}
	if f := of(diagnosis.RuleMasking, diagnosis.Findings(seenAtServer(live(at(sec, raw(toS, arrived, frame.Text("x"))))), nothing))[0]; f.Verdict != broken {
		t.Errorf("a server alone: %s", f)
	}
}

// Who looks at one connection only does not know what the client did next.
func TestFindingsOfOneConnection(t *testing.T) {
	tl := timeline.New()
	for _, ev := range merge(playing(beats(10*sec), []step{at(20*sec, say("ping"))}), conn(2, 25*sec, open(at(60*sec, say("x")))...)) {
		tl.Append(timeline.Record{At: ev.At, Conn: ev.Conn, Kind: ev.Kind, Dir: ev.Dir, Seen: ev.Seen, Header: ev.Header, Payload: ev.Payload, Plain: true, Fields: ev.Fields})
	}
	p := beating(func(p *diagnosis.Policy) { p.Backoff = diagnosis.Fixed(sec); p.MaxLive = 1 })
	for _, rule := range []diagnosis.RuleID{diagnosis.RuleDeadPeer, diagnosis.RuleDelay, diagnosis.RuleOneLive, diagnosis.RuleRetry, diagnosis.RuleFinalCode} {
		f := of(rule, diagnosis.Findings(diagnosis.AsOf(tl.Conn(1), 90*sec), p))[0]
		if f.Verdict != notJudged || !f.Blind || !strings.Contains(f.Text, "only one connection is looked at") {
			t.Errorf("%s", f)
		}
	}
	if f := of(diagnosis.RuleDeadPeer, diagnosis.Findings(diagnosis.AsOf(tl, 90*sec), p))[0]; f.Conn != 2 {
		t.Errorf("the whole timeline: %s", f)
	}
}

func TestFindingText(t *testing.T) {
	f := of(diagnosis.RuleMasking, diagnosis.Findings(live(at(sec, raw(toS, passed, frame.Text("x")))), nothing))[0]
	if want := "P1-masking broken, connection 1: the client sent what it must not: a client's text frame is not masked (RFC 6455 section 5.1)"; f.String() != want {
		t.Errorf("%s\nwant %s", f, want)
	}
	if want := []int{5}; !slices.Equal(f.Evidence, want) {
		t.Errorf("evidence %v, want %v", f.Evidence, want)
	}
	for v, want := range map[diagnosis.Verdict]string{notJudged: "not judged", kept: "kept", warned: "warned", broken: "broken", diagnosis.Waived: "waived", 9: "verdict(9)"} {
		if v.String() != want {
			t.Errorf("verdict %d is %q, want %q", v, v, want)
		}
	}
}
