package fakeserver

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/internal/attach"
)

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
		undone = append(undone, "what fakeserver saw:\n"+attach.Excerpt(s.Timeline))
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
