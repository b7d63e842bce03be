package specs

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// testingTB gives T what it does not bring itself: TempDir, Setenv and the like,
// of the test that testing/synctest makes.
type testingTB = testing.TB

// T is a spec in virtual time, for everything that asks for a testing.TB:
// faultproxy.InMemory, fakeserver.InMemory, a library's helpers. Failures go to
// Ginkgo, with the right line, from any goroutine of the spec.
//
// A T is over when its spec is.
type T struct {
	testingTB

	name   string
	leaf   types.CodeLocation // of the It
	failer failer             // nil: not found
	spec   context.Context    // Ginkgo's, from outside
	ctx    context.Context    // made in the bubble
	cancel context.CancelFunc

	bubble    atomic.Uint64
	failed    atomic.Bool
	skipped   atomic.Bool
	stopped   atomic.Bool // FailNow, SkipNow or a failed expectation ended a goroutine
	abandoned atomic.Bool // nobody waits for this bubble any more

	mu          sync.Mutex // never held while waiting
	cleanups    []func()
	attachments []attachment
	detach      []func()
}

// Name is the spec's full text.
func (t *T) Name() string { return t.name }

// Context is done when the body has returned, before the cleanups. Unlike
// Ginkgo's SpecContext it belongs to the bubble, so Eventually(t.Context(), …) and
// everything else may wait on it.
func (t *T) Context() context.Context { return t.ctx }

// Cleanup has f run in virtual time after the body, last added first, whatever
// the spec's outcome is; only a deadlock or a frozen clock leaves it out. ginkgo's
// DeferCleanup runs its functions later, in real time.
func (t *T) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

// Attach ties a timeline to the spec: if it fails, the whole timeline is an entry
// of its report, and a progress report shows the last 20 events.
func (t *T) Attach(name string, tl *timeline.Timeline) {
	a := attachment{name, tl}
	detach := ginkgo.AttachProgressReporter(a.tail)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attachments = append(t.attachments, a)
	t.detach = append(t.detach, detach)
}

// Helper marks its caller as a helper: failures in it stand at its caller's line.
func (t *T) Helper() { types.MarkAsHelper(1) }

// Log writes to the GinkgoWriter, which Ginkgo shows for failed specs.
func (t *T) Log(args ...any) { fmt.Fprintln(ginkgo.GinkgoWriter, args...) }

// Logf is Log with a format.
func (t *T) Logf(format string, args ...any) { t.Log(fmt.Sprintf(format, args...)) }

// Output is the GinkgoWriter.
func (t *T) Output() io.Writer { return ginkgo.GinkgoWriter }

// Error fails the spec and goes on, as testing's does and GinkgoT's does not. The
// first failure is the spec's, later ones are logged.
func (t *T) Error(args ...any) { t.record(strings.TrimSuffix(fmt.Sprintln(args...), "\n"), 1) }

// Errorf is Error with a format.
func (t *T) Errorf(format string, args ...any) { t.record(fmt.Sprintf(format, args...), 1) }

// ErrorAt is Error for a line that is not on the caller's stack, such as that of a
// script's step.
func (t *T) ErrorAt(file string, line int, message string) {
	if !t.abandoned.Load() {
		t.failAt(types.CodeLocation{FileName: file, LineNumber: line}, message)
	}
}

// Fail fails the spec and goes on.
func (t *T) Fail() { t.record("failed", 1) }

// Fatal fails the spec and ends the goroutine it is called on.
func (t *T) Fatal(args ...any) { t.stop(strings.TrimSuffix(fmt.Sprintln(args...), "\n"), 1) }

// Fatalf is Fatal with a format.
func (t *T) Fatalf(format string, args ...any) { t.stop(fmt.Sprintf(format, args...), 1) }

// FailNow is Fatal without words.
func (t *T) FailNow() { t.stop("failed", 1) }

// Skip skips the rest of the spec and ends the goroutine it is called on.
func (t *T) Skip(args ...any) { t.skip(strings.TrimSuffix(fmt.Sprintln(args...), "\n")) }

// Skipf is Skip with a format.
func (t *T) Skipf(format string, args ...any) { t.skip(fmt.Sprintf(format, args...)) }

// SkipNow is Skip without words.
func (t *T) SkipNow() { t.skip("skipped") }

// Failed reports whether the spec has failed so far.
func (t *T) Failed() bool {
	return t.failed.Load() || t.failer != nil && t.failer.GetState().Is(types.SpecStateFailureStates)
}

// Skipped reports whether the spec was skipped.
func (t *T) Skipped() bool {
	return t.skipped.Load() || t.failer != nil && t.failer.GetState().Is(types.SpecStateSkipped)
}

