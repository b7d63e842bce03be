package confusion

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

var update = flag.Bool("update", false, "write the golden files anew")

// leastRight is the share of rows that must be diagnosed as what they are.
const leastRight = 0.95

// inferred are the causes that stand in no frame and no answer, and have to be found
// in times, directions and the order of things.
var inferred = []diagnosis.ID{diagnosis.IDIdleTimeout, diagnosis.IDMaxLifetime, diagnosis.IDHeartbeatTimeout, diagnosis.IDHalfOpen,
	diagnosis.IDNoCloseFrame, diagnosis.IDResetByClient, diagnosis.IDResetByServer, diagnosis.IDClientGone, diagnosis.IDNeverAnswered,
	diagnosis.IDHandshakeCut, diagnosis.IDHandshakeBroken}

// places are where a row is recorded.
var places = []string{"own", "front"}

// found is what was made of a row at one place.
type found struct {
	row
	place string
	want  diagnosis.ID
	diagnosis.Report
}

func (f found) right() bool { return f.Cause.ID == f.want }

func (f found) key() string { return f.group + "/" + f.name + " " + f.place }

func TestEveryFaultIsDiagnosedAsItself(t *testing.T) {
	all := matrix(t, 100*time.Microsecond)
	for key := range misses {
		if !slices.ContainsFunc(all, func(f found) bool { return f.key() == key }) {
			t.Errorf("an explanation for %q, which is no row", key)
		}
	}
	golden(t, "confusion.txt", report(t, all))
}

// The same, however long the way.
func TestDistanceDoesNotMatter(t *testing.T) {
	for _, hop := range []time.Duration{time.Nanosecond, 15 * ms} {
		t.Run(hop.String(), func(t *testing.T) { matrix(t, hop) })
	}
}

// matrix plays all rows.
func matrix(t *testing.T, hop time.Duration) (all []found) {
	for _, r := range rows() {
		r.hop = hop
		t.Run(r.group+"/"+r.name, func(t *testing.T) {
			own, front := r.play(t)
			var events []frame.CloseEvent
			wants := map[string]diagnosis.ID{"own": r.want, "front": cmp.Or(r.field, r.want)}
			for i, recording := range []diagnosis.Events{own, front} {
				place := places[i]
				f := found{r, place, wants[place], r.diagnose(t, recording, place == "own" && r.mute)}
				all = append(all, f)
				if _, explained := misses[f.key()]; explained == f.right() {
					t.Errorf("%s: %s, want %s (explained as a miss: %t)\n%s\n%s", place, f.Cause.ID, f.want, explained, f.Report, text(recording))
				}
				if f.How != diagnosis.StillOpen && f.Cause.ID != diagnosis.IDUnknown && len(f.Cause.Evidence) == 0 {
					t.Errorf("%s: no evidence for %s", place, f.Cause)
				}
				if f.Reported {
					events = append(events, f.CloseEvent)
				}
			}
			if !r.byProxy() && len(events) == 2 && events[0] != events[1] {
				t.Errorf("the client reports %s by what the server saw, %s by what a proxy saw", events[0], events[1])
			}
		})
	}
	return all
}

// report writes the table, the sums and the misses.
func report(t *testing.T, all []found) []byte {
	var b bytes.Buffer
	group := ""
	for pair := range slices.Chunk(all, len(places)) {
		if r := pair[0].row; r.group != group {
			group = r.group
			fmt.Fprintf(&b, "\n%-72s %-28s %s\n", strings.ToUpper(group), "OWN RECORDING", "RECORDER IN FRONT")
		}
		fmt.Fprintf(&b, "%-72s %-28s %s\n", pair[0].name, pair[0].cell(), pair[1].cell())
	}
	fmt.Fprintf(&b, "\nWHAT WAS TAKEN FOR WHAT\n")
	confused := map[[2]diagnosis.ID]int{}
	for _, f := range all {
		confused[[2]diagnosis.ID{f.want, f.Cause.ID}]++
	}
	for _, pair := range slices.SortedFunc(maps.Keys(confused), func(a, b [2]diagnosis.ID) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		mark := ""
		if pair[0] != pair[1] {
			mark = "   MISSED"
		}
		fmt.Fprintf(&b, "%-26s as %-26s %4d%s\n", pair[0], pair[1], confused[pair], mark)
	}
	fmt.Fprintf(&b, "\nMISSES\n")
	for _, key := range slices.Sorted(maps.Keys(misses)) {
		fmt.Fprintf(&b, "%s: %s\n", key, misses[key])
	}
	sums := tally(t, all)
	t.Logf("\n%s\n%s", sums, &b)
	return append([]byte(sums), b.Bytes()...)
}

// cell is what was found at one place.
func (f found) cell() string {
	s := fmt.Sprintf("%s (%s)", f.Cause.ID, f.Cause.Confidence)
	if !f.right() {
		s = "! " + s
	}
	return s
}

// tally counts the hits, and fails the test if there are too few.
func tally(t *testing.T, all []found) string {
	var b strings.Builder
	count := func(what string, which func(found) bool) {
		n, right := 0, 0
		for _, f := range all {
			if which(f) {
				n++
				if f.right() {
					right++
				}
			}
		}
		share := float64(right) / float64(n)
		fmt.Fprintf(&b, "%-58s %4d of %4d right, %.1f %%\n", what, right, n, 100*share)
		if share < leastRight {
			t.Errorf("%s: %d of %d right, want %.0f %%", what, right, n, 100*leastRight)
		}
	}
	count("all", func(found) bool { return true })
	count("in the recording of who does it", func(f found) bool { return f.place == "own" })
	count("in that of a recorder in front", func(f found) bool { return f.place == "front" })
	count("without those in which the connection lives on", func(f found) bool { return f.want != diagnosis.IDStillOpen })
	count("of those whose cause no Close and no status names", func(f found) bool { return slices.Contains(inferred, f.want) })
	return b.String()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs in line %d (go test -update writes it anew):\n got %s\nwant %s", path, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d (go test -update writes it anew)", path, len(gotLines), len(wantLines))
}
