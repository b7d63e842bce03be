package randomfaults_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
	"github.com/heartbreak-ws/heartbreak/internal/specimen/randomfaults"
)

// outcomes are those of seeds 1 to 60, in this order.
func outcomes(t *testing.T) []randomfaults.Outcome {
	once.Do(func() {
		for seed := range uint64(60) {
			all = append(all, run(t, seed+1))
		}
	})
	return all
}

var (
	once sync.Once
	all  []randomfaults.Outcome
)

func run(t *testing.T, seed uint64, mutations ...specimen.Mutant) (out randomfaults.Outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if out, err = randomfaults.Run(seed, mutations...); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	})
	return out
}

func story(out randomfaults.Outcome) string {
	var b strings.Builder
	b.WriteString(strings.Join(out.Faults, "\n") + "\n")
	_ = out.Timeline.WriteText(&b)
	return b.String()
}

func TestEqualSeedsGiveEqualRuns(t *testing.T) {
	seen := map[string]uint64{}
	for i, out := range outcomes(t)[:20] {
		seed := uint64(i + 1)
		again := run(t, seed)
		first, second := out.Timeline.CanonicalText(), again.Timeline.CanonicalText()
		if first != second || !slices.Equal(out.Faults, again.Faults) {
			a, b := differ(first, second)
			t.Errorf("seed %d: two runs differ first at\n%s\nand\n%s", seed, a, b)
		}
		if other, found := seen[first]; found {
			t.Errorf("seeds %d and %d give the same run", other, seed)
		}
		seen[first] = seed
	}
}

// differ returns the first lines that differ.
func differ(a, b string) (string, string) {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return x[i], strings.Join(y[min(i, len(y)):min(i+1, len(y))], "")
		}
	}
	return "", ""
}

// A numbered message comes once, in its order, whatever happens to the connections.
func TestNothingIsLostOrRepeated(t *testing.T) {
	for seed, out := range outcomes(t) {
		for i, n := range out.Got {
			if n != fmt.Sprint(i+1) {
				t.Fatalf("seed %d: message %s came in place %d\n%s", seed+1, n, i+1, story(out))
			}
		}
	}
}

// The client is never connected twice, comes back, and stays away once it was stopped
// or turned away.
func TestTheClientIsCorrect(t *testing.T) {
	for i, out := range outcomes(t) {
		seed := i + 1
		open, over := 0, ""
		attempts := 0
		for e := range out.Timeline.All() {
			switch {
			case e.Kind == timeline.KindAccepted && open != 0:
				t.Fatalf("seed %d: at %v a connection beside #%d\n%s", seed, e.At, open, story(out))
			case e.Kind == timeline.KindAccepted && over != "":
				t.Fatalf("seed %d: at %v an attempt after %q\n%s", seed, e.At, over, story(out))
			case e.Kind == timeline.KindRequest && e.Dir&frame.ToServer != 0:
				attempts++
			case e.Kind == timeline.KindOpened:
				open = e.Conn
			case e.Conn == open && overForClient(e):
				open = 0
			case e.Kind == timeline.KindReport && (e.Field("name") == "stopped" || e.Field("name") == "giveup"):
				over = e.Field("name")
			}
		}
		if over == "" || over == "stopped" && attempts < 3 || attempts > 100 {
			t.Errorf("seed %d: %d attempts, and then %q\n%s", seed, attempts, over, story(out))
		}
	}
}

// overForClient reports whether a connection is over with this event, as far as the
// client is concerned.
func overForClient(e timeline.Event) bool {
	switch e.Kind {
	case timeline.KindFIN:
		return e.Dir == frame.ToServer && e.Seen&timeline.Arrived != 0
	case timeline.KindClosed:
		return e.Dir == frame.ToClient
	}
	return e.Kind == timeline.KindRST || e.Kind == timeline.KindEnded
}

func TestEveryFaultComesUp(t *testing.T) {
	missing := []string{
		"pong", "silence both", "silence to-client", "silence to-server", "cut", "reset", "with fin", "with full-close",
		"with half-close", "with rst", "close 1001", "close 1011", "close 1012", "close 1013", "close to both", "close 4401", "reject 401",
		"reject 503", "reject 429", "reject 502", "on accepted, hang", "on request, hang", "on response, hang",
		"refuse", "delay", "latency",
	}
	dialects := map[string]bool{}
	for _, out := range outcomes(t) {
		faults := strings.Join(out.Faults, "\n")
		missing = slices.DeleteFunc(missing, func(word string) bool { return strings.Contains(faults, word) })
		dialects[out.Config.Dialect.Name] = true
	}
	if len(missing) > 0 || len(dialects) != 5 {
		t.Errorf("60 runs lack %q, and had the dialects %v", missing, dialects)
	}
}

// Whatever a mutant does, a run ends, on time and with nothing left.
func TestMutantsRun(t *testing.T) {
	for i, m := range specimen.Mutants() {
		if out := run(t, uint64(i), m); out.Timeline.Now() < 11*time.Minute {
			t.Errorf("%s, seed %d: over at %v", m.Name, i, out.Timeline.Now())
		}
	}
}

// BenchmarkRun is eleven minutes of one client, a bubble each.
func BenchmarkRun(b *testing.B) {
	seed, events := uint64(0), 0
	for b.Loop() {
		seed++
		one := testing.InternalTest{Name: "run", F: func(t *testing.T) { events += run(t, seed).Timeline.Len() }}
		all := func(string, string) (bool, error) { return true, nil }
		if !testing.RunTests(all, []testing.InternalTest{one}) {
			b.Fatal("a run failed")
		}
	}
	b.ReportMetric(float64(events)/float64(b.N), "events/run")
}