// Go runs f on a goroutine of the bubble where a panic, too, fails the spec. On a
// plain goroutine it ends the process, as in any Go program.
func (t *T) Go(f func()) {
	go func() {
		finished := false
		defer func() { t.ended(finished, recover(), "a goroutine of T.Go") }()
		f()
		finished = true
	}()
}

// stop records a failure at a line of the caller's stack and ends the goroutine.
func (t *T) stop(message string, skip int) {
	t.stopped.Store(true)
	t.record(message, skip+1)
	runtime.Goexit()
}

// record fails the spec, unless nobody waits for it any more. skip counts as
// ginkgo.Fail's does, from record's caller.
func (t *T) record(message string, skip int) {
	if t.abandoned.Load() {
		return
	}
	if t.isLater(message) {
		return
	}
	defer func() { _ = recover() }() // Fail panics to end its goroutine
	ginkgo.Fail(message, skip+1)
}

// failAt fails the spec at a line that is not on the caller's stack.
func (t *T) failAt(at types.CodeLocation, message string) {
	ginkgo.GinkgoHelper()
	if t.isLater(message) {
		return
	}
	if t.failer != nil {
		t.failer.Fail(message, at)
		return
	}
	defer func() { _ = recover() }() // as in record
	ginkgo.Fail(at.String() + ": " + message)
}

// isLater logs a failure that is not the spec's first.
func (t *T) isLater(message string) bool {
	if t.Failed() {
		t.Logf("Later in the same spec:\n%s", message)
		return true
	}
	t.failed.Store(true)
	return false
}

func (t *T) skip(message string) {
	t.stopped.Store(true)
	if !t.abandoned.Load() {
		t.skipped.Store(true)
		func() {
			defer func() { _ = recover() }() // as Fail does
			ginkgo.Skip(message, 3)
		}()
	}
	runtime.Goexit()
}

// live runs the whole of a spec inside its bubble.
func (t *T) live(inner *testing.T, setups []func(*T), body func(*T)) {
	t.testingTB = inner
	t.bubble.Store(currentBubble())
	bubbles.Store(t.bubble.Load(), t)
	t.ctx, t.cancel = context.WithCancel(reporting{context.Background(), t.spec})
	ok := true
	for _, f := range append(slices.Clone(setups), body) {
		ok = ok && t.step(func() { f(t) })
	}
	t.cancel()
	for f := t.lastCleanup(); f != nil; f = t.lastCleanup() {
		t.step(f)
	}
}

// step runs a part of the spec on a goroutine of its own and reports whether it
// came to its end.
func (t *T) step(f func()) (finished bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { t.ended(finished, recover(), "the spec") }()
		f()
		finished = true
	}()
	<-done
	return finished
}

// ended judges how a goroutine of the spec ended.
func (t *T) ended(finished bool, panicked any, who string) {
	_, ofGinkgo := panicked.(types.GinkgoError)
	_, ofGomega := panicked.(interface{ GinkgoRecoverShouldIgnoreThisPanic() })
	switch {
	case finished || ofGomega || t.abandoned.Load():
	case ofGinkgo:
		// Fail or Skip has recorded it.
		if t.failer == nil {
			t.failed.Store(true)
		}
	case panicked != nil:
		t.panicked(panicked)
	case !t.stopped.Load():
		t.failAt(t.leaf, who+" was ended by runtime.Goexit, as FailNow and SkipNow of a testing.T do: "+
			"in virtual time use the specs.T that Virtual hands out, or plain Expect")
	}
}

// panicked records a panic at the line of the spec it came through.
func (t *T) panicked(e any) {
	if t.isLater(fmt.Sprintf("panic: %v\n%s", e, debug.Stack())) {
		return
	}
	g := parseGoroutine(string(debug.Stack()))
	for i, f := range slices.Backward(g.frames) {
		if f.function == "panic" {
			g.frames = g.frames[i+1:] // the deferred calls are on top of it
			break
		}
	}
	at := g.at(filepath.Dir(t.leaf.FileName)).location()
	at.FullStackTrace = g.trace()
	if t.failer != nil {
		t.failer.Panic(at, e)
		return
	}
	defer ginkgo.GinkgoRecover()
	panic(e)
}

func (t *T) lastCleanup() func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.cleanups)
	if n == 0 {
		return nil
	}
	f := t.cleanups[n-1]
	t.cleanups = t.cleanups[:n-1]
	return f
}

// reporting has the values of Ginkgo's context and none of its channel, so that
// Eventually attaches its progress and nobody waits across the bubble's border.
type reporting struct {
	context.Context
	spec context.Context
}

func (r reporting) Value(key any) any { return r.spec.Value(key) }
