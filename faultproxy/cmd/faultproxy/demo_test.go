package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// onWrite calls a function with every write.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) { f(); return len(p), nil }

// Interrupted, the demo ends at once, says so, and leaves nothing behind.
func TestDemoInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var stderr bytes.Buffer
	code := run(ctx, []string{"demo"}, strings.NewReader(""), onWrite(interrupt), &stderr)
	if code != exitFailed || stderr.String() != "faultproxy: interrupted\n" {
		t.Errorf("exit code %d, %q; want %d and that it was interrupted", code, stderr.String(), exitFailed)
	}
}
