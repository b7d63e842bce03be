package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What is written, in whatever pieces, is all there is once the status is gone, and
// the status is never within a line of it.
func TestScreen(t *testing.T) {
	var raw bytes.Buffer
	s := &screen{out: &raw}
	out, errs := s.over(&raw), s.over(&raw)
	write := func(text string) {
		w := out
		if strings.HasPrefix(text, "faultproxy:") {
			w = errs
		}
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("Write(%q): %d, %v", text, n, err)
		}
	}
	write("before\n")
	if seen := raw.String(); seen != "before\n" {
		t.Errorf("without a status: %q", seen)
	}
	s.show(func() string { return "STATUS" })
	for _, text := range []string{"one\n", "half of ", "two\n", "faultproxy: oh\n", "three\nfour\n"} {
		write(text)
		if seen, whole := raw.String(), strings.HasSuffix(text, "\n"); strings.HasSuffix(seen, "STATUS") != whole {
			t.Errorf("behind %q: %q", text, seen)
		}
	}
	s.hide()
	s.hide()
	write("after\n")
	want := "before\none\nhalf of two\nfaultproxy: oh\nthree\nfour\nafter\n"
	if got := rendered(raw.String()); got != want {
		t.Errorf("on the terminal:\n%s\nwant:\n%s", got, want)
	}
}

// A status never wraps, and is faint unless NO_COLOR is set.
func TestScreenFits(t *testing.T) {
	for _, color := range []bool{false, true} {
		var raw bytes.Buffer
		s := &screen{out: &raw, color: color}
		s.show(func() string { return strings.Repeat("é", 200) })
		text := raw.String()
		s.hide()
		if strings.Contains(text, "\x1b") != color {
			t.Errorf("color %v: %q", color, text)
		}
		text = strings.TrimSuffix(strings.TrimPrefix(text, faint), normal)
		if want := strings.Repeat("é", 78) + "…"; text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}

func TestProgress(t *testing.T) {
	var p progress
	check := func(want string) {
		t.Helper()
		if got := p.status(61*time.Second + 999*time.Millisecond); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	check("1m1s: 0 open, 0 ended, 0 frames received, 0 faults")
	p.see("", timeline.Event{Kind: timeline.KindRule})
	p.see("", timeline.Event{Conn: 1, Kind: timeline.KindOpened})
	p.see("", timeline.Event{Conn: 2, Kind: timeline.KindOpened})
	p.see("", timeline.Event{Conn: 1, Kind: timeline.KindFrame, Seen: timeline.Arrived})
	p.see("", timeline.Event{Conn: 1, Kind: timeline.KindFault})
	p.see("", timeline.Event{Conn: 1, Kind: timeline.KindFrame, Seen: timeline.Left}) // the same, later
	check("1m1s: 2 open, 0 ended, 1 frame received, 1 fault")
	p.end("", 1, diagnosis.Report{Cause: diagnosis.Cause{ID: diagnosis.IDIdleTimeout}})
	check("1m1s: 1 open, 1 ended, 1 frame received, 1 fault; connection 1: idle-timeout")
	p.see("api", timeline.Event{Conn: 2, Kind: timeline.KindOpened})
	check("1m1s: 2 open, 1 ended, 1 frame received, 1 fault; connection 1: idle-timeout")
	p.end("api", 2, diagnosis.Report{Cause: diagnosis.Cause{ID: diagnosis.IDIdleTimeout}})
	check("1m1s: 1 open, 2 ended, 1 frame received, 1 fault; api connection 2: idle-timeout")
}

var erased = regexp.MustCompile(`[^\n]*\r\x1b\[K`)

// rendered is what stands on a terminal behind all that was written to it.
func rendered(raw string) string {
	for _, code := range []string{faint, normal} {
		raw = strings.ReplaceAll(raw, code, "")
	}
	return erased.ReplaceAllString(raw, "")
}
