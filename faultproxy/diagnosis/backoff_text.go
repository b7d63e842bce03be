package diagnosis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The names of kinds and jitters, as String and policy files write them.
var (
	backoffNames = []string{"none", "fixed", "linear", "exponential", "decorrelated", "steps"}
	jitterNames  = []string{"none", "full", "equal", "proportional"}
	aspectNames  = []string{"delay", "growth", "cap", "reset", "jitter", "attempts"}
)

func name(names []string, i uint8, what string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", what, i)
}

// String returns "none", "fixed", "linear", "exponential", "decorrelated" or "steps".
func (k BackoffKind) String() string { return name(backoffNames, uint8(k), "backoff") }

// String returns "none", "full", "equal" or "proportional".
func (j Jitter) String() string { return name(jitterNames, uint8(j), "jitter") }

// String returns "delay", "growth", "cap", "reset", "jitter" or "attempts".
func (a Aspect) String() string { return name(aspectNames, uint8(a), "aspect") }

// String returns the calls that make the value, such as
// "Exponential(1s, 2).UpTo(30s).WithJitter(full)".
func (b Backoff) String() string {
	var s string
	switch b.Kind {
	case BackoffNone:
		return "no backoff"
	case BackoffFixed:
		s = fmt.Sprintf("Fixed(%v)", b.First)
	case BackoffLinear:
		s = fmt.Sprintf("Linear(%v, %v)", b.First, b.Step)
	case BackoffExponential:
		s = fmt.Sprintf("Exponential(%v, %s)", b.First, number(b.factor()))
	case BackoffDecorrelated:
		s = fmt.Sprintf("Decorrelated(%v, %v)", b.First, b.Max)
		if b.factor() != 3 {
			s += fmt.Sprintf(" by %s", number(b.factor()))
		}
	case BackoffSteps:
		texts := make([]string, len(b.Steps))
		for i, d := range b.Steps {
			texts[i] = d.String()
		}
		s = "Steps(" + strings.Join(texts, ", ") + ")"
	default:
		s = b.Kind.String()
	}
	if b.Max > 0 && b.Kind != BackoffDecorrelated {
		s += fmt.Sprintf(".UpTo(%v)", b.Max)
	}
	switch b.Jitter {
	case NoJitter:
	case ProportionalJitter:
		s += fmt.Sprintf(".PlusMinus(%s)", number(b.Share))
	default:
		s += fmt.Sprintf(".WithJitter(%v)", b.Jitter)
	}
	if b.Initial > 0 {
		s += fmt.Sprintf(".StartsWithin(%v)", b.Initial)
	}
	if b.ResetAfter > 0 {
		s += fmt.Sprintf(".ResetsAfter(%v)", b.ResetAfter)
	}
	if b.Attempts > 0 {
		s += fmt.Sprintf(".GivesUpAfter(%d)", b.Attempts)
	}
	return s
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// Validate reports everything that makes the model impossible, or nil.
func (b Backoff) Validate() error {
	var errs []error
	for _, each := range b.problems() {
		errs = append(errs, each.error(""))
	}
	return errors.Join(errs...)
}

// problems are all that is wrong with the model, with their paths in a policy.
func (b Backoff) problems() problems {
	var list problems
	// is complains about a field, with what it is in words.
	is := func(key, subject, format string, args ...any) {
		list.add("backoff."+key, strings.TrimSuffix("backoff: "+subject, ": "), format, args...)
	}
	if b.Kind > BackoffSteps {
		is("kind", fmt.Sprintf("kind is %v", b.Kind), "use one of %s", listed(backoffNames))
	}
	if b.Kind == BackoffNone {
		if b.First != 0 || b.Step != 0 || b.Factor != 0 || b.Max != 0 || len(b.Steps) > 0 || b.Jitter != NoJitter ||
			b.Share != 0 || b.ResetAfter != 0 || b.Attempts != 0 || b.Initial != 0 {
			is("kind", "", "it has no kind, so the rest means nothing: make it with Fixed, Linear, Exponential, Decorrelated or Steps")
		}
		return list
	}
	list.positive("backoff.first", b.First)
	list.positive("backoff.step", b.Step)
	list.positive("backoff.max", b.Max)
	list.positive("backoff.reset_after", b.ResetAfter)
	list.positive("backoff.initial", b.Initial)
	b.checkModel(is)
	if b.Jitter > ProportionalJitter {
		is("jitter", fmt.Sprintf("jitter is %v", b.Jitter), "use one of %s", listed(jitterNames))
	}
	if b.Jitter != NoJitter && b.Kind == BackoffDecorrelated {
		is("jitter", "", "decorrelated has its jitter built in: leave %v jitter out", b.Jitter)
	}
	if (b.Jitter == ProportionalJitter) != (b.Share != 0) || b.Share < 0 || b.Share > 1 || b.Share != b.Share {
		is("share", "share is "+number(b.Share), "proportional jitter needs one over 0 and at most 1, and no other jitter has one")
	}
	if b.Attempts < 0 {
		is("attempts", fmt.Sprintf("attempts is %d", b.Attempts), "count from 1, or leave it 0 to try for ever")
	}
	return list
}

// checkModel complains about what the kind does not go with.
func (b Backoff) checkModel(is func(key, subject, format string, args ...any)) {
	if (b.Kind == BackoffSteps) != (len(b.Steps) > 0) {
		is("steps", "", "steps are for the kind steps, which needs at least one")
	}
	for i, d := range b.Steps {
		if d < 0 {
			is(fmt.Sprintf("steps[%d]", i), fmt.Sprintf("steps[%d] is %v", i, d), "it cannot be negative")
		}
	}
	if b.Kind == BackoffSteps && (b.First != 0 || b.Max != 0) {
		key := "first"
		if b.First == 0 {
			key = "max"
		}
		is(key, "", "steps say all delays: leave first and max out")
	}
	if b.Kind != BackoffSteps && b.First <= 0 && b.Kind != BackoffFixed && b.Kind != BackoffLinear {
		is("first", fmt.Sprintf("first is %v", b.First), "%v delays need one to grow from", b.Kind)
	}
	if b.Step != 0 && b.Kind != BackoffLinear {
		is("step", "", "step is for linear delays")
	}
	switch {
	case b.Factor == 0:
	case b.Kind != BackoffExponential && b.Kind != BackoffDecorrelated:
		is("factor", "", "factor is for exponential and decorrelated delays")
	case !(b.Factor >= 1) || b.Factor > 1e6:
		is("factor", "factor is "+number(b.Factor), "it must be from 1 to a million")
	}
	switch {
	case b.Kind == BackoffDecorrelated && b.Max == 0:
		is("max", "", "decorrelated delays need a max: they may grow threefold each time")
	case b.Max > 0 && b.Max < b.First:
		is("max", "", "max is %v, below first, which is %v", b.Max, b.First)
	}
}
