package specs

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// judge turns an end that no failure explains into one.
func (t *T) judge(e ending) {
	ginkgo.GinkgoHelper()
	dir := filepath.Dir(t.leaf.FileName)
	switch {
	case e.given != "":
		g, at := t.culprit(e.left)
		t.failWith(at, g, fmt.Sprintf("%s\n%s%s", e.given, clockStoppers(e.left, dir), traces(e.left)))
	case e.panicked != nil:
		t.ruined(fmt.Sprint(e.panicked), e.left)
	case e.aborted:
		t.failAt(t.leaf, "a data race in the spec: the race detector's report, WARNING: DATA RACE, is in the output of the suite")
	}
}

// ruined reports a panic of testing/synctest itself.
func (t *T) ruined(reason string, left []goroutine) {
	ginkgo.GinkgoHelper()
	dir := filepath.Dir(t.leaf.FileName)
	switch {
	case strings.Contains(reason, "main bubble goroutine has exited"):
		var g goroutine
		at := t.leaf
		var b strings.Builder
		fmt.Fprintf(&b, "%s left when the spec and its cleanups had ended; end what they wait for in T.Cleanup:\n", count(len(left)))
		for i, l := range left {
			s := l.started(dir)
			if i == 0 && s.file != "" {
				g, at = l, s.location()
			}
			fmt.Fprintf(&b, "  started at %s, now in %s\n", short(s), l.words(dir))
		}
		t.failWith(at, g, b.String()+traces(left))
	case strings.Contains(reason, "all goroutines in bubble are blocked"):
		g, at := t.culprit(left)
		t.failWith(at, g, "deadlock: every goroutine of the spec waits for another, and no timer is left to wake one:\n"+waits(left, dir)+traces(left))
	default:
		t.failAt(t.leaf, "testing/synctest: "+reason)
	}
}

// culprit is the goroutine to look at first and its line: one that stops the
// clock, the spec's own before others; else the spec's own.
func (t *T) culprit(left []goroutine) (goroutine, types.CodeLocation) {
	var chosen goroutine
	best := -1
	for _, g := range left {
		score := 0
		if !g.durable {
			score += 2
		}
		if g.isBody() {
			score++
		}
		if score > best {
			chosen, best = g, score
		}
	}
	if at := chosen.at(filepath.Dir(t.leaf.FileName)); at.file != "" {
		return chosen, at.location()
	}
	return chosen, t.leaf
}

func (t *T) failWith(at types.CodeLocation, g goroutine, message string) {
	ginkgo.GinkgoHelper()
	at.FullStackTrace = g.trace()
	t.failAt(at, strings.TrimSuffix(message, "\n"))
}

// fingerprint is what the goroutines do, and whether the clock is frozen: nothing
// runs, and something waits that the bubble's clock waits for.
func fingerprint(list []goroutine) (seen string, frozen bool) {
	var b strings.Builder
	for _, g := range list {
		if g.isBusy() {
			return "", false
		}
		frozen = frozen || !g.durable
		fmt.Fprintln(&b, g.id, g.state, g.trace())
	}
	return b.String(), frozen
}

// clockStoppers says of each goroutine that stops the clock what it waits for.
func clockStoppers(list []goroutine, dir string) string {
	var b strings.Builder
	for _, g := range list {
		if !g.durable && !g.isBusy() {
			fmt.Fprintf(&b, "  goroutine %d: %s: %s\n", g.id, g.words(dir), advice(g.state))
		}
	}
	return b.String()
}

// waits says of each goroutine what it waits in.
func waits(list []goroutine, dir string) string {
	var b strings.Builder
	for _, g := range list {
		fmt.Fprintf(&b, "  goroutine %d: %s\n", g.id, g.words(dir))
	}
	return b.String()
}

// words is what the goroutine waits in, and its line.
func (g goroutine) words(dir string) string {
	if at := g.at(dir); at.file != "" {
		return g.state + " at " + short(at)
	}
	if len(g.frames) > 0 {
		return g.state + " in " + g.frames[0].function
	}
	return g.state
}

// advice is what to do about a wait that stops the clock.
func advice(state string) string {
	switch {
	case strings.HasPrefix(state, "chan"), strings.HasPrefix(state, "select"):
		return "the channel was made outside of the bubble (by a plain BeforeEach, a package variable, a SpecContext); make it inside, in a specs.Setup, and use T.Context"
	case strings.HasPrefix(state, "sync.Mutex"), strings.HasPrefix(state, "sync.RWMutex"):
		return "a mutex is held across a wait; hold it for memory only, or make it a channel of one"
	case strings.HasPrefix(state, "IO wait"):
		return "a real socket, pipe or file; use memnet, or the InMemory forms, in virtual time"
	case strings.HasPrefix(state, "sync.WaitGroup"), strings.HasPrefix(state, "sync.Cond"), strings.HasPrefix(state, "semacquire"):
		return "it was made or first used outside of the bubble; make it inside"
	case strings.HasPrefix(state, "syscall"):
		return "a system call; do real I/O in real time"
	}
	return "virtual time does not wait for it"
}

func short(f frameAt) string {
	if f.file == "" {
		return "an unknown line"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(f.file), f.line)
}

func count(n int) string {
	if n == 1 {
		return "1 goroutine was"
	}
	return fmt.Sprintf("%d goroutines were", n)
}
