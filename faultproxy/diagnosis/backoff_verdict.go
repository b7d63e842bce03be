package diagnosis

import (
	"fmt"
	"slices"
	"strings"
)

// verdict sums up.
func (j *judging) verdict() BackoffVerdict {
	v := BackoffVerdict{Gaps: j.gaps}
	if j.model.IsZero() {
		return v
	}
	for a := range aspects {
		if one, promised := j.judge(a); promised {
			v.Aspects = append(v.Aspects, one)
			v.Verdict = max(v.Verdict, one.Verdict)
		}
	}
	return v
}

// judge is the verdict on one aspect, if the model promises it.
func (j *judging) judge(a Aspect) (v AspectVerdict, promised bool) {
	v.Aspect = a
	for _, f := range j.faults {
		if f.aspect == a {
			v.Gaps = append(v.Gaps, f.gap)
		}
	}
	switch a {
	case AspectDelay:
		j.delays(&v)
	case AspectGrowth:
		if !j.model.grows() {
			return v, false
		}
		j.growth(&v)
	case AspectCap:
		if j.model.Max == 0 {
			return v, false
		}
		j.capped(&v)
	case AspectReset:
		if j.model.ResetAfter == 0 {
			return v, false
		}
		j.resets(&v)
	case AspectJitter:
		if !j.model.hasJitter() {
			return v, false
		}
		j.jitter(&v)
	case AspectAttempts:
		if j.model.Attempts == 0 {
			return v, false
		}
		j.givingUp(&v)
	}
	return v, true
}

// broken fills in a verdict about its gaps; the text is about the first of them.
func (j *judging) broken(v *AspectVerdict, format string, args ...any) {
	v.Verdict = Broken
	v.Text = fmt.Sprintf(format, args...)
	v.More = len(v.Gaps) - 1
	g := j.gaps[v.Gaps[0]]
	v.Measured, v.Expected = between(g.Least, g.Most), j.windowText(g)
}

// windowText says "1.0 s to 2.0 s, ± 250 ms".
func (j *judging) windowText(g Gap) string {
	s := between(g.Low, g.High)
	switch {
	case j.leeway.Early == j.leeway.Late && j.leeway.Late > 0:
		s += ", ± " + span(j.leeway.Late)
	case j.leeway.Early > 0 || j.leeway.Late > 0:
		s += fmt.Sprintf(", - %s + %s", span(j.leeway.Early), span(j.leeway.Late))
	}
	if g.Allowed >= forEver/4 {
		s += ", or longer after Close 1013"
	} else if g.Allowed > 0 {
		s += ", and up to " + span(g.Allowed) + " that are not the client's"
	}
	return s
}

// which says "the 3rd delay (before connection 7)".
func (j *judging) which(gap int) string {
	g := j.gaps[gap]
	s := "a delay"
	if g.N > 0 {
		s = "the " + ordinal(g.N) + " delay"
	}
	if n := j.attempts[g.To].Conn; n > 0 {
		return fmt.Sprintf("%s (before connection %d)", s, n)
	}
	return s
}

func (j *judging) short(gap int) bool {
	i := slices.IndexFunc(j.faults, func(f fault) bool { return f.gap == gap })
	return i >= 0 && j.faults[i].short
}

func (j *judging) shortOrLong(gap int) string {
	if j.short(gap) {
		return "too short"
	}
	return "too long"
}

func (j *judging) delays(v *AspectVerdict) {
	switch {
	case len(v.Gaps) > 0:
		j.broken(v, "%s was %s", j.which(v.Gaps[0]), j.shortOrLong(v.Gaps[0]))
	case j.judged == 0:
		v.Text = j.whyNoGap()
	default:
		v.Verdict = Kept
		v.Text = count(j.judged, "delay") + " as " + j.model.String() + " says"
	}
}

// whyNoGap says why there was nothing to judge.
func (j *judging) whyNoGap() string {
	if len(j.gaps) == 0 {
		return "the client did not connect again"
	}
	return "none of " + count(len(j.gaps), "delay") + " can be judged: " + j.gaps[0].Unjudged
}

func (j *judging) growth(v *AspectVerdict) {
	low := tooShort(j.places, chanceSize)
	switch {
	case len(v.Gaps) > 0:
		j.broken(v, "%s did not grow: it fits an earlier one", j.which(v.Gaps[0]))
	case low:
		v.Verdict, v.Gaps = Broken, gapsOf(j.places)
		v.Text = fmt.Sprintf("%s are too short on the whole: as if they did not grow", count(len(j.places), "delay"))
		v.Measured, v.Expected = j.placesText(), "anywhere in their windows"
	case j.grew > 0 || showGrowth(j.places):
		v.Verdict = Kept
		v.Text = "the delays grow while attempts fail"
	case len(j.places) > 0:
		v.Text = count(len(j.places), "delay") + " cannot show through the jitter whether they grow"
	default:
		v.Text = "no two attempts in a row failed whose delays can be told apart"
	}
}

