// Package attach shows timelines in tests, as well as the test's framework can.
package attach

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// How much of a timeline goes into the log of a failed test: its beginning and its
// end.
const (
	firstLines = 60
	lastLines  = 240
)

// TB is what is needed of a test.
type TB interface {
	Cleanup(func())
	Failed() bool
}

// ginkgoT is what GinkgoT() can do besides.
type ginkgoT interface {
	AttachProgressReporter(func() string) func()
	AddReportEntryVisibilityFailureOrVerbose(name string, args ...any)
}

// IsGinkgoT reports whether the test is what GinkgoT() returns, whose cleanups run
// outside of virtual time.
func IsGinkgoT(tb any) bool {
	_, ok := tb.(ginkgoT)
	return ok
}

// Timeline ties a timeline to a test: an entry of the report of a spec that fails,
// and in progress reports. false means that the framework has neither, and that the
// log has to do.
func Timeline(tb TB, name string, tl *timeline.Timeline) (shown bool) {
	if t, ok := tb.(interface {
		Attach(name string, tl *timeline.Timeline)
	}); ok { // package assertions/specs
		t.Attach(name, tl)
		return true
	}
	t, ok := tb.(ginkgoT)
	if !ok {
		return false
	}
	detach := t.AttachProgressReporter(func() string { return "the timeline of " + name + " ends with:\n" + excerpt(tl, 0, 20) })
	tb.Cleanup(func() {
		detach()
		if tb.Failed() {
			t.AddReportEntryVisibilityFailureOrVerbose("timeline of "+name, Excerpt(tl))
		}
	})
	return true
}

// Excerpt is the timeline as text, its middle left out if it is long.
func Excerpt(tl *timeline.Timeline) string { return excerpt(tl, firstLines, lastLines) }

func excerpt(tl *timeline.Timeline, first, last int) string {
	var b strings.Builder
	_ = tl.View().WriteEnds(&b, first, last) // a Builder takes everything
	return b.String()
}
