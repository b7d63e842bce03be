package diagnosis

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// frames judges what the client's frames break of RFC 6455, as far as it is the
// business of one rule. what is what the rule is about, praise how it was kept.
func (e *exam) frames(rule RuleID, what, praise string) {
	n := 0
	e.tracks(func(c *client, t *track) {
		if t.opened == nil && !t.partial() {
			return
		}
		check := inspector{fromClient: true, deflate: deflated(t.events)}
		for i := range t.events {
			ev := &t.events[i]
			sent := ev.Dir == frame.ToServer && ev.Seen&timeline.Arrived != 0
			switch {
			case ev.Kind == timeline.KindLost, rule != RuleMasking && t.partial():
				// A message may have begun, or a Close been sent, in what is missing.
				e.blindTo(c, t, t.blind(ev.At))
				return
			case ev.Kind == timeline.KindOpaque && ev.Dir == frame.ToServer:
				if rule == RuleFraming {
					e.fault(c, t, Finding{Text: "what the client sent cannot be parsed as frames: " + ev.Field("why") + inSection(ev.Field("section"))}, ev)
				}
				return
			case !sent || ev.Kind != timeline.KindFrame && ev.Kind != timeline.KindFrameStart:
				continue
			}
			if v := check.see(*ev); v != nil && ruleOf(v) == rule && !t.echoes(v, ev) {
				e.fault(c, t, Finding{Text: fmt.Sprintf("the client sent what it must not: %s (%s)", v.Text, v.Section)}, ev)
			}
			if ev.Kind == timeline.KindFrame && concernedBy(rule, ev.Header.Opcode) {
				n++
			}
		}
	})
	e.kept(n, what, praise)
	e.nothing("the client sent no %s", what)
}

// inSection says " (RFC 6455 section 5.2)" of a section that is known.
func inSection(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// ruleOf is the rule under which a violation falls; empty for those that are no rule
// of RFC 6455 but its spirit.
func ruleOf(v *frame.Violation) RuleID {
	switch v.Rule {
	case "unmasked-client-frame":
		return RuleMasking
	case "text-not-utf8", "close-reason-not-utf8":
		return RuleUTF8
	case "data-after-close":
		return RuleAfterClose
	case "forbidden-close-code", "short-close-payload":
		return RuleCloseCodes
	case "close-after-close", "undefined-close-code":
		return ""
	}
	return RuleFraming
}

// echoes reports whether the client only sends back the code that it was sent.
func (t *track) echoes(v *frame.Violation, ev *timeline.Event) bool {
	return v.Rule == "forbidden-close-code" && t.heard != nil && t.heard.At <= ev.At && closeCode(t.heard) == closeCode(ev)
}

// concernedBy reports whether a rule is about frames of this kind.
func concernedBy(rule RuleID, op frame.Opcode) bool {
	switch rule {
	case RuleUTF8:
		return op == frame.OpText
	case RuleAfterClose, RuleCloseCodes:
		return op == frame.OpClose
	}
	return true
}
