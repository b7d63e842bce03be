package assertions

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/onsi/gomega/format"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// tell is the message of a failure: the verdict in words, the timeline cut around
// where to look, what is known of the connections concerned, and the seed.
func (m Matcher) tell(s *scene, v verdict, negated bool) string {
	if v.is == unclear {
		return (&unjudged{m: m, s: s, v: v}).Error()
	}
	wish := v.expected
	if negated {
		wish = v.unexpected
	}
	headline := v.said + ", " + wish + "."
	if (v.is == yes) != negated {
		headline = "By now it is so, but it was not yet when it was asked for: " + v.said + "."
	}
	return headline + s.evidence(v)
}

// evidence is what stands below a headline.
func (s *scene) evidence(v verdict) string {
	if s == nil {
		return ""
	}
	var b strings.Builder
	if len(v.details) > 0 {
		b.WriteString("\n\n" + strings.Join(v.details, "\n"))
	}
	if v.apart {
		return b.String()
	}
	if lines := s.excerpt(v); lines != "" {
		b.WriteString("\n\n" + lines)
	}
	if s.tl.Recorded() || s.tl.Closed() {
		fmt.Fprintf(&b, "\n  (%s)", s.over(true))
	}
	for _, n := range s.concerned(v) {
		b.WriteString("\n\n" + s.diagnosis(n))
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(s.idle()))) {
		if quoted := strconv.Quote(name); !strings.Contains(v.said, quoted) {
			fmt.Fprintf(&b, "\n\nThe rule %s never fired: nothing it is about came by.", quoted)
		}
	}
	if seed := s.tl.Seed(); seed != 0 {
		fmt.Fprintf(&b, "\n\nseed %d", seed)
	}
	return b.String()
}

// idle names the rules that wait for traffic, and never acted nor tried to.
func (s *scene) idle() (names []string) {
	for e := range s.tl.View().Lifecycle().All() {
		switch {
		case e.Kind == timeline.KindRule && e.Field("change") == "added" && e.Field("awaits") != "":
			names = append(names, e.Rule)
		case e.Kind == timeline.KindFault, e.Kind == timeline.KindNotApplied:
			names = slices.DeleteFunc(names, func(n string) bool { return n == e.Rule })
		}
	}
	return names
}

// concerned returns the connections to say more about: those that the verdict is
// about, or else the last one, since most failures are about what did not follow it.
func (s *scene) concerned(v verdict) []int {
	const most = 3
	conns := v.diagnose
	switch {
	case conns != nil:
	case v.conns != nil:
		conns = v.conns
	default:
		conns = s.source().Conns()
		conns = conns[max(len(conns)-1, 0):]
	}
	conns = slices.Compact(slices.Sorted(slices.Values(conns)))
	return conns[:min(len(conns), most)]
}

// diagnosis says in a line or two what is known of a connection.
func (s *scene) diagnosis(n int) string {
	r := diagnosis.Diagnose(asOfNow{s}, n)
	headline, _, _ := strings.Cut(r.String(), "\n")
	switch {
	case r.Injected && r.Cause.ID == diagnosis.IDIdleTimeout && ofMiddlebox(r.Deliberate): // it does as those in the field do
		return headline + "\n  cause    " + r.Deliberate + "\n  advice   " + r.Cause.Advice
	case r.Injected: // which is why, whatever it would look like in the field
		return headline + "\n  cause    " + r.Deliberate
	case r.Deliberate != "":
		return headline + "\n  cause    " + r.Cause.String() + "\n  note     " + r.Deliberate
	}
	return headline + "\n  cause    " + r.Cause.String()
}

// ofMiddlebox reports whether what was done on purpose was done by a preset, whose rules
// are named as nginx/idle is.
func ofMiddlebox(deliberate string) bool {
	rule, ok := strings.CutPrefix(deliberate, "injected by rule ")
	return ok && strings.Contains(rule, "/")
}

// asOfNow is all that was recorded, and that nothing more was up to now.
type asOfNow struct{ s *scene }

func (a asOfNow) All() iter.Seq[timeline.Event] {
	return func(yield func(timeline.Event) bool) {
		for e := range a.s.all.All() {
			if !yield(e) {
				return
			}
		}
		yield(timeline.Event{At: a.s.now, Kind: timeline.KindNote})
	}
}

// unjudged is the error of a matcher that cannot judge.
type unjudged struct {
	m Matcher
	s *scene
	v verdict
}

// Error returns several lines, as those of a failure.
func (u *unjudged) Error() string {
	when := "cannot judge"
	if !u.v.final && u.s != nil {
		when = "cannot judge yet"
	}
	text := fmt.Sprintf("%s %s: %s.", u.m.call, when, u.v.said)
	if over := u.over(); over != "" {
		text += " Nothing will change that: " + over + "."
	}
	if u.v.advice != "" {
		text += "\n" + u.v.advice
	}
	return text + u.s.evidence(u.v)
}

// over says why waiting was of no use.
func (u *unjudged) over() string {
	if u.s == nil || u.m.err != nil {
		return ""
	}
	return u.s.over(u.m.outlives)
}

// FormattedGomegaError is what Eventually and Consistently show, instead of the error
// as a value, cut after 4000 letters.
func (u *unjudged) FormattedGomegaError() string { return u.Error() }

// Where Gomega itself describes what was given to a matcher, in And and Or for one, it
// would write out a server field by field, while the server is at work.
var _ = format.RegisterCustomFormatter(func(actual any) (string, bool) {
	viewer, ok := actual.(timeline.Viewer)
	if !ok {
		return "", false
	}
	s, v := newScene(actual)
	if s == nil {
		return v.said, true
	}
	name := fmt.Sprintf("%T", actual)
	if n, ok := viewer.(fmt.Stringer); ok {
		name = n.String()
	}
	return name + s.evidence(verdict{}), true
})
