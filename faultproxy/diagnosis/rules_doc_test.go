package diagnosis_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// The table of rules in the package's documentation is that of Rules.
func TestRulesAreDocumented(t *testing.T) {
	source, err := os.ReadFile("rules_doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(string(source), "\n") {
		if row, isRow := strings.CutPrefix(line, "//\t"); isRow && (row[0] == 'P' || row[0] == 'R') {
			got = append(got, row)
		}
	}
	var want []string
	for _, r := range diagnosis.Rules() {
		promise := r.Promise
		if r.Hard {
			promise = "(hard)"
		}
		want = append(want, fmt.Sprintf("%-20s  %-32s  %s", r.ID, promise, r.Title))
	}
	if !slices.Equal(got, want) {
		t.Errorf("rules_doc.go has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
