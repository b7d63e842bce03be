package specs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// Virtual makes the body of an It that runs in virtual time. What the body asks
// for says which form it is: nothing, or a *T for everything that takes a test.
//
//	It("…", specs.Virtual(func() { … }))
//	It("…", specs.Virtual(func(t *specs.T) { … }))
//
// What it returns takes Ginkgo's SpecContext, so NodeTimeout, SpecTimeout and
// interrupts work and end the spec at once. The body gets no SpecContext: waiting
// on one from inside stops the clock or ends the process. T.Context replaces it.
func Virtual[Body func() | func(*T)](body Body) func(ginkgo.SpecContext) {
	return Bubble{}.Virtual(withT(body))
}

// Setup makes the body of a BeforeEach or JustBeforeEach that runs in virtual
// time, in the bubble of the spec's It, just before the It's body: servers, channels
// and goroutines it makes can be used there. Several run in Ginkgo's order, all of
// them after the nodes in real time. What undoes it goes to T.Cleanup. A spec whose
// It is not Virtual then fails.
//
//	BeforeEach(specs.Setup(func(t *specs.T) { srv = fakeserver.InMemory(t) }))
func Setup[Body func() | func(*T)](body Body) func() {
	f, at := withT(body), types.NewCodeLocation(1)
	return func() {
		s := &setup{run: f}
		setups.Lock()
		setups.list = append(setups.list, s)
		setups.Unlock()
		ginkgo.DeferCleanup(s.forget, at)
	}
}

func withT[Body func() | func(*T)](body Body) func(*T) {
	switch f := any(body).(type) {
	case func(*T):
		return f
	case func():
		return func(*T) { f() }
	}
	return nil // there is no third form
}

// setup is what a Setup node leaves for the It of the same spec.
type setup struct {
	run  func(*T)
	used bool
}

// setups are those of the spec that runs; Ginkgo runs one at a time.
var setups struct {
	sync.Mutex
	list []*setup
}

func (s *setup) forget() error {
	setups.Lock()
	setups.list = slices.DeleteFunc(setups.list, func(other *setup) bool { return other == s })
	used := s.used
	setups.Unlock()
	if !used && ginkgo.CurrentSpecReport().State.Is(types.SpecStatePassed) {
		return errors.New("specs.Setup prepared virtual time, but the spec ran in real time: " +
			"give its It a specs.Virtual body, or set it up with a plain function")
	}
	return nil
}

func takeSetups() (list []func(*T)) {
	setups.Lock()
	defer setups.Unlock()
	for _, s := range setups.list {
		s.used = true
		list = append(list, s.run)
	}
	return list
}

// Bubble is how a spec runs in virtual time. The zero value is what [Virtual] uses.
type Bubble struct {
	// FrozenAfter is how long, in real time, every goroutine may wait while one of
	// them waits for something that stops the clock. Then the clock is frozen and
	// the spec fails. 0: 10 s. Make it longer for a spec that waits for real I/O.
	FrozenAfter time.Duration
}

// Virtual makes the body of an It, as the function Virtual does.
func (b Bubble) Virtual(body func(*T)) func(ginkgo.SpecContext) {
	return func(ctx ginkgo.SpecContext) {
		ginkgo.GinkgoHelper()
		b.Run(ctx, body)
	}
}

// Run runs a body in virtual time within a node that has begun in real time, such
// as an entry of a table. ctx is the node's SpecContext. A node that takes none
// passes context.Background(): then timeouts and interrupts abandon the body
// without a word of where it was, and deadlocks, leaks and the like stand at the
// line of this call. Run returns only if the body succeeded.
func (b Bubble) Run(ctx context.Context, body func(*T)) {
	ginkgo.GinkgoHelper()
	if currentBubble() != 0 {
		ginkgo.Fail("specs: the spec is in virtual time already: Virtual and Run cannot be nested")
	}
	report := ginkgo.CurrentSpecReport()
	t := &T{name: report.FullText(), leaf: report.LeafNodeLocation, spec: ctx, failer: failerOf(ctx)}
	if suite := suiteT.Load(); suite != nil {
		finish := make(chan ending, 1)
		go t.enter(suite, takeSetups(), body, finish)
		t.judge(b.wait(ctx, t, finish))
	} else {
		t.failAt(t.leaf, "specs: virtual time needs the suite's *testing.T: "+
			"start the suite with specs.Run(t, …), or call specs.Use(t) before RunSpecs")
	}
	for _, detach := range t.detached() {
		detach()
	}
	if t.Failed() {
		for _, a := range t.attached() {
			a.report()
		}
	}
	if t.Failed() || t.Skipped() {
		// Ginkgo has the reason; this only ends the node.
		panic(types.GinkgoErrors.UncaughtGinkgoPanic(types.NewCodeLocation(0)))
	}
}

// ending is how a bubble ended, or why nobody waits for it any longer.
type ending struct {
	panicked any         // what testing/synctest panicked with
	aborted  bool        // it ended its goroutine: the test failed without a word
	given    string      // given up: why
	left     []goroutine // what was left in the bubble
}

// enter runs the bubble. It has a goroutine of its own, since testing/synctest
// ends the one it runs on if there was a data race.
func (t *T) enter(suite *testing.T, setups []func(*T), body func(*T), finish chan<- ending) {
	returned := false
	defer func() {
		e := ending{panicked: recover()}
		e.aborted = !returned && e.panicked == nil
		if e.panicked != nil {
			e.left = goroutinesOf(t.bubble.Load())
		}
		bubbles.Delete(t.bubble.Load())
		finish <- e
	}()
	synctest.Test(suite, func(inner *testing.T) { t.live(inner, setups, body) })
	returned = true
}

// wait waits for the end of the bubble, in real time, and watches over it.
func (b Bubble) wait(ctx context.Context, t *T, finish <-chan ending) ending {
	patience := b.FrozenAfter
	if patience <= 0 {
		patience = 10 * time.Second
	}
	const looks = 4 // in a row that see the same goroutines wait
	tick := time.NewTicker(patience / looks)
	defer tick.Stop()
	var before string
	for same := 0; ; {
		select {
		case e := <-finish:
			return e
		case <-ctx.Done():
			t.abandoned.Store(true)
			return ending{given: fmt.Sprintf("the spec was still running in virtual time (%v)", context.Cause(ctx)), left: goroutinesOf(t.bubble.Load())}
		case <-tick.C:
			now := goroutinesOf(t.bubble.Load())
			seen, frozen := fingerprint(now)
			if !frozen || seen != before {
				before, same = seen, 0
			}
			if same++; frozen && same >= looks {
				t.abandoned.Store(true)
				return ending{given: fmt.Sprintf("the virtual clock is frozen: for %v of real time every goroutine waited, "+
					"and at least one for something that virtual time knows nothing of", patience), left: now}
			}
		}
	}
}

func (t *T) attached() []attachment {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.attachments)
}

func (t *T) detached() []func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.detach)
}
