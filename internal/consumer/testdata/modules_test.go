package consumer

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// entering is how many modules enter the go.sum of somebody who uses all of the kit but
// the Ginkgo specs, their own tests' included. README tells it; a dependency more has to
// be worth it.
const entering = 11

func TestHowManyModulesEnter(t *testing.T) {
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for line := range strings.Lines(string(sum)) {
		modules = append(modules, strings.Fields(line)[0])
	}
	slices.Sort(modules)
	if modules = slices.Compact(modules); len(modules) != entering {
		t.Errorf("%d modules enter go.sum, want %d:\n%s", len(modules), entering, strings.Join(modules, "\n"))
	}
}
