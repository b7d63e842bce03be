package assertions

import (
	"fmt"
	"reflect"
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
	case time.Duration:
		return span(a)
	case fmt.Stringer:
		return a.String()
	case string:
		return strconv.Quote(a)
	}
	return fmt.Sprint(a)
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

// plural counts: "1 frame", "3 frames".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
