package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// watched is a watcher of a folder's files a and b, in virtual time.
type watched struct {
	t     *testing.T
	dir   string
	hup   chan os.Signal
	start time.Time

	mu   sync.Mutex
	read []string // what a held whenever it was read
	then func()   // is called while it is read, once
}

// watch runs a test of a watcher that looks every second.
func watch(t *testing.T, every time.Duration, test func(w *watched)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		x := &watched{t: t, dir: dir, hup: make(chan os.Signal, 1), start: time.Now()}
		x.write("a", "1")
		w := &watcher{every: every, soon: every / 4,
			files: func() []string { return []string{x.path("a"), x.path("b")} },
			reload: func() {
				x.mu.Lock()
				defer x.mu.Unlock()
				text, _ := os.ReadFile(x.path("a"))
				x.read = append(x.read, string(text))
				if x.then != nil {
					x.then()
					x.then = nil
				}
			}}
		w.seen = w.digest()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.run(ctx, x.hup) }()
		test(x)
		cancel()
		<-done
	})
}

func (x *watched) path(name string) string { return filepath.Join(x.dir, name) }

func (x *watched) write(name, text string) {
	x.t.Helper()
	if err := os.WriteFile(x.path(name), []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

// at waits until a time since the start.
func (x *watched) at(d time.Duration) {
	time.Sleep(time.Until(x.start.Add(d)))
	synctest.Wait()
}

// want wants that a was read so far with these contents.
func (x *watched) want(contents ...string) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if got, want := strings.Join(x.read, " "), strings.Join(contents, " "); got != want {
		x.t.Errorf("after %v read %q, want %q", time.Since(x.start), got, want)
	}
}

func TestWatcherReadsWhatWasTheSameTwice(t *testing.T) {
	watch(t, time.Second, func(w *watched) {
		w.at(10 * time.Second)
		w.want()
		w.write("a", "half")
		w.at(11 * time.Second) // seen
		w.write("a", "whole")
		w.at(11250 * time.Millisecond) // another again
		w.want()
		w.at(11500 * time.Millisecond)
		w.want("whole")
		w.at(20 * time.Second)
		w.want("whole")
	})
}

func TestWatcherOverlooksWhatWasUndone(t *testing.T) {
	watch(t, time.Second, func(w *watched) {
		w.write("a", "half")
		w.at(time.Second)
		w.write("a", "1")
		w.at(10 * time.Second)
		w.want()
	})
}

func TestWatcherSeesFilesComeAndGo(t *testing.T) {
	watch(t, time.Second, func(w *watched) {
		w.write("b", "new")
		w.at(2 * time.Second)
		w.want("1")
		if err := os.Remove(w.path("a")); err != nil {
			t.Fatal(err)
		}
		w.at(4 * time.Second)
		w.want("1", "")
		w.write("next", "2") // as editors do, and as long as before
		if err := os.Rename(w.path("next"), w.path("a")); err != nil {
			t.Fatal(err)
		}
		w.at(6 * time.Second)
		w.want("1", "", "2")
	})
}

// Kubernetes puts another folder behind a link.
func TestWatcherFollowsLinks(t *testing.T) {
	watch(t, time.Second, func(w *watched) {
		link := func(to, name string) {
			t.Helper()
			if err := os.Symlink(to, w.path(name+".tmp")); err != nil {
				t.Skip(err)
			}
			if err := os.Rename(w.path(name+".tmp"), w.path(name)); err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range []string{"v1", "v2"} {
			if err := os.Mkdir(w.path(v), 0o700); err != nil {
				t.Fatal(err)
			}
			w.write(v+"/a", v)
		}
		link("v1", "..data")
		link("..data/a", "a")
		w.at(2 * time.Second)
		w.want("v1")
		link("v2", "..data")
		w.at(4 * time.Second)
		w.want("v1", "v2")
	})
}

func TestWatcherReadsAgainWhatChangedMeanwhile(t *testing.T) {
	watch(t, time.Second, func(w *watched) {
		w.mu.Lock()
		w.then = func() { w.write("a", "newest") }
		w.mu.Unlock()
		w.write("a", "new")
		w.at(10 * time.Second)
		w.want("new", "newest")
	})
}

func TestWatcherIsTold(t *testing.T) {
	for _, every := range []time.Duration{0, time.Second} {
		watch(t, every, func(w *watched) {
			w.hup <- syscall.SIGHUP
			w.at(time.Millisecond)
			w.want("1") // though nothing is different
			w.write("a", "new")
			w.hup <- syscall.SIGHUP
			w.at(2 * time.Millisecond)
			w.want("1", "new")
			w.at(10 * time.Second)
			w.want("1", "new")
		})
	}
}

func TestWatcherThatIsOffOnlyListens(t *testing.T) {
	watch(t, 0, func(w *watched) {
		w.write("a", "new")
		w.at(time.Minute)
		w.want()
	})
}
