package resilience

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// tailSize is how much of an output is kept: the last of it.
const tailSize = 64 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu      sync.Mutex // held to copy, never while waiting
	kept    []byte
	dropped int // bytes that came before
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if over := n - tailSize; over > 0 {
		t.dropped += over
		p = p[over:]
	}
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*tailSize { // seldom, so that little is moved
		t.trim()
	}
	return n, nil
}

func (t *tail) trim() {
	if over := len(t.kept) - tailSize; over > 0 {
		t.dropped += over
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
}

// String returns what was kept, as it was written.
func (t *tail) String() string {
	s, _ := t.text()
	return s
}

func (t *tail) text() (kept string, dropped int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trim()
	return string(t.kept), t.dropped
}

// log returns what was kept as the log of a test can hold it: without secrets in
// URLs and headers, and nothing in it that a terminal would obey. "" if nothing was
// written.
func (t *tail) log(stream string) string {
	kept, dropped := t.text()
	if kept == "" && dropped == 0 {
		return ""
	}
	heading := stream
	if dropped > 0 {
		heading += fmt.Sprintf(", the last %d bytes of %d", len(kept), len(kept)+dropped)
	}
	text := timeline.RedactField(timeline.Field{Value: strings.TrimRight(kept, "\r\n") + "\n"}).Value
	return heading + ":\n" + printable(text)
}

// printable replaces what is no text by its escape.
func printable(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD") {
		if unicode.IsPrint(r) || r == '\n' || r == '\t' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\x%02x", r)
		}
	}
	return b.String()
}
