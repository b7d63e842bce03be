package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// String returns a text. A number or a bool is a problem, not a text: YAML reads
// unquoted 1, 1.0 and true as such, and guessing back loses what was written.
func (n Node) String() string {
	if s, ok := n.value.(string); ok {
		return s
	}
	if n.exists {
		switch n.value.(type) {
		case nil, []any, map[string]any, map[any]any:
			n.wrong("a text")
		default:
			n.Fail("want a text, got %s: put it in quotes", n.describe())
		}
	}
	return ""
}

// Bool returns true or false; the words "yes" and "on" and the like are problems.
func (n Node) Bool() bool {
	b, ok := n.value.(bool)
	if !ok && n.exists {
		n.wrong("true or false")
	}
	return b
}

// Int returns a whole number. A float with nothing behind the point is one (JSON
// decoders make floats of all numbers).
func (n Node) Int() int {
	i, ok := n.integer()
	if !ok && n.exists {
		n.wrong("a whole number")
	}
	return i
}

// IntIn is [Node.Int] with bounds, both included.
func (n Node) IntIn(low, high int) int {
	i, ok := n.integer()
	switch {
	case !n.exists:
		return 0
	case !ok:
		n.wrong(fmt.Sprintf("a whole number from %d to %d", low, high))
		return 0
	case i < low || i > high:
		n.Fail("want a whole number from %d to %d, got %d", low, high, i)
		return 0
	}
	return i
}

// Float returns a number; it is never infinite and never NaN.
func (n Node) Float() float64 {
	s, ok := n.number()
	if ok {
		f, err := strconv.ParseFloat(s, 64)
		if err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	if n.exists {
		n.wrong("a number")
	}
	return 0
}

// Duration returns a span of time, zero or more, from Go's notation: "1500ms",
// "1m30s". A number without a unit is a problem, unless it is 0.
func (n Node) Duration() time.Duration {
	if !n.exists {
		return 0
	}
	text, isText := n.value.(string)
	number, isNumber := n.number()
	if isText {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			number, isNumber = text, true
		}
	}
	if isNumber {
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || f != 0 {
			n.Fail("%s needs a unit, such as %[1]sms or %[1]ss", number)
		}
		return 0
	}
	if !isText {
		n.wrong("a duration such as 30s")
		return 0
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		n.Fail("want a duration such as 30s, 1500ms or 1m30s, got %q", text)
		return 0
	case d < 0:
		n.Fail("want a duration of zero or more, got %s", text)
		return 0
	}
	return d
}

// Enum returns a text that is one of the values; empty if it is not.
func (n Node) Enum(values ...string) string {
	if n.exists {
		if s, ok := n.value.(string); !ok {
			n.wrong(list(values, "or"))
		} else if !slices.Contains(values, s) {
			n.Fail("unknown value %q%s", s, options(s, values))
		} else {
			return s
		}
	}
	return ""
}

// number returns the value's decimal text if it is a number.
func (n Node) number() (string, bool) {
	switch v := n.value.(type) {
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(v), true
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// integer returns the value if it is a whole number that an int can hold.
func (n Node) integer() (int, bool) {
	s, ok := n.number()
	if !ok {
		return 0, false
	}
	if i, err := strconv.Atoi(s); err == nil {
		return i, true
	}
	// Beyond 2^53 a float no longer says which whole number was written.
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int(f), true
}

func (n Node) wrong(want string) { n.Fail("want %s, got %s", want, n.describe()) }

// describe says in words what the value is.
func (n Node) describe() string {
	switch v := n.value.(type) {
	case nil:
		return "nothing"
	case string:
		const most = 40
		if r := []rune(v); len(r) > most {
			v = string(r[:most]) + "…"
		}
		return "the text " + strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return "a list"
	case map[string]any, map[any]any:
		return "a map"
	}
	if s, ok := n.number(); ok {
		return "the number " + s
	}
	return strings.TrimSpace(fmt.Sprintf("a value of type %T", n.value))
}
