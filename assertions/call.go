package assertions

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call writes a call as code does. Slices are arguments of their own.
func call(name string, args ...any) string {
	var texts []string
	for _, a := range args {
		if r := reflect.ValueOf(a); a != nil && r.Kind() == reflect.Slice {
			for i := range r.Len() {
				texts = append(texts, argument(r.Index(i).Interface()))
			}
			continue
		}
		texts = append(texts, argument(a))
	}
	return name + "(" + strings.Join(texts, ", ") + ")"
}

func argument(a any) string {
	switch a := a.(type) {
	case nil:
		return "nil"
	case time.Duration:
		return span(a)
	case fmt.Stringer:
		return a.String()
	case string:
		return quoted(a)
	case []byte:
		return "[]byte(" + quoted(string(a)) + ")"
	}
	return fmt.Sprint(a)
}

// quoted quotes a text, cut after so many letters that a sentence can still be read.
func quoted(s string) string {
	const most = 60
	letters := 0
	for i := range s {
		if letters == most {
			return fmt.Sprintf("%s… (%d B)", strconv.Quote(s[:i]), len(s))
		}
		letters++
	}
	return strconv.Quote(s)
}

// times says how often: "once", "3 times".
func times(n any) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%v times", n)
}

// connections counts: "no connection", "2 connections".
func connections(n int) string {
	switch n {
	case 0:
		return "no connection"
	case 1:
		return "one connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// numbered lists connections: "#1, #3".
func numbered(conns []int) string {
	texts := make([]string, len(conns))
	for i, n := range conns {
		texts[i] = "#" + strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}

// span writes a duration to the millisecond, or exactly if it is shorter.
func span(d time.Duration) string {
	if d < time.Millisecond && d > -time.Millisecond {
		return d.String()
	}
	return d.Round(time.Millisecond).String()
}

// exact is span, with as many digits more as it takes to tell d from the others.
func exact(d time.Duration, others ...time.Duration) string {
	for _, unit := range []time.Duration{time.Millisecond, 10 * time.Microsecond} {
		round := func(d time.Duration) time.Duration {
			if d < unit && d > -unit {
				return d
			}
			return d.Round(unit)
		}
		if !slices.ContainsFunc(others, func(o time.Duration) bool { return o != d && round(o) == round(d) }) {
			return round(d).String()
		}
	}
	return d.String()
}

// fromTo writes the two ends of a range, or the one time that both print as.
func fromTo(low, high time.Duration) string {
	if span(low) == span(high) {
		return span(low)
	}
	return span(low) + " to " + span(high)
}

// verb is the form of a verb that goes with a number.
func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// article puts "a" or "an" before a word.
func article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// plural counts: "1 frame", "3 frames".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
