package assertions

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/onsi/gomega/matchers"
	"github.com/onsi/gomega/types"
)

// value is what something measured is compared with: equal to a value, or satisfying
// a matcher.
type value struct {
	want    any
	given   any                 // what want was made of, if that is something else
	matcher types.GomegaMatcher // nil: equal to want
	once    bool                // once or more often; want does not count
	err     error               // it is neither
}

// atLeastOnce is what is asked for where no number is given.
var atLeastOnce = value{once: true}

// number is a value for something counted, given as any kind of integer or matcher.
func number(v any) value {
	if m, ok := v.(types.GomegaMatcher); ok {
		return value{want: v, matcher: m}
	}
	switch r := reflect.ValueOf(v); {
	case v == nil:
	case r.CanInt() && r.Type() != reflect.TypeFor[time.Duration]():
		if r.Int() < 0 {
			return value{given: v, err: fmt.Errorf("%v is less than 0, which nothing counts to", v)}
		}
		return value{want: int(r.Int())}
	case r.CanUint():
		return value{want: int(r.Uint())}
	}
	return value{given: v, err: fmt.Errorf("%v (%T) is not a number: give an int, or a matcher such as BeNumerically(\">=\", 2)", v, v)}
}

// duration is a value for something measured in time.
func duration(v any) value {
	switch v := v.(type) {
	case types.GomegaMatcher:
		return value{want: v, matcher: v}
	case time.Duration:
		return value{want: v}
	}
	return value{given: v, err: fmt.Errorf("%v (%T) is not a duration: give a time.Duration, or a matcher such as BeNumerically(\"<\", 50*time.Millisecond)", v, v)}
}

// text is a value for a text. What is neither a text nor a matcher is compared by how
// it prints.
func text(v any) value {
	if m, ok := v.(types.GomegaMatcher); ok {
		return value{want: v, matcher: m}
	}
	if v == nil {
		return value{err: errors.New("nil is not a text: give a string or a matcher")}
	}
	return value{want: fmt.Sprint(v), given: v}
}

// match compares. The error is the matcher's own.
func (v value) match(measured any) (bool, error) {
	switch {
	case v.once:
		return measured != 0, nil
	case v.matcher == nil:
		return measured == v.want, nil
	}
	return v.matcher.Match(measured)
}

// settled reports whether the answer stays the same however much what was measured
// still grows.
func (v value) settled(measured float64) bool {
	switch want := v.want.(type) {
	case int:
		return measured > float64(want)
	case time.Duration:
		return measured > float64(want)
	}
	if v.once {
		return measured > 0
	}
	switch c, to, ok := v.comparison(); {
	case !ok:
		return false
	case c == "<" || c == ">=":
		return measured >= to
	case c == "<=" || c == "==" || c == ">":
		return measured > to
	}
	return false
}

// comparison takes a BeNumerically apart.
func (v value) comparison() (comparator string, to float64, ok bool) {
	m, ok := v.matcher.(*matchers.BeNumericallyMatcher)
	if !ok || len(m.CompareTo) != 1 {
		return "", 0, false
	}
	switch r := reflect.ValueOf(m.CompareTo[0]); {
	case r.CanInt():
		to = float64(r.Int())
	case r.CanUint():
		to = float64(r.Uint())
	case r.CanFloat():
		to = r.Float()
	default:
		return "", 0, false
	}
	return m.Comparator, to, true
}

// bound takes a BeNumerically apart that has words.
func (v value) bound() (comparator string, bound any, ok bool) {
	c, to, ok := v.comparison()
	if _, known := comparators[c]; !ok || !known {
		return "", nil, false
	}
	if d, isDuration := v.matcher.(*matchers.BeNumericallyMatcher).CompareTo[0].(time.Duration); isDuration {
		return c, d, true
	}
	if to == math.Trunc(to) {
		return c, int(to), true
	}
	return c, to, true
}

// durations are those that it compares with.
func (v value) durations() []time.Duration {
	bound := v.want
	if v.matcher != nil {
		_, bound, _ = v.bound()
	}
	if d, ok := bound.(time.Duration); ok {
		return []time.Duration{d}
	}
	return nil
}

// String returns what was given, as a call writes it.
func (v value) String() string {
	switch {
	case v.matcher == nil && v.given != nil:
		return argument(v.given)
	case v.matcher == nil:
		return argument(v.want)
	}
	return callOf(v.matcher)
}

// words says what is asked for in a sentence: "1006", "less than 5".
func (v value) words() string {
	if v.matcher == nil {
		return v.String()
	}
	return clause(v.matcher)
}

// wish says what was expected of what was measured, or what was not: "expected 6
// times", "expected at least 3 times".
func (v value) wish(measured any, negated bool, unit func(any) string) string {
	switch {
	case v.once && negated:
		return "expected it not to"
	case v.once:
		return "expected it to, at least once"
	case v.matcher == nil && negated:
		return "expected anything but that"
	case v.matcher == nil:
		return "expected " + unit(v.want)
	}
	if c, bound, ok := v.bound(); ok {
		words := comparators[c]
		if negated {
			words = opposites[c]
		}
		return "expected " + words + " " + unit(bound)
	}
	message := v.matcher.FailureMessage
	if negated {
		message = v.matcher.NegatedFailureMessage
	}
	return "expected it " + shortened(squeeze(message(measured)))
}

var (
	comparators = map[string]string{"<": "less than", "<=": "at most", "==": "exactly", ">": "more than", ">=": "at least"}
	opposites   = map[string]string{"<": "at least", "<=": "more than", "==": "anything but", ">": "at most", ">=": "less than"}
)
