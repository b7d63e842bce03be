package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// How often the files of a configuration are looked at, and how soon again once they have
// changed: they are read when they were the same twice, so that none is half written.
const (
	watchEvery = time.Second
	watchSoon  = 250 * time.Millisecond
)

// watcher notices that files have other contents. It looks at them by their names again
// and again: editors and Kubernetes put other files in their places, and links elsewhere.
type watcher struct {
	files       func() []string
	reload      func()
	every, soon time.Duration // every 0: only when told to

	seen  string // the contents that were read last
	known map[string]look
}

// look is what was seen of a file.
type look struct {
	info fs.FileInfo
	sum  string
}

// run watches until the context ends. Whoever writes to hangUp has the files read at
// once.
func (w *watcher) run(ctx context.Context, hangUp <-chan os.Signal) {
	var tick <-chan time.Time
	wait := func(d time.Duration) {
		if w.every > 0 {
			tick = time.After(d)
		}
	}
	wait(w.every)
	changed := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangUp:
			w.digest()
			w.read()
			changed = ""
		case <-tick:
			switch now := w.digest(); {
			case now == w.seen:
				changed = ""
			case now != changed:
				changed = now
			default:
				w.read()
				changed = ""
			}
		}
		if changed != "" {
			wait(w.soon)
		} else {
			wait(w.every)
		}
	}
}

// read has the files read, which may then be others.
func (w *watcher) read() {
	before := w.known
	w.reload()
	w.seen = w.digest()
	for name, now := range w.known {
		if was, ok := before[name]; ok && was.sum != now.sum {
			w.seen = "" // changed while they were read
		}
	}
}

// digest stands for the contents of all files. One that is as it was, as far as can be
// seen without reading it, is not read.
func (w *watcher) digest() string {
	all := sha256.New()
	known := map[string]look{}
	for _, name := range w.files() {
		now := w.look(name)
		known[name] = now
		fmt.Fprintf(all, "%q %x\n", name, now.sum)
	}
	w.known = known
	return string(all.Sum(nil))
}

func (w *watcher) look(name string) look {
	info, err := os.Stat(name)
	if err != nil {
		return look{sum: "missing"}
	}
	if was := w.known[name]; was.info != nil && os.SameFile(was.info, info) && was.info.Size() == info.Size() && was.info.ModTime().Equal(info.ModTime()) {
		return look{info, was.sum}
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return look{sum: "unreadable"}
	}
	sum := sha256.Sum256(content)
	return look{info, string(sum[:])}
}
