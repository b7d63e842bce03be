package assertions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/onsi/gomega/matchers"
	"github.com/onsi/gomega/types"
)

// callOf writes a matcher as the call that made it; of those that are not Gomega's own,
// or take other values than texts, only the name.
func callOf(m types.GomegaMatcher) string {
	if s, ok := m.(fmt.Stringer); ok {
		return s.String()
	}
	switch m := m.(type) {
	case *matchers.EqualMatcher:
		return call("Equal", one(m.Expected)...)
	case *matchers.ContainSubstringMatcher:
		return call("ContainSubstring", append([]any{m.Substr}, m.Args...)...)
	case *matchers.HavePrefixMatcher:
		return call("HavePrefix", append([]any{m.Prefix}, m.Args...)...)
	case *matchers.HaveSuffixMatcher:
		return call("HaveSuffix", append([]any{m.Suffix}, m.Args...)...)
	case *matchers.MatchRegexpMatcher:
		return call("MatchRegexp", append([]any{m.Regexp}, m.Args...)...)
	case *matchers.MatchJSONMatcher:
		return "MatchJSON(" + document(m.JSONToMatch) + ")"
	case *matchers.MatchYAMLMatcher:
		return "MatchYAML(" + document(m.YAMLToMatch) + ")"
	case *matchers.MatchXMLMatcher:
		return "MatchXML(" + document(m.XMLToMatch) + ")"
	case *matchers.HaveLenMatcher:
		return call("HaveLen", m.Count)
	case *matchers.BeElementOfMatcher:
		return call("BeElementOf", m.Elements...)
	case *matchers.NotMatcher:
		return "Not(" + callOf(m.Matcher) + ")"
	case *matchers.AndMatcher:
		return "And(" + joined(m.Matchers, ", ", callOf) + ")"
	case *matchers.OrMatcher:
		return "Or(" + joined(m.Matchers, ", ", callOf) + ")"
	case *matchers.BeNumericallyMatcher:
		return call("BeNumerically", append([]any{m.Comparator}, m.CompareTo...)...)
	}
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", m), "*matchers."), "Matcher") + "(…)"
}

// one is the argument of a call, which is one even if it is a slice.
func one(a any) []any { return []any{plain(shortened(argument(a)))} }

// clause says what a matcher wants of a text, behind what has it: `containing "beta"`.
func clause(m types.GomegaMatcher) string {
	switch m := m.(type) {
	case *matchers.EqualMatcher:
		return "equal to " + shortened(argument(m.Expected))
	case *matchers.ContainSubstringMatcher:
		return "containing " + argument(formatted(m.Substr, m.Args))
	case *matchers.HavePrefixMatcher:
		return "with the prefix " + argument(formatted(m.Prefix, m.Args))
	case *matchers.HaveSuffixMatcher:
		return "with the suffix " + argument(formatted(m.Suffix, m.Args))
	case *matchers.MatchRegexpMatcher:
		return "matching /" + shortened(formatted(m.Regexp, m.Args)) + "/"
	case *matchers.MatchJSONMatcher:
		return "matching JSON " + document(m.JSONToMatch)
	case *matchers.MatchYAMLMatcher:
		return "matching YAML " + document(m.YAMLToMatch)
	case *matchers.MatchXMLMatcher:
		return "matching XML " + document(m.XMLToMatch)
	case *matchers.HaveLenMatcher:
		return fmt.Sprintf("of length %d", m.Count)
	case *matchers.BeElementOfMatcher:
		texts := make([]string, len(m.Elements))
		for i, e := range m.Elements {
			texts[i] = argument(e)
		}
		return strings.Join(texts, " or ")
	case *matchers.NotMatcher:
		return "not " + clause(m.Matcher)
	case *matchers.AndMatcher:
		return joined(m.Matchers, " and ", clause)
	case *matchers.OrMatcher:
		return joined(m.Matchers, " or ", clause)
	case *matchers.BeNumericallyMatcher:
		if c, bound, ok := (value{matcher: m}).bound(); ok {
			return comparators[c] + " " + argument(bound)
		}
	}
	return "that " + callOf(m) + " accepts"
}

func joined(all []types.GomegaMatcher, joint string, say func(types.GomegaMatcher) string) string {
	texts := make([]string, len(all))
	for i, m := range all {
		texts[i] = say(m)
	}
	return strings.Join(texts, joint)
}

// formatted is what a matcher of Gomega's makes of a text and its arguments.
func formatted(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// document is a text in one line; of JSON what does not matter is left out.
func document(d any) string {
	text := fmt.Sprint(d)
	switch d := d.(type) {
	case []byte:
		text = string(d)
	case json.RawMessage:
		text = string(d)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) == nil {
		text = compact.String()
	}
	return shortened(strings.TrimSpace(spaces.ReplaceAllString(text, " ")))
}

// shortened cuts a text that is no quotation after so many letters that a sentence can
// still be read.
func shortened(s string) string {
	const most = 160
	letters := 0
	for i := range s {
		if letters == most {
			return s[:i] + "…"
		}
		letters++
	}
	return s
}

var (
	typeName = regexp.MustCompile(`<[^<>\n]+>: `)
	spaces   = regexp.MustCompile(`\s+`)
)

// squeeze makes one line of what a matcher of gomega's says, without the value that
// it was given and without types: "to be within 1 of ~ 5".
func squeeze(message string) string {
	if rest, ok := strings.CutPrefix(message, "Expected\n"); ok {
		lines := strings.Split(rest, "\n")
		i := 0
		for i < len(lines) && strings.HasPrefix(lines[i], "    ") {
			i++
		}
		if i < len(lines) {
			message = strings.Join(lines[i:], "\n")
		}
	}
	return strings.TrimSpace(spaces.ReplaceAllString(typeName.ReplaceAllString(message, ""), " "))
}