func (j *judging) capped(v *AspectVerdict) {
	switch {
	case len(v.Gaps) > 0:
		j.broken(v, "%s was longer than the longest one, %s", j.which(v.Gaps[0]), limitWords(j.model.Max))
	case j.atCap > 0:
		v.Verdict = Kept
		v.Text = count(j.atCap, "delay") + " came near the longest one, " + limitWords(j.model.Max) + ", and none was longer"
	default:
		v.Text = "no delay came near the longest one, " + limitWords(j.model.Max)
	}
}

func (j *judging) resets(v *AspectVerdict) {
	switch {
	case len(v.Gaps) > 0 && j.short(v.Gaps[0]):
		from := j.attempts[j.gaps[v.Gaps[0]].From]
		j.broken(v, "%s started anew after a connection that was open for %s, not %s",
			j.which(v.Gaps[0]), span(from.KnownAt-from.OpenedAt), limitWords(j.model.ResetAfter))
	case len(v.Gaps) > 0:
		from := j.attempts[j.gaps[v.Gaps[0]].From]
		j.broken(v, "%s did not start anew after a connection that was open for %s",
			j.which(v.Gaps[0]), span(from.KnownAt-from.OpenedAt))
	case j.reset > 0:
		v.Verdict = Kept
		v.Text = "the delays start anew after stable connections only, as " + count(j.reset, "delay") + " show"
	default:
		v.Text = "no connection came after failures and before a delay that could show whether the delays start anew"
	}
}

func (j *judging) jitter(v *AspectVerdict) {
	n, need := len(j.places), enoughForJitter(noise(j.places))
	spread, same := constant(j.places, chanceSize)
	low, high, half := oneSided(j.places, chanceSize)
	v.Measured = j.placesText()
	switch {
	case same:
		v.Verdict, v.Gaps, v.Expected = Broken, gapsOf(j.places), "spread over the windows"
		v.Text = fmt.Sprintf("%s lie within %.0f %% of their windows of one another: there is no jitter", count(n, "delay"), 100*spread)
	case half:
		v.Verdict, v.Gaps, v.Expected = Broken, gapsOf(j.places), "spread over the windows"
		v.Text = fmt.Sprintf("%s all lie from %.0f %% to %.0f %% of their windows: the jitter covers only a part of them", count(n, "delay"), 100*low, 100*high)
	case !j.model.grows() && tooShort(j.places, chanceSize):
		v.Verdict, v.Gaps, v.Expected = Broken, gapsOf(j.places), "spread over the windows"
		v.Text = count(n, "delay") + " are too short on the whole for the jitter"
	case n == 0:
		v.Measured = ""
		v.Text = "no delay can show jitter: none was judged, or the tolerance is over an eighth of the windows; in virtual time a millisecond is enough"
	case n < need:
		v.Text = fmt.Sprintf("%s cannot show whether there is jitter: it takes %d", count(n, "delay"), need)
	case n < enoughForHalf:
		v.Verdict = Kept
		v.Text = fmt.Sprintf("%s differ by jitter; it takes %d to see whether it covers its windows", count(n, "delay"), enoughForHalf)
	default:
		v.Verdict = Kept
		v.Text = count(n, "delay") + " are spread over their windows"
	}
}

// placesText says where the delays lie in their windows: "at 3, 50 and 97 %".
func (j *judging) placesText() string {
	const most = 8
	var texts []string
	for _, p := range j.places[:min(len(j.places), most)] {
		texts = append(texts, fmt.Sprintf("%.0f", 100*(p.low+p.high)/2))
	}
	if more := len(j.places) - most; more > 0 {
		return "at " + strings.Join(texts, ", ") + fmt.Sprintf(" %% of their windows, and %d more", more)
	}
	return "at " + listed(texts) + " % of their windows"
}

func (j *judging) givingUp(v *AspectVerdict) {
	least := 0 // what the number of a delay must have been at least
	for i, g := range j.gaps {
		if g.N > j.model.Attempts {
			v.Gaps = append(v.Gaps, i)
		}
		least = max(least, g.N)
	}
	v.Measured, v.Expected = count(least, "attempt"), "no more than "+count(j.model.Attempts, "attempt")
	switch {
	case len(v.Gaps) > 0:
		v.Verdict = Broken
		v.Text = "the client went on after " + count(j.model.Attempts, "attempt") + " in a row"
	case least == j.model.Attempts:
		v.Verdict = Kept
		v.Text = "the client gave up after " + count(least, "attempt") + " in a row"
	default:
		v.Text = "it did not come to " + count(j.model.Attempts, "attempt") + " in a row"
	}
}
