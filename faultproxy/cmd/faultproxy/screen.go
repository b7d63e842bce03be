package main

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// screen is a terminal whose last line is a status, below all that is written. It is
// written to as a file is, stdout and stderr each through a writer of its own.
type screen struct {
	out   io.Writer
	color bool

	mu     sync.Mutex
	status func() string // nil: none is shown
	shown  bool
	stop   chan struct{}
}

// What a terminal understands (ECMA-48): to the first column and erase the line;
// faint; normal.
const (
	eraseLine = "\r\x1b[K"
	faint     = "\x1b[2m"
	normal    = "\x1b[0m"
)

// statusWidth is as many characters as fit into a line of any terminal in use.
const statusWidth = 79

// newScreen is the terminal that w is; nil if w is none, or one that cannot erase.
// NO_COLOR with any value leaves colors out (no-color.org).
func newScreen(w io.Writer) *screen {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return &screen{out: w, color: os.Getenv("NO_COLOR") == ""}
}

// over is a writer to w, which may be the same terminal, that leaves the status below.
func (s *screen) over(w io.Writer) io.Writer {
	if s == nil {
		return w
	}
	return above{s, w}
}

// above writes above the status.
type above struct {
	screen *screen
	w      io.Writer
}

func (a above) Write(p []byte) (int, error) {
	a.screen.mu.Lock()
	defer a.screen.mu.Unlock()
	a.screen.erase()
	n, err := a.w.Write(p)
	if bytes.HasSuffix(p, []byte("\n")) { // else more of that line will follow
		a.screen.draw()
	}
	return n, err
}

// show shows a status from now on, renewed behind whatever is written and every second.
func (s *screen) show(status func() string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.stop = status, make(chan struct{})
	s.draw()
	go s.renew(s.stop)
}

// renew is the goroutine that has the status follow the time, until stop is closed.
func (s *screen) renew(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			s.mu.Lock()
			if s.shown {
				s.erase()
				s.draw()
			}
			s.mu.Unlock()
		}
	}
}

// hide ends the status.
func (s *screen) hide() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != nil {
		s.erase()
		s.status = nil
		close(s.stop)
	}
}

// erase leaves the cursor where the next line begins. The mutex is held.
func (s *screen) erase() {
	if s.shown {
		_, _ = io.WriteString(s.out, eraseLine)
		s.shown = false
	}
}

// draw shows the status where the cursor is. The mutex is held.
func (s *screen) draw() {
	if s.status == nil {
		return
	}
	text := s.status()
	if r := []rune(text); len(r) > statusWidth {
		text = string(r[:statusWidth-1]) + "…"
	}
	if s.color {
		text = faint + text + normal
	}
	_, _ = io.WriteString(s.out, text)
	s.shown = true
}
