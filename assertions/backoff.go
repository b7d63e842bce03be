package assertions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// BackoffOption is an option of [HaveBackedOff]: [PlusMinus], or what tells clients
// apart.
type BackoffOption interface {
	String() string
	backoffOption()
}

func (Tolerance) backoffOption() {}
func (Clients) backoffOption()   {}

// HaveBackedOff succeeds if the client waited before its attempts as a model says: a
// [diagnosis.Backoff], or that of a [diagnosis.Policy].
//
//	Eventually(srv, time.Minute).Should(HaveBackedOff(diagnosis.Exponential(time.Second, 2).UpTo(30*time.Second), PlusMinus(100*time.Millisecond)))
//	Expect(srv).To(HaveBackedOff(policy))
//
// A delay runs from when the client could know, or must have known, that an attempt was
// over to the next attempt; what lies between the two counts in its favour. Every delay
// has to be in its window, give or take the tolerance. Without [PlusMinus] a model is
// exact, which only virtual time is; a policy brings its own tolerance. Growth, cap,
// reset, jitter and the number of attempts are judged as far as the delays can show
// them: see [diagnosis.Backoff.Judge] for how many that takes. What they cannot show is
// not held against the client.
//
// It needs two delays that can be judged, and cannot judge before. Delays are not judged
// where attempts may have been made unseen (a closed port, lost events). A delay outside
// of its window is final.
func HaveBackedOff(model any, options ...BackoffOption) Matcher {
	m := Matcher{call: call("HaveBackedOff", model, options)}
	var backoff diagnosis.Backoff
	var leeway diagnosis.Leeway
	var clients []Clients
	switch model := model.(type) {
	case diagnosis.Backoff:
		backoff = model
	case diagnosis.Policy:
		m.call = call("HaveBackedOff", append([]any{policyName(model)}, anys(options)...)...)
		backoff = model.Backoff
		leeway = diagnosis.PlusMinus(tolerance(model))
		leeway.Browser = model.Browser
		if (model.ClientBy != diagnosis.ClientBy{}) {
			clients = []Clients{{by: model.ClientBy}}
		}
	default:
		m.err = fmt.Errorf("%v (%T) says nothing about delays: give a diagnosis.Backoff or a diagnosis.Policy", model, model)
	}
	for _, o := range options {
		switch o := o.(type) {
		case Tolerance:
			leeway.Early, leeway.Late = o.by, o.by
		case Clients:
			clients = append(clients, o)
		}
	}
	if m.err == nil && backoff.IsZero() {
		m.err = fmt.Errorf("the model promises nothing: make one with diagnosis.Exponential, Fixed, Linear, Decorrelated or Steps")
	}
	if m.err == nil {
		m.err = backoff.Validate()
	}
	m.judge = each(clients, func(s *scene) verdict { return s.backedOff(backoff, leeway) })
	return m
}

// tolerance is the policy's, or its default.
func tolerance(p diagnosis.Policy) time.Duration {
	if p.Tolerance > 0 {
		return p.Tolerance
	}
	return 250 * time.Millisecond
}

// policyName is what messages call a policy.
func policyName(p diagnosis.Policy) fmt.Stringer {
	if p.Name == "" {
		return plain("policy")
	}
	return plain(fmt.Sprintf("policy %q", p.Name))
}

// plain is a text that stands in a call as it is.
type plain string

func (p plain) String() string { return string(p) }

func anys[T any](list []T) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = v
	}
	return all
}

func (s *scene) backedOff(model diagnosis.Backoff, leeway diagnosis.Leeway) verdict {
	attempts := s.tries()
	j := model.Judge(attempts, leeway)
	judged, why := 0, ""
	var delays []string
	var marks []mark
	for _, g := range j.Gaps {
		if g.Unjudged != "" {
			if why == "" {
				why = g.Unjudged
			}
			continue
		}
		judged++
		delays = append(delays, span(g.Most))
		marks = append(marks, mark{seq: attempts[g.To].Request.Seq, at: attempts[g.To].RequestedAt, text: gapText(g)})
	}
	if broken := brokenAspects(j); len(broken) > 0 {
		return s.misjudged(broken, j.Gaps, attempts, model, leeway)
	}
	if judged < 2 {
		reason := fmt.Sprintf("%s before attempts%s can be judged, and it takes two", plural(judged, "delay"), s.where())
		if why != "" {
			reason += ": " + why
		}
		return cannot(reason, "Let the client be refused or cut off a few times.")
	}
	return verdict{is: yes, said: fmt.Sprintf("The client waited %s before its attempts%s", strings.Join(clip(delays, 8), ", "), s.where()),
		expected: "expected delays of " + model.String(), unexpected: "expected other delays than those of " + model.String(), marks: marks}
}

// brokenAspects returns the aspects that the client broke. A reset that did not come, or
// came too early, is first: it makes other delays wrong, too.
func brokenAspects(v diagnosis.BackoffVerdict) []diagnosis.AspectVerdict {
	var broken []diagnosis.AspectVerdict
	for _, a := range v.Aspects {
		switch {
		case a.Verdict != diagnosis.Broken:
		case a.Aspect == diagnosis.AspectReset:
			broken = slices.Insert(broken, 0, a)
		default:
			broken = append(broken, a)
		}
	}
	return broken
}

