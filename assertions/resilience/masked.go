package resilience

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const redacted = "[redacted]"

// quoted returns Go string literals, as in the arguments of a call.
func quoted(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(a))
	}
	return b.String()
}

// maskedEnv returns variables as they may be printed.
func maskedEnv(env []string) []string {
	masked := make([]string, len(env))
	for i, kv := range env {
		masked[i] = maskedPair(kv, "=")
	}
	return masked
}

// maskedArgs returns arguments as they may be printed: of --token=x, "token: x" and
// --token x the x is left out.
func maskedArgs(args []string) []string {
	masked := make([]string, len(args))
	for i, a := range args {
		if i > 0 && strings.HasPrefix(args[i-1], "-") && !strings.ContainsAny(args[i-1], "=:") && secretName(args[i-1]) {
			masked[i] = redacted
			continue
		}
		masked[i] = maskedPair(a, "=:")
	}
	return masked
}

// maskedPair returns a name and its value, parted by one of the separators, as they
// may be printed.
func maskedPair(s, separators string) string {
	if i := strings.IndexAny(s, separators); i >= 0 && i+1 < len(s) && secretName(s[:i]) {
		return s[:i+1] + redacted
	}
	return timeline.RedactURL(s)
}

// secretName reports whether a name, or a word of it, is one whose value a timeline
// would not keep in a header or in a URL.
func secretName(name string) bool {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, word := range append(words, name) {
		f := timeline.Field{Name: word, Value: "x"}
		if timeline.RedactField(f) != f || timeline.RedactURL("?"+word+"=x") != "?"+word+"=x" {
			return true
		}
	}
	return false
}
