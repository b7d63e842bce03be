package diagnosis

import (
	"fmt"
	"strings"
)

// RuleID names a rule of good behaviour, such as "R2-dead-peer". IDs are stable:
// scripts may compare them. [Rules] says what each means.
type RuleID string

// Verdict is what a recording says about a rule.
type Verdict uint8

// The verdicts, the worst last.
const (
	// NotJudged: the recording cannot decide. [Finding].Text says why: nothing in it is
	// what the rule speaks about, or, with [Finding].Blind, something is missing from it.
	NotJudged Verdict = iota
	// Kept: it was, wherever the recording can tell.
	Kept
	// Waived: it was not, and the policy does without it.
	Waived
	// Warned: it was not, but it is no hard rule and the policy does not promise it.
	Warned
	// Broken: it was not, and it is a hard rule or promised.
	Broken
)

// String returns "not judged", "kept", "waived", "warned" or "broken".
func (v Verdict) String() string {
	switch v {
	case NotJudged:
		return "not judged"
	case Kept:
		return "kept"
	case Waived:
		return "waived"
	case Warned:
		return "warned"
	case Broken:
		return "broken"
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// Finding is what a recording says about one rule, of one connection or of all.
type Finding struct {
	Rule    RuleID
	Verdict Verdict
	// Conn is the connection it is about; 0 if it is about several or none.
	Conn int
	// Client says whose connection that is where the policy tells clients apart;
	// empty otherwise.
	Client string
	// Text is the verdict in words, a sentence without a full stop.
	Text string
	// Measured and Expected are the two numbers, or other facts, that were compared;
	// empty if nothing was.
	Measured, Expected string
	// Evidence holds the sequence numbers of the events it rests on, ascending.
	Evidence []int
	// Source is where the rule is stated, as in [RuleInfo].
	Source string
	// Advice is what to do; empty if nothing is wrong.
	Advice string
	// Blind says of a finding that is not judged that the recording is at fault:
	// events are missing, or nobody read what the client sent. Such a finding is no
	// acquittal.
	Blind bool
}

// String returns `R2-dead-peer broken, connection 3: …`.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", f.Rule, f.Verdict)
	if f.Client != "" {
		fmt.Fprintf(&b, ", client %s", f.Client)
	}
	if f.Conn > 0 {
		fmt.Fprintf(&b, ", connection %d", f.Conn)
	}
	b.WriteString(": " + f.Text)
	if f.Measured != "" || f.Expected != "" {
		fmt.Fprintf(&b, " (measured %s, expected %s)", f.Measured, f.Expected)
	}
	return b.String()
}

// RuleInfo describes a rule of good behaviour.
type RuleInfo struct {
	ID    RuleID
	Title string // what a good client does, in words
	// Source is where it is stated: an RFC and its section, or a vendor's document.
	Source string
	// Hard says that breaking it is always an error. Other rules are broken only if the
	// policy promises them, else they warn.
	Hard bool
	// Promise says which fields of a [Policy] promise it; empty for hard rules.
	Promise string
	Advice  string // what to do about it
}
