package fakeserver

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Failure is something that went wrong in a handler, or with the handlers: a step
// that saw the wrong frame, a handler nobody reached, a panic.
type Failure struct {
	Conn   int    // the connection, from 1; 0 for none
	Source string // file:line of the call that made the handler or step; may be empty
	Text   string // what is wrong
}

// String returns "echo_test.go:12: connection 3: …".
func (f Failure) String() string {
	var b strings.Builder
	if f.Source != "" {
		b.WriteString(f.Source + ": ")
	}
	if f.Conn > 0 {
		fmt.Fprintf(&b, "connection %d: ", f.Conn)
	}
	return b.String() + f.Text
}

// Failures returns what went wrong so far, in the order it was found; all of it
// once the server is closed. A server that was started in a test reports them when
// the test ends.
func (s *Server) Failures() []Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.failures)
}

// failed collects a failure and records it.
func (s *Server) failed(f Failure) {
	s.mu.Lock()
	s.failures = append(s.failures, f)
	s.mu.Unlock()
	s.record(timeline.Record{Conn: f.Conn, Kind: timeline.KindError, Fields: []timeline.Field{
		{Name: "what", Value: "script"}, {Name: "error", Value: f.Text}, {Name: "source", Value: f.Source}}})
}

// account is what the log of a failed test should hold.
func (s *Server) account() string {
	var b strings.Builder
	b.WriteString("what fakeserver saw:\n")
	_ = s.Timeline.WriteText(&b)
	return b.String()
}

// caller returns file:line of the call that is skip calls above the caller's.
func caller(skip int) string {
	_, file, line, ok := runtime.Caller(skip + 2)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}
