package assertions

import (
	"reflect"
	"strings"

	"github.com/onsi/gomega/matchers"
	"github.com/onsi/gomega/types"
)

// takes asks a matcher of Gomega's about a payload: as a text, or as bytes if it compares
// with bytes, or does not take texts. The error is that of the text.
func takes(m types.GomegaMatcher, payload []byte) (bool, error) {
	ok, err := m.Match(payloadFor(m, payload))
	if err == nil {
		return ok, nil
	}
	if ok, bytesErr := m.Match(payload); bytesErr == nil {
		return ok, nil
	}
	return false, err
}

// payloadFor gives a payload the type that a matcher compares with, by default a text.
func payloadFor(m types.GomegaMatcher, payload []byte) any {
	if to := comparesWith(m); to != nil {
		return reflect.ValueOf(payload).Convert(to).Interface()
	}
	return string(payload)
}

// comparesWith is the type of the texts or bytes that a matcher compares with; nil if
// it compares with none.
func comparesWith(m types.GomegaMatcher) reflect.Type {
	var all []types.GomegaMatcher
	switch m := m.(type) {
	case *matchers.EqualMatcher:
		if to := reflect.TypeOf(m.Expected); to != nil && reflect.TypeFor[[]byte]().ConvertibleTo(to) && to.Kind() != reflect.Array {
			return to
		}
	case *matchers.NotMatcher:
		all = []types.GomegaMatcher{m.Matcher}
	case *matchers.AndMatcher:
		all = m.Matchers
	case *matchers.OrMatcher:
		all = m.Matchers
	}
	for _, m := range all {
		if to := comparesWith(m); to != nil {
			return to
		}
	}
	return nil
}

// samples are payloads of which every matcher takes one that takes payloads at all.
var samples = []string{"", "{}", "<a/>", "0", "text"}

// takesAny reports whether a matcher takes one of the samples. What panics over them was
// made for others.
func takesAny(m types.GomegaMatcher) (takesOne bool) {
	defer func() {
		if recover() != nil {
			takesOne = true
		}
	}()
	for _, sample := range samples {
		if _, err := takes(m, []byte(sample)); err == nil {
			return true
		}
	}
	return false
}

// misfit says why a matcher, or one of those that it is made of, takes no payload,
// whatever it is. Functions of users are not called for that.
func misfit(m types.GomegaMatcher) error {
	var all []types.GomegaMatcher
	switch m := m.(type) {
	case *matchers.NotMatcher:
		all = []types.GomegaMatcher{m.Matcher}
	case *matchers.AndMatcher:
		all = m.Matchers
	case *matchers.OrMatcher:
		all = m.Matchers
	case *matchers.WithTransformMatcher, *matchers.SatisfyMatcher, *matchers.HaveFieldMatcher:
		return nil
	default:
		if !strings.HasPrefix(reflect.TypeOf(m).String(), "*matchers.") || takesAny(m) {
			return nil
		}
		_, err := takes(m, []byte(samples[1]))
		return err
	}
	for _, m := range all {
		if err := misfit(m); err != nil {
			return err
		}
	}
	return nil
}
