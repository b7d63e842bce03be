package diagnosis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
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
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf("backoff: "+format, args...)) }
	if b.Kind > BackoffSteps {
		complain("kind is %v: use one of %s", b.Kind, listed(backoffNames))
	}
	if b.Kind == BackoffNone {
		if b.First != 0 || b.Step != 0 || b.Factor != 0 || b.Max != 0 || len(b.Steps) > 0 || b.Jitter != NoJitter ||
			b.Share != 0 || b.ResetAfter != 0 || b.Attempts != 0 || b.Initial != 0 {
			complain("it has no kind, so the rest means nothing: make it with Fixed, Linear, Exponential, Decorrelated or Steps")
		}
		return errors.Join(errs...)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"first", b.First}, {"step", b.Step}, {"max", b.Max}, {"reset after", b.ResetAfter}, {"initial", b.Initial}} {
		if d.d < 0 {
			complain("%s is %v: it cannot be negative", d.name, d.d)
		}
	}
	b.validateModel(complain)
	if b.Jitter > ProportionalJitter {
		complain("jitter is %v: use one of %s", b.Jitter, listed(jitterNames))
	}
	if b.Jitter != NoJitter && b.Kind == BackoffDecorrelated {
		complain("decorrelated has its jitter built in: leave %v jitter out", b.Jitter)
	}
	if (b.Jitter == ProportionalJitter) != (b.Share != 0) || b.Share < 0 || b.Share > 1 || b.Share != b.Share {
		complain("share is %s: proportional jitter needs one over 0 and at most 1, and no other jitter has one", number(b.Share))
	}
	if b.Attempts < 0 {
		complain("attempts is %d: count from 1, or leave it 0 to try for ever", b.Attempts)
	}
	return errors.Join(errs...)
}

func (b Backoff) validateModel(complain func(format string, args ...any)) {
	if (b.Kind == BackoffSteps) != (len(b.Steps) > 0) {
		complain("steps are for the kind steps, which needs at least one")
	}
	for i, d := range b.Steps {
		if d < 0 {
			complain("steps[%d] is %v: it cannot be negative", i, d)
		}
	}
	if b.Kind == BackoffSteps && (b.First != 0 || b.Max != 0) {
		complain("steps say all delays: leave first and max out")
	}
	if b.Kind != BackoffSteps && b.First <= 0 && b.Kind != BackoffFixed && b.Kind != BackoffLinear {
		complain("first is %v: %v delays need one to grow from", b.First, b.Kind)
	}
	if b.Step != 0 && b.Kind != BackoffLinear {
		complain("step is for linear delays")
	}
	switch {
	case b.Factor == 0:
	case b.Kind != BackoffExponential && b.Kind != BackoffDecorrelated:
		complain("factor is for exponential and decorrelated delays")
	case !(b.Factor >= 1) || b.Factor > 1e6:
		complain("factor is %s: it must be from 1 to a million", number(b.Factor))
	}
	switch {
	case b.Kind == BackoffDecorrelated && b.Max == 0:
		complain("decorrelated delays need a max: they may grow threefold each time")
	case b.Max > 0 && b.Max < b.First:
		complain("max is %v, below first, which is %v", b.Max, b.First)
	}
}
