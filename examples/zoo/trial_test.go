package zoo_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
)

// trial is a spec being tried on one release of a client. To the spec it is the test
// and its Gomega at once. What fails is kept, not reported: on the buggy release it
// is what the spec is for.
type trial struct {
	gomega.Gomega
	bug
	release      string // buggy or fixed
	pkg, version string
	client       resilience.Client
	took         time.Duration

	mu       sync.Mutex
	failures []string
	log      []string
	cleanups []func()
}

func newTrial(tb *testing.T, b bug, release string) *trial {
	tb.Helper()
	t := &trial{bug: b, release: release, client: driver(tb, b.id, release)}
	t.pkg, t.version = published(tb, b.id, release)
	t.Gomega = gomega.NewGomega(func(message string, _ ...int) { t.Fatalf("%s", message) })
	return t
}

// try runs the spec to its end, the clean-up included.
func (t *trial) try() {
	begun := time.Now()
	defer func() {
		for _, f := range slices.Backward(t.cleanups) {
			f()
		}
		t.took = time.Since(begun)
	}()
	t.spec(t)
}

// run starts the client against a server and waits until it has begun to connect,
// which takes a while with so many at once. More variables tell it how to behave, see
// its driver.
func (t *trial) run(srv *fakeserver.Server, env ...string) {
	resilience.Start(t, srv, t.client.Env(env...))
	t.Eventually(srv, time.Minute).Should(assertions.HaveAttempted(gomega.BeNumerically(">", 0)))
}

// both runs two functions at once.
func both(f, g func()) {
	var done sync.WaitGroup
	done.Go(f)
	done.Go(g)
	done.Wait()
}

// String returns the package and its release.
func (t *trial) String() string { return t.pkg + " " + t.version }

// account is all that failed, and what was logged about it.
func (t *trial) account() string { return strings.Join(slices.Concat(t.failures, t.log), "\n") }

// The rest is what a server and a client ask of a test.

// Name returns the bug and the release.
func (t *trial) Name() string { return t.id + "/" + t.release }

// Helper does nothing.
func (t *trial) Helper() {}

// Cleanup has a function called when the spec has ended.
func (t *trial) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// Failed reports whether anything failed.
func (t *trial) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.failures) > 0
}

// Logf keeps a line for the account.
func (t *trial) Logf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.log = append(t.log, fmt.Sprintf(format, args...))
}

// Errorf keeps a failure.
func (t *trial) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

// Fatalf keeps a failure and ends the spec.
func (t *trial) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}
