package assertions

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ want, got, diff string }{
		{"a b c", "a b c", ""},
		{"a b c", "a x c", "  a|- b|+ x|  c"},
		{"a b c", "a c", "  a|- b|  c"},
		{"a c", "a b c", "  a|+ b|  c"},
		{"", "a", "- |+ a"},
		{"1 2 3 4 5 6 7 8 9", "1 2 3 4 x 6 7 8 9", "… 1 line …|  2|  3|  4|- 5|+ x|  6|  7|  8|… 1 line …"},
		{"a a a", "a a", "  a|  a|- a"},
	} {
		if got := strings.Join(difference(strings.Split(c.want, " "), strings.Split(c.got, " ")), "|"); got != c.diff {
			t.Errorf("%q to %q: %q, want %q", c.want, c.got, got, c.diff)
		}
	}
}

// Taking out what is to be taken out, and putting in the rest, makes the one of the
// other.
func TestDifferencesAreWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	text := func() (lines []string) {
		for range rng.IntN(12) {
			lines = append(lines, fmt.Sprint(rng.IntN(3)))
		}
		return lines
	}
	for range 2000 {
		want, got := text(), text()
		var before, after []string
		for _, line := range script(want, got) {
			if line[0] != '+' {
				before = append(before, line[2:])
			}
			if line[0] != '-' {
				after = append(after, line[2:])
			}
		}
		if !slices.Equal(before, want) || !slices.Equal(after, got) {
			t.Fatalf("%q to %q: %q", want, got, script(want, got))
		}
	}
	long := make([]string, 3000)
	if edits := script(long, long); len(edits) != 6000 {
		t.Errorf("what is too long is shown as %d edits", len(edits))
	}
}
