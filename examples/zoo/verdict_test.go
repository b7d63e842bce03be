package zoo_test

import (
	"strings"
	"testing"
)

func TestOnlyARightRedAndAGreenAreRight(t *testing.T) {
	b := bug{red: "connections: 2"}
	green := &trial{release: "green"}
	red := &trial{failures: []string{"Failed after 7 s.\nconnections: 2, expected 1"}}
	other := &trial{failures: []string{"connections: 0, expected 1"}, log: []string{"it could not start"}}
	for _, c := range []struct {
		buggy, fixed *trial
		want         []string
	}{
		{red, green, nil},
		{green, green, []string{"does not see the bug"}},
		{other, green, []string{"it could not start"}},
		{red, other, []string{"connections: 0"}},
		{green, red, []string{"does not see the bug", "connections: 2"}},
	} {
		got := objections(b, c.buggy, c.fixed)
		if len(got) != len(c.want) {
			t.Errorf("objections %q, want %q", got, c.want)
			continue
		}
		for i, o := range got {
			if !strings.Contains(o, c.want[i]) {
				t.Errorf("objection %q, want %q in it", o, c.want[i])
			}
		}
	}
}
