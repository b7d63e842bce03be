package specs

import (
	"strings"

	"github.com/onsi/ginkgo/v2"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// progressLines is how much of a timeline a progress report shows: its end.
const progressLines = 20

// Attach ties a timeline to the spec that runs: if it fails, the whole timeline is
// an entry of its report, and a progress report shows the last 20 events. It is
// for specs in real time, and for setup nodes; in virtual time use [T.Attach].
func Attach(name string, tl *timeline.Timeline) {
	ginkgo.GinkgoHelper()
	ginkgo.DeferCleanup(ginkgo.AttachProgressReporter(attachment{name, tl}.tail))
	ginkgo.DeferOnFailure(attachment{name, tl}.report)
}

// attachment is a timeline with the name its reader knows it by.
type attachment struct {
	name string
	tl   *timeline.Timeline
}

// report adds the timeline to the report of the spec.
func (a attachment) report() {
	ginkgo.AddReportEntry("timeline of "+a.name, a.text(), ginkgo.ReportEntryVisibilityFailureOrVerbose)
}

func (a attachment) text() string {
	var b strings.Builder
	_ = a.tl.WriteText(&b) // a Builder takes everything
	return b.String()
}

// tail is the end of the timeline, for a progress report.
func (a attachment) tail() string {
	lines := strings.SplitAfter(a.text(), "\n")
	cut := max(0, len(lines)-1-progressLines)
	head := "the timeline of " + a.name + ":\n"
	if cut > 0 {
		head = "the end of the timeline of " + a.name + ":\n"
	}
	return head + strings.Join(lines[cut:], "")
}
