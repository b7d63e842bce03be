package fakeserver

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

// attach shows the timeline where the test's framework can: as an entry of the
// report of a spec that fails, and in progress reports.
func (s *Server) attach(tb TB) (reports bool) {
	if !s.ownTime {
		return false // whoever made it shows it
	}
	if t, ok := tb.(interface {
		Attach(name string, tl *timeline.Timeline)
	}); ok { // package assertions/specs
		t.Attach("fakeserver", s.Timeline)
		return true
	}
	t, ok := tb.(ginkgoT)
	if !ok {
		return false
	}
	detach := t.AttachProgressReporter(func() string { return "the timeline of fakeserver ends with:\n" + s.excerpt(0, 20) })
	tb.Cleanup(func() {
		detach()
		if tb.Failed() {
			t.AddReportEntryVisibilityFailureOrVerbose("timeline of fakeserver", s.excerpt(firstLines, lastLines))
		}
	})
	return true
}

// ginkgoT is what GinkgoT() can do besides TB.
type ginkgoT interface {
	AttachProgressReporter(func() string) func()
	AddReportEntryVisibilityFailureOrVerbose(name string, args ...any)
}

// finish closes the server at the end of its test and reports what went wrong.
func (s *Server) finish(tb TB, shown bool) {
	tb.Helper()
	if err := s.Timeline.CheckBubble(); err != nil {
		tb.Errorf("fakeserver: the server was started inside of a synctest bubble and cannot be closed outside: "+
			"give it the test of the bubble, the *testing.T of synctest.Test or the *specs.T of specs.Virtual, not %T", tb)
		return
	}
	var wrong, undone []string
	if err := s.Close(); err != nil {
		wrong = append(wrong, err.Error())
	}
	var at *Failure
	for _, f := range s.Failures() {
		if f.unfinished && (tb.Failed() || isSkipped(tb)) {
			undone = append(undone, "fakeserver: "+f.String())
			continue
		}
		if at == nil {
			at = &f
		}
		wrong = append(wrong, "fakeserver: "+f.String())
	}
	switch {
	case !shown && (tb.Failed() || len(wrong) > 0):
		undone = append(undone, "what fakeserver saw:\n"+s.excerpt(firstLines, lastLines))
		fallthrough
	case len(undone) > 0 && tb.Failed():
		tb.Logf("%s", strings.Join(undone, "\n"))
	}
	if len(wrong) == 0 {
		return
	}
	// In one go: GinkgoT's Errorf ends the spec.
	message := strings.Join(wrong, "\n")
	if t, ok := tb.(interface {
		ErrorAt(file string, line int, message string)
	}); ok && at != nil && at.at.line > 0 { // package assertions/specs
		t.ErrorAt(at.at.file, at.at.line, message)
		return
	}
	tb.Errorf("%s", message)
}

func isSkipped(tb TB) bool {
	t, ok := tb.(interface{ Skipped() bool })
	return ok && t.Skipped()
}

// excerpt is the timeline as text: so many lines of its beginning, and of its end.
func (s *Server) excerpt(first, last int) string {
	var b strings.Builder
	_ = s.Timeline.View().WriteEnds(&b, first, last) // a Builder takes everything
	return b.String()
}
