package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// AfterApply refuses flags that --config has no use for.
func (c *runCmd) AfterApply(parsed *kong.Context) error {
	var about, watch []string
	for _, p := range parsed.Path {
		if p.Flag == nil {
			continue
		}
		name := p.Flag.Name
		switch {
		case name == "watch":
			watch = append(watch, "--watch and --no-watch")
		case name == "config" || name == "seed":
		case name == "record", p.Flag.Group != nil && (p.Flag.Group.Key == "path" || p.Flag.Group.Key == "fault"):
			about = append(about, "--"+name)
		}
	}
	switch {
	case c.Config == "" && watch != nil:
		return errors.New("--watch and --no-watch are about the file of --config, which is not given")
	case c.Config != "" && about != nil:
		return fmt.Errorf("--config: %s is about one proxy; say it of each proxy in %s", strings.Join(about, ", "), c.Config)
	}
	return nil
}

// filed is a run of the proxies of a configuration file.
type filed struct {
	*announcer
	file    configFile
	seed    uint64 // of the command line; 0: none
	proxies fleet.Fleet
}

// runFile runs the proxies of the configuration file until the session ends.
func (c *runCmd) runFile(s *session) error {
	r := &filed{file: configFile{path: string(c.Config)}, seed: c.Seed}
	file, err := r.file.read()
	if err != nil {
		return err
	}
	echo := &lateEcho{}
	defer echo.close()
	clock := timeline.New()
	ctx, cancel, b := c.open(s, clock)
	defer cancel()
	r.announcer = &announcer{b: b, authority: &authorityFile{}}
	defer r.authority.remove()
	r.proxies.Echo, r.proxies.Opened = echo.url, r.announce
	r.proxies.Seed = cmp.Or(c.Seed, file.Seed, rand.Uint64()>>12|1) // short enough for a JSON number
	clock.SetSeed(r.proxies.Seed)
	if _, err := r.apply(file); err != nil {
		return errors.Join(err, r.proxies.Close())
	}
	api, err := c.serve(&r.proxies)
	if err != nil {
		return errors.Join(err, r.proxies.Close())
	}
	defer api.end()
	watch := r.watcher(c.Watch) // whoever is told that it is ready may send SIGHUP at once, or change the file
	b.begin(r.readyLine(clock, api), r.greeting(api))
	watching := watch(ctx)
	<-ctx.Done()
	<-watching
	api.end()
	lines := r.summary()
	err = r.proxies.Close()
	return errors.Join(err, b.end(lines))
}

// watcher notices from now on when the file is to be read again: when SIGHUP says so or, if
// watched, when it has changed. What it returns begins to read it; the channel is closed
// when that is over.
func (r *filed) watcher(watched bool) func(context.Context) <-chan struct{} {
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	w := &watcher{files: func() []string { return append([]string{r.file.path}, r.file.named...) }, reload: r.reload}
	if watched {
		w.every, w.soon = watchEvery, watchSoon
	}
	w.seen = w.digest()
	return func(ctx context.Context) <-chan struct{} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer signal.Stop(hangUp)
			w.run(ctx, hangUp)
		}()
		return done
	}
}

// apply has the proxies be what the file says.
func (r *filed) apply(file config.File) (fleet.Applied, error) {
	for i := range file.Proxies {
		if p := &file.Proxies[i]; p.Seed == 0 && r.seed == 0 {
			p.Seed = file.Seed
		}
	}
	if err := r.openRecordings(file.Proxies); err != nil {
		return nil, err
	}
	done, err := r.proxies.Apply(file.Proxies)
	if err == nil || done != nil {
		err = errors.Join(err, r.settle())
	}
	for name, left := range r.opened {
		left.abandon()
		delete(r.opened, name)
	}
	return done, err
}

// openRecordings opens what proxies do not record to yet, without a change to the files.
func (r *filed) openRecordings(docs []config.Proxy) error {
	r.opened = map[string]*recording{}
	for _, d := range docs {
		t := r.b.tellerOf(d.Name)
		if d.Record == "" || t != nil && !t.tl.Closed() && t.records() == d.Record {
			continue
		}
		opened, err := r.openRecording(d.Record)
		if err != nil {
			for _, each := range r.opened {
				each.abandon()
			}
			return fmt.Errorf("proxy %q: %w", d.Name, err)
		}
		r.opened[d.Name] = opened
	}
	return nil
}

// openRecording opens a recording, but nothing that is to be read.
func (r *filed) openRecording(name string) (*recording, error) {
	if info, err := os.Stat(name); err == nil {
		for _, each := range append(r.file.named, r.file.path) {
			if read, err := os.Stat(each); err == nil && os.SameFile(info, read) {
				return nil, fmt.Errorf("cannot record to %s, which belongs to the configuration; choose another file", name)
			}
		}
	}
	return openRecording(name)
}

// settle has proxies that live on record to where they should, and clients find the
// authorities of those that have one now.
func (r *filed) settle() error {
	var errs []error
	for _, p := range r.proxies.Filed() {
		errs = append(errs, r.authority.add(p.Engine().AuthorityPEM()))
		if t := r.b.tellerOf(p.Name()); t != nil && t.records() != p.Doc().Record {
			t.recordTo(nil)
		}
	}
	for _, p := range r.proxies.Filed() {
		next := r.opened[p.Name()]
		if next == nil {
			continue
		}
		delete(r.opened, p.Name())
		r.release(next.file.Name())
		if err := next.begin(); err != nil {
			errs = append(errs, err)
			continue
		}
		r.b.tellerOf(p.Name()).recordTo(next)
	}
	return errors.Join(errs...)
}

// readyLine is the first line for programs.
func (r *filed) readyLine(clock *timeline.Timeline, api *adminServer) []byte {
	urls := map[string]any{}
	for _, p := range r.proxies.All() {
		urls[p.Name()] = nil // disabled
		if p.Enabled() {
			urls[p.Name()] = p.URL()
		}
	}
	return readyLine(clock, "", r.authority, append([]timeline.Extra{{Key: "proxies", Value: urls}}, api.fields()...)...)
}

// greeting is what a person reads first.
func (r *filed) greeting(api *adminServer) []string {
	all := r.proxies.All()
	number := fmt.Sprintf("%d proxies", len(all))
	if len(all) == 1 {
		number = "one proxy"
	}
	lines := []string{fmt.Sprintf("faultproxy runs %s, with %s", r.file.path, number)}
	for _, p := range all {
		lines = append(lines, proxyLines(p)...)
	}
	if api != nil {
		lines = append(lines, "  dashboard  "+api.dashboard()+" (the API is below /v1 there)")
	}
	if ca := r.authority.name(); ca != "" {
		lines = append(lines, "  authority  "+ca+" (clients have to trust it)")
	}
	return append(lines, fmt.Sprintf("  seed       %d", r.proxies.Seed), "")
}

// summary is what a person should know of the run, besides what was told.
func (r *filed) summary() []string {
	lines := []string{fmt.Sprintf("seed %d", r.proxies.Seed)}
	for _, p := range r.proxies.All() {
		for _, line := range p.Engine().Summary() {
			if line != lines[0] {
				lines = append(lines, p.Name()+": "+line)
			}
		}
	}
	return lines
}
