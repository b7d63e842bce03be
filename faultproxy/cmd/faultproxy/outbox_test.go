package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// gate is a writer that takes nothing until it is opened.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.Write(p)
}

func lostLine(n int) []byte { return fmt.Appendf(nil, "lost %d\n", n) }

func neverGone(t *testing.T) func(error) {
	return func(err error) { t.Errorf("reported as gone: %v", err) }
}

func TestOutboxLosesFramesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		o := newOutbox(g, 30, lostLine, neverGone(t))
		line := func(s string) []byte { return []byte(s + strings.Repeat(".", 9-len(s)) + "\n") }
		for i := range 5 {
			o.put(line(fmt.Sprint("frame", i)), frames) // three fit
		}
		synctest.Wait()
		for i := range 5 {
			o.put(line(fmt.Sprint("other", i)), others) // three more
		}
		for i := range 3 {
			o.put(line(fmt.Sprint("end", i)), never)
		}
		close(g.open)
		synctest.Wait()
		o.put(line("again"), frames)
		if !o.close() {
			t.Error("not everything was written")
		}
		want := "frame0...\nframe1...\nframe2...\nother0...\nother1...\nother2...\nend0.....\nend1.....\nend2.....\nlost 4\nagain....\n"
		if got := g.got.String(); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

func TestOutboxReportsWhatIsLostAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		o := newOutbox(g, 1, lostLine, neverGone(t))
		o.put([]byte("too long\n"), frames)
		close(g.open)
		if !o.close() || g.got.String() != "lost 1\n" {
			t.Errorf("got %q", g.got.String())
		}
		o.put([]byte("late\n"), never) // after close: nothing
		if g.got.String() != "lost 1\n" {
			t.Errorf("got %q", g.got.String())
		}
	})
}

// A reader that takes nothing is given up a second after the end, a slow one is not.
func TestOutboxGivesUpOnlyWithoutProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{open: make(chan struct{})}
		o := newOutbox(g, 1<<20, lostLine, neverGone(t))
		o.put([]byte("line\n"), never)
		begun := time.Now()
		if o.close() || time.Since(begun) != time.Second {
			t.Errorf("a reader that takes nothing was given up after %v, want 1s", time.Since(begun))
		}
		close(g.open) // lets the writer go
		synctest.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			for buf := make([]byte, 64<<10); ; time.Sleep(900 * time.Millisecond) {
				if _, err := io.ReadFull(r, buf); err != nil {
					return
				}
			}
		}()
		o := newOutbox(w, 1<<20, lostLine, neverGone(t))
		o.put(bytes.Repeat([]byte("x"), 10*64<<10), never)
		if !o.close() {
			t.Error("a slow reader did not get everything")
		}
		_ = w.Close()
		time.Sleep(time.Second) // the reader sees it
	})
}

func TestOutboxNoticesThatTheReaderIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		_ = r.Close()
		var told []error
		o := newOutbox(w, 10, lostLine, func(err error) { told = append(told, err) })
		o.put([]byte("line\n"), never)
		synctest.Wait()
		o.put([]byte("line\n"), never)
		if o.close() {
			t.Error("says that everything was written")
		}
		if len(told) != 1 || !errors.Is(told[0], io.ErrClosedPipe) {
			t.Errorf("told %v, want one broken pipe", told)
		}
	})
}
