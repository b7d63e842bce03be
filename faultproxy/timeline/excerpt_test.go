package timeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestWriteEnds(t *testing.T) {
	tl := timeline.New()
	for n := range 10 {
		tl.Note(fmt.Sprint("n", n))
	}
	for _, c := range []struct {
		first, last int
		want        string
	}{
		{2, 3, "n0 n1 … n7 n8 n9"},
		{0, 2, "… n8 n9"},
		{5, 5, "n0 n1 n2 n3 n4 n5 n6 n7 n8 n9"},
		{20, 20, "n0 n1 n2 n3 n4 n5 n6 n7 n8 n9"},
	} {
		var b strings.Builder
		if err := tl.View().WriteEnds(&b, c.first, c.last); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(b.String()) {
			words := strings.Fields(line)
			if words[0] == "…" {
				got = append(got, "…")
				if want := fmt.Sprintf("… %d events left out here …\n", 10-c.first-c.last); line != want {
					t.Errorf("%q, want %q", line, want)
				}
				continue
			}
			got = append(got, words[len(words)-1])
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%d and %d: %s, want %s", c.first, c.last, s, c.want)
		}
	}
}
