package zoo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// row is what became of a bug. The zero value, of one that was skipped, is not shown.
type row struct {
	bug
	buggy, fixed *trial
}

// show writes the rows as a table.
func show(t *testing.T, rows []row) {
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.buggy == nil })
	if len(rows) == 0 {
		return
	}
	w := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "bug\tpackage\tbuggy\tfixed\tspec\twhat the spec says of the buggy release")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d lines\t%s\n", r.id, r.buggy.pkg, r.buggy.outcome(), r.fixed.outcome(), lines(t, r.spec), r.buggy.said())
	}
	_ = w.Flush()
}

// outcome is the release, whether it was red or green, and how long that took.
func (t *trial) outcome() string {
	colour := "green"
	if t.Failed() {
		colour = "red"
	}
	return fmt.Sprintf("%s %s %.0f s", t.version, colour, t.took.Seconds())
}

// said is the sentence of the first failure; the rest of it is in README.md.
func (t *trial) said() string {
	if !t.Failed() {
		return ""
	}
	paragraph, _, _ := strings.Cut(t.failures[0], "\n\n")
	lines := strings.Split(strings.TrimSpace(paragraph), "\n")
	return lines[len(lines)-1] // behind Gomega's word of how long it waited
}
