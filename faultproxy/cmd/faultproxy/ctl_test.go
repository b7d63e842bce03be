package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// background runs a command in this process until the test, or stop, ends it. Its lines
// are read from out; stop returns its exit code and what it complained of.
func background(t *testing.T, args ...string) (out *bufio.Scanner, stop func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var stderr bytes.Buffer
	code := -1
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		code = run(ctx, args, strings.NewReader(""), w, &stderr)
		_ = w.Close()
	}()
	stop = func() (int, string) {
		cancel()
		_, _ = io.Copy(io.Discard, r)
		<-ended
		return code, stderr.String()
	}
	t.Cleanup(func() { stop() })
	return bufio.NewScanner(r), stop
}

// findLine reads lines up to one that holds a text.
func findLine(t *testing.T, out *bufio.Scanner, text string) string {
	t.Helper()
	for out.Scan() {
		if strings.Contains(out.Text(), text) {
			return out.Text()
		}
	}
	t.Fatalf("no line with %q", text)
	return ""
}

func TestWatchFollowsUntilItIsInterrupted(t *testing.T) {
	ready, _ := background(t, "run", "--json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	var at struct{ Admin string }
	if err := json.Unmarshal([]byte(findLine(t, ready, `"event":"ready"`)), &at); err != nil {
		t.Fatal(err)
	}
	text, stopText := background(t, "ctl", "--admin", at.Admin, "watch")
	lines, stopLines := background(t, "ctl", "--admin", at.Admin, "watch", "--json", "--kind", "note")
	for _, name := range []string{"first", "second"} { // the second comes while both follow
		var out, complaints bytes.Buffer
		if code := run(t.Context(), []string{"ctl", "--admin", at.Admin, "note", name}, strings.NewReader(""), &out, &complaints); code != exitOK {
			t.Fatalf("note: exit code %d: %s", code, &complaints)
		}
		if line := findLine(t, text, name); !strings.Contains(line, "s ") || strings.Contains(line, "{") {
			t.Errorf("as text: got %s", line)
		}
		if line := findLine(t, lines, name); !strings.HasPrefix(line, `{"event":"note",`) || !strings.Contains(line, `"seq":`+strings.TrimSpace(out.String())) {
			t.Errorf("as JSON: got %s, want the number %s", line, &out)
		}
	}
	for _, stop := range []func() (int, string){stopText, stopLines} {
		if code, complaints := stop(); code != exitOK || complaints != "" {
			t.Errorf("interrupted: exit code %d, %s; want 0 and nothing", code, complaints)
		}
	}
}

func TestWatchGivesUpWhenTheServerIsGone(t *testing.T) {
	ready, endServer := background(t, "run", "--json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	var at struct{ Admin string }
	if err := json.Unmarshal([]byte(findLine(t, ready, `"event":"ready"`)), &at); err != nil {
		t.Fatal(err)
	}
	lines, stop := background(t, "ctl", "--admin", at.Admin, "watch", "--retry", "50ms")
	var out bytes.Buffer
	if code := run(t.Context(), []string{"ctl", "--admin", at.Admin, "note", "here"}, strings.NewReader(""), &out, &out); code != exitOK {
		t.Fatalf("note: exit code %d: %s", code, &out)
	}
	findLine(t, lines, "here")
	endServer()
	limit := time.AfterFunc(patience, func() { stop() }) // which makes the exit code 0
	for lines.Scan() {
		t.Logf("after the end: %s", lines.Text())
	}
	limit.Stop()
	code, complaints := stop()
	if code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	for _, want := range []string{"; connecting again\n", "; start one with faultproxy run"} {
		if !strings.Contains(complaints, want) {
			t.Errorf("%q is not in what it complained of: %s", want, complaints)
		}
	}
}

func TestWaitCanBeInterrupted(t *testing.T) {
	ready, _ := background(t, "run", "--json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	var at struct{ Admin string }
	if err := json.Unmarshal([]byte(findLine(t, ready, `"event":"ready"`)), &at); err != nil {
		t.Fatal(err)
	}
	_, stop := background(t, "ctl", "--admin", at.Admin, "--proxy", "default", "wait", "opened", "--timeout", "10m")
	if code, complaints := stop(); code != exitFailed || !strings.Contains(complaints, "interrupted before the answer came") {
		t.Errorf("exit code %d, %s", code, complaints)
	}
}