// misjudged is the verdict on the aspects that the client broke.
func (s *scene) misjudged(broken []diagnosis.AspectVerdict, gaps []diagnosis.Gap, attempts []diagnosis.Attempt, model diagnosis.Backoff, leeway diagnosis.Leeway) verdict {
	a := broken[0]
	v := verdict{is: no, said: "The client did not wait as " + model.String() + " says: " + a.Text,
		expected: "expected another", unexpected: "expected other delays than those of " + model.String()}
	switch {
	case isOfOne(a):
		v.said += ", and was " + measured(gaps[a.Gaps[0]])
		a.Expected = window(gaps[a.Gaps[0]], leeway, a.Expected)
	case a.Measured != "":
		v.said += " (" + a.Measured + ")"
	}
	if a.More > 0 {
		v.said += fmt.Sprintf("; %d more %s wrong", a.More, verb(a.More, "is", "are"))
	}
	if a.Expected != "" {
		v.expected = "expected " + a.Expected
	}
	var wrong []int
	for _, one := range broken {
		v.final = v.final || one.Aspect != diagnosis.AspectJitter
		wrong = append(wrong, one.Gaps...)
	}
	slices.Sort(wrong)
	v.details = delays(gaps, slices.Compact(wrong), attempts)
	for _, also := range broken[1:] {
		v.details = append(v.details, fmt.Sprintf("  also (%s): %s", also.Aspect, also.Text))
	}
	if len(a.Gaps) > 0 {
		g := gaps[a.Gaps[0]]
		from, to := attempts[g.From], attempts[g.To]
		v.marks = []mark{missing(from.KnownAt, "it could know that its attempt was over"),
			{seq: to.Request.Seq, at: to.RequestedAt, text: gapText(g)}}
		v.conns, v.diagnose = []int{from.Conn, to.Conn}, []int{from.Conn}
	}
	return v
}

// isOfOne reports whether a verdict is about one delay after the other, not about all of
// them together.
func isOfOne(a diagnosis.AspectVerdict) bool {
	return a.Aspect != diagnosis.AspectJitter && a.Aspect != diagnosis.AspectAttempts && len(a.Gaps) == a.More+1
}

// window says what a delay had to be, in other words where more is allowed than that.
func window(g diagnosis.Gap, leeway diagnosis.Leeway, other string) string {
	switch {
	case g.Allowed > 0 || leeway.Early != leeway.Late:
		return other
	case leeway.Late > 0:
		return fromTo(g.Low, g.High) + " ± " + span(leeway.Late)
	case g.Low == g.High:
		return fmt.Sprintf("exactly %s (no PlusMinus was given)", span(g.Low))
	}
	return fromTo(g.Low, g.High)
}

// delays lists the first delays and the first wrong ones, which are marked, with those
// around them.
func delays(gaps []diagnosis.Gap, wrong []int, attempts []diagnosis.Attempt) []string {
	const begin, around, most = 3, 2, 12
	lines := []string{fmt.Sprintf("    %-8s %-14s %-22s %s", "delay", "before", "measured", "expected")}
	shown, hidden := 0, 0
	skip := func() {
		if hidden > 0 {
			lines = append(lines, fmt.Sprintf("    … %s …", plural(hidden, "delay")))
		}
		hidden = 0
	}
	for i, g := range gaps {
		near := i < begin || slices.ContainsFunc(wrong, func(w int) bool { return w-around <= i && i <= w+around })
		if !near || shown == most {
			hidden++
			continue
		}
		skip()
		shown++
		pointer, number, window := "   ", "?", fromTo(g.Low, g.High)
		if slices.Contains(wrong, i) {
			pointer = "  >"
		}
		if g.N > 0 {
			number = strconv.Itoa(g.N)
		}
		if g.Unjudged != "" {
			window = "not judged: " + g.Unjudged
		}
		lines = append(lines, fmt.Sprintf("%s %-8s %-14s %-22s %s", pointer, number, fmt.Sprintf("#%d", attempts[g.To].Conn), measured(g), window))
	}
	skip()
	return lines
}

// measured says how long a delay was.
func measured(g diagnosis.Gap) string {
	if g.Least == 0 || span(g.Least) == span(g.Most) {
		return exact(g.Most, g.Low, g.High)
	}
	return fromTo(g.Least, g.Most)
}

// gapText says how much later an attempt came.
func gapText(g diagnosis.Gap) string { return measured(g) + " later" }

// clip shortens a list to so many, with an ellipsis.
func clip(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), "…")
}

// tries returns the attempts of the client that is judged, as far as they are looked
// at.
func (s *scene) tries() []diagnosis.Attempt {
	if s.tried == nil {
		s.tried = map[string][]diagnosis.Attempt{}
	}
	if len(s.tried) == 0 {
		for _, attempts := range (diagnosis.Policy{ClientBy: s.by}).Attempts(s.known()) {
			for _, a := range attempts {
				s.tried[a.Client] = append(s.tried[a.Client], a)
			}
		}
	}
	var tries []diagnosis.Attempt
	for _, a := range s.tried[s.client] {
		if s.conn == 0 || a.Conn == s.conn {
			tries = append(tries, a)
		}
	}
	return tries
}

// known is all that is looked at, and that there was nothing more up to now.
func (s *scene) known() diagnosis.Source {
	var events diagnosis.Events
	for e := range s.all.All() {
		if e.Seq >= s.first {
			events = append(events, e)
		}
	}
	return diagnosis.AsOf(events, s.now)
}
