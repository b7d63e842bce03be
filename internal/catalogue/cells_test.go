package catalogue

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// entry is a line of the catalogue.
type entry struct {
	Section  string            `json:"section"`
	What     string            `json:"what"`
	Document string            `json:"rule"`
	With     string            `json:"with,omitempty"` // what it needs besides the rule
	Reports  map[string]string `json:"reports"`        // by client
}

const file = "../../faultproxy/testdata/catalogue.json"

func read(t *testing.T) (entries []entry) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &entries)
	}
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func write(t *testing.T, entries []entry) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(entries)
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// orElse stands between reports of which a client makes now one, now another: where
// what it sees depends on which of two things reaches it first.
const orElse = " or else "

// agrees reports whether a cell of the table has a report.
func agrees(cell, report string) bool {
	return cell != "" && slices.ContainsFunc(strings.Split(cell, orElse), func(c string) bool { return alike(c, report) })
}

// alike reports whether two reports differ in nothing but their times, and in these by no
// more than a machine with other things to do: a second. Clients' own timers differ by
// more.
func alike(a, b string) bool {
	ta, tb := times(a), times(b)
	if timed.ReplaceAllString(a, "") != timed.ReplaceAllString(b, "") || len(ta) != len(tb) {
		return false
	}
	for i := range ta {
		if (ta[i] - tb[i]).Abs() > time.Second {
			return false
		}
	}
	return true
}

var timed = regexp.MustCompile(`\b(\d+m)?\d+s\b`)

func times(report string) (list []time.Duration) {
	for _, text := range timed.FindAllString(report, -1) {
		d, _ := time.ParseDuration(text)
		list = append(list, d)
	}
	return list
}

// renewed is a cell after a client reported something several times. Alternatives that
// the cell had stay if any of them was among it; of reports that are alike the earliest
// stays.
func renewed(cell string, reports ...string) string {
	if slices.ContainsFunc(reports, func(r string) bool { return agrees(cell, r) }) {
		reports = slices.Concat(strings.Split(cell, orElse), reports)
	}
	var list []string
	for _, r := range reports {
		i := slices.IndexFunc(list, func(known string) bool { return alike(known, r) })
		switch {
		case i < 0:
			list = append(list, r)
		case slices.Compare(times(r), times(list[i])) < 0:
			list[i] = r
		}
	}
	return strings.Join(list, orElse)
}

func TestCellsWithAlternatives(t *testing.T) {
	for _, c := range []struct {
		cell    string
		reports []string
		want    string
	}{
		{"", []string{"a", "a"}, "a"},
		{"", []string{"a", "b"}, "a or else b"},
		{"a or else b", []string{"b", "b"}, "a or else b"},
		{"a or else b", []string{"b", "c"}, "a or else b or else c"},
		{"a or else b", []string{"c", "c"}, "c"},
		{"", []string{"x, after 2s", "x, after 1s"}, "x, after 1s"},
		{"x, after 1m9s or else x, after 1m10s", []string{"x, after 1m10s"}, "x, after 1m9s"},
		{"x, after 12s", []string{"x, after 10s"}, "x, after 10s"},
		{"x", []string{"x, after 1s"}, "x, after 1s"},
	} {
		if got := renewed(c.cell, c.reports...); got != c.want {
			t.Errorf("%q with %q becomes %q, want %q", c.cell, c.reports, got, c.want)
		}
	}
	if !agrees("a or else b", "b") || agrees("a or else b", "a or") || agrees("", "") {
		t.Error("a cell agrees with its alternatives, each as a whole, and an empty one with nothing")
	}
	if !agrees("x, after 10s", "x, after 11s") || agrees("x, after 10s", "x, after 12s") || agrees("x, after 10s", "x") {
		t.Error("times agree if they differ by a second, and are there")
	}
}
