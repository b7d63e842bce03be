package fakeserver

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// query reads the parameters of a URL and collects what is wrong with them.
type query struct {
	path   string
	values url.Values
	known  []string // those that were asked for
	others []string // those that may be there and mean nothing
	wrong  []string
}

func (q *query) blame(format string, args ...any) {
	q.wrong = append(q.wrong, fmt.Sprintf(format, args...))
}

// has reports whether a parameter is there.
func (q *query) has(name string) bool {
	if !slices.Contains(q.known, name) {
		q.known = append(q.known, name)
	}
	return q.values.Has(name)
}

// text is a parameter, or what stands for it if it is not there.
func (q *query) text(name, otherwise string) string {
	if !q.has(name) {
		return otherwise
	}
	if values := q.values[name]; len(values) > 1 {
		q.blame("%s is there %d times; leave all but one out", name, len(values))
	}
	return q.values.Get(name)
}

func (q *query) duration(name string, otherwise time.Duration) time.Duration {
	text := q.text(name, otherwise.String())
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		q.blame("%s: want a duration such as 2s or 1500ms, got %q", name, text)
		return otherwise
	}
	return d
}

func (q *query) number(name string, low, high, otherwise int) int {
	text := q.text(name, strconv.Itoa(otherwise))
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		q.blame("%s: want a whole number from %d to %d, got %q", name, low, high, text)
		return otherwise
	}
	return n
}

// flag is a parameter without a value, or with true or false.
func (q *query) flag(name string) bool {
	switch text := q.text(name, "false"); text {
	case "", "true", "1":
		return true
	case "false", "0":
	default:
		q.blame("%s: want true or false, got %q", name, text)
	}
	return false
}

// unknown blames the parameters that nobody asked for.
func (q *query) unknown() {
	found := false
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if slices.Contains(q.known, name) || slices.Contains(q.others, name) {
			continue
		}
		text := fmt.Sprintf("unknown parameter %q", name)
		if meant := schema.Suggest(name, q.known); meant != "" {
			text += fmt.Sprintf(" (did you mean %q?)", meant)
		}
		q.wrong, found = append(q.wrong, text), true
	}
	switch {
	case found && len(q.known) == 0:
		q.blame("%s takes none", q.path)
	case found:
		q.blame("%s takes %s", q.path, strings.Join(q.known, ", "))
	}
}

// rejects is /reject.
func (q *query) rejects() Handler {
	var details []Detail
	status := q.number("status", 200, 599, http.StatusServiceUnavailable)
	if q.has("retry-after") {
		details = append(details, Header("Retry-After", q.line("retry-after")))
	}
	if q.has("body") {
		details = append(details, Body(q.text("body", "")))
	}
	return RejectWith(status, details...)
}

// line is a parameter that goes into a header; empty if it is not there.
func (q *query) line(name string) string {
	text := q.text(name, "")
	if strings.ContainsAny(text, "\r\n\x00") {
		q.blame("%s: a header cannot hold a line break", name)
	}
	return text
}

// urlEndings are the endings that have no Close.
var urlEndings = []struct {
	name string
	make func() Ending
}{{"fin", Fin}, {"rst", Reset}, {"half-close", HalfClose}, {"freeze", Freeze}, {"go-dark", GoDark}, {"stop-reading", StopReading}}

// dropped is the ending of that name.
func (q *query) dropped(parameter, name string) Ending {
	var names []string
	for _, e := range urlEndings {
		if e.name == name {
			return e.make()
		}
		names = append(names, e.name)
	}
	q.blame("%s: want %s, got %q", parameter, strings.Join(names, ", "), name)
	return Fin()
}

// code is a close code, which need not be a legal one.
func (q *query) code(name string) frame.CloseCode {
	return frame.CloseCode(q.number(name, 0, 65535, int(frame.CodeNormalClosure)))
}
