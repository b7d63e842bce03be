package specs

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
)

// suiteT is the test that runs the suite: testing/synctest asks for one, and a
// Ginkgo spec has none.
var suiteT atomic.Pointer[testing.T]

// bubbles are the live ones: number to *T.
var bubbles sync.Map

// Run is the whole bootstrap of a suite: Use(t), Gomega's fail handler, and
// ginkgo.RunSpecs with the same arguments.
//
//	func TestHeart(t *testing.T) { specs.Run(t, "Heart") }
//
// Its fail handler is Ginkgo's, but for goroutines in virtual time: there a failed
// expectation fails the spec and ends its goroutine, also one that has no
// GinkgoRecover, which would otherwise end the process.
func Run(t *testing.T, description string, args ...any) bool {
	t.Helper()
	Use(t)
	gomega.RegisterFailHandler(fail)
	return ginkgo.RunSpecs(t, description, args...)
}

// Use keeps the test that runs the suite, for suites that call
// gomega.RegisterFailHandler and ginkgo.RunSpecs themselves. Call it before
// RunSpecs. Expectations in goroutines of a spec then need a GinkgoRecover.
func Use(t *testing.T) { suiteT.Store(t) }

// fail is Gomega's fail handler.
func fail(message string, callerSkip ...int) {
	skip := 1
	if len(callerSkip) > 0 {
		skip += callerSkip[0]
	}
	if t, ok := bubbles.Load(currentBubble()); ok {
		t.(*T).stop(message, skip)
	}
	ginkgo.Fail(message, skip)
}
