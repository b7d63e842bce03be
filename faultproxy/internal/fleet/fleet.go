// Package fleet keeps several proxies by name: makes them from descriptions, changes
// them while they run, and ends them. The configuration file, the admin API and the
// command line all work on one fleet.
package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What a fleet refuses.
var (
	ErrExists   = errors.New("there is a proxy of this name")
	ErrNotFound = errors.New("there is no proxy of this name")
	ErrClosed   = errors.New("the proxies are closing")
)

// Fleet is a set of proxies. The zero value is empty and ready; its fields must not be
// changed once it has proxies. Its methods may be called from any goroutine.
type Fleet struct {
	// Seed is that of proxies that bring none. 0: that of the first.
	Seed uint64
	// Echo returns the URL of the embedded echo server, for proxies without an upstream.
	// nil: there is none.
	Echo func() (string, error)
	// Opened is told of every proxy that was added, in their order, before anybody can
	// find it. nil: nobody is. What it returns ends the proxy again.
	Opened func(*Proxy) error

	turn sync.Mutex // one change of the set at a time; may be held while a proxy closes

	mu      sync.Mutex // guards what follows; never held while waiting
	proxies []*Proxy
	changed chan struct{} // closed by the next change; nil: nobody asked
	owed    []error       // what proxies that a file took away had still had to do
	closed  bool
}

// All returns the proxies in the order in which they were added.
func (f *Fleet) All() []*Proxy {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.proxies)
}

// Get returns the proxy of that name. The error is ErrNotFound.
func (f *Fleet) Get(name string) (*Proxy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.index(name); i >= 0 {
		return f.proxies[i], nil
	}
	return nil, ErrNotFound
}

// index is -1 for none. The mutex is held.
func (f *Fleet) index(name string) int {
	return slices.IndexFunc(f.proxies, func(p *Proxy) bool { return p.name == name })
}

// Changed returns a channel that is closed when a proxy is added, removed, enabled,
// disabled or moved, after this call.
func (f *Fleet) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil {
		f.changed = make(chan struct{})
		if f.closed {
			close(f.changed)
		}
	}
	return f.changed
}

// touch tells who waits for a change. The mutex is held.
func (f *Fleet) touch() {
	if f.changed != nil && !f.closed {
		close(f.changed)
		f.changed = nil
	}
}

// Create makes a proxy and starts it, unless it is disabled. On an error nothing has
// changed. The error is ErrExists if the name is taken.
func (f *Fleet) Create(d config.Proxy) (*Proxy, error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if _, err := f.Get(d.Name); err == nil {
		return nil, ErrExists
	}
	p, err := f.make(d)
	if err != nil {
		return nil, err
	}
	return p, f.add(p)
}

// make makes a proxy that is not in the fleet yet.
func (f *Fleet) make(d config.Proxy) (*Proxy, error) { return f.makeOn(d, nil) }

// makeOn is make, with a listener that may be open already.
func (f *Fleet) makeOn(d config.Proxy, l net.Listener) (*Proxy, error) {
	engine, err := f.build(d, timeline.New())
	if err != nil {
		if l != nil {
			_ = l.Close()
		}
		return nil, err
	}
	p := &Proxy{fleet: f, name: d.Name, doc: d, engine: engine, timeline: engine.Timeline}
	if !d.Disabled {
		if err := p.start(l); err != nil {
			return nil, errors.Join(err, engine.Timeline.Close())
		}
	}
	return p, nil
}

// build makes an engine that records on a timeline, with what the fleet lends.
func (f *Fleet) build(d config.Proxy, tl *timeline.Timeline) (*faultproxy.Proxy, error) {
	if d.Upstream == "" {
		if f.Echo == nil {
			return nil, fmt.Errorf("proxy %q has no upstream", d.Name)
		}
		var err error
		if d.Upstream, err = f.Echo(); err != nil {
			return nil, err
		}
	}
	if d.Seed == 0 {
		f.mu.Lock()
		if f.Seed == 0 {
			f.Seed = rand.Uint64()>>12 | 1 // short enough for a JSON number
		}
		d.Seed = f.Seed
		f.mu.Unlock()
	}
	return d.BuildOn(tl)
}

// Adopt adds a proxy that was made by the caller, starts it on the listener, which is its
// own from now on, and plays the scenario of its description.
func (f *Fleet) Adopt(d config.Proxy, engine *faultproxy.Proxy, l net.Listener) (*Proxy, error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if _, err := f.Get(d.Name); err == nil {
		return nil, errors.Join(ErrExists, l.Close())
	}
	if engine.Timeline == nil {
		engine.Timeline = timeline.New()
	}
	p := &Proxy{fleet: f, name: d.Name, doc: d, engine: engine, timeline: engine.Timeline}
	if err := p.start(l); err != nil {
		return nil, errors.Join(err, engine.Timeline.Close())
	}
	f.mu.Lock()
	if f.Seed == 0 {
		f.Seed = engine.Seed
	}
	f.mu.Unlock()
	return p, f.add(p)
}

// add takes a proxy in, or ends it. The turn is held.
func (f *Fleet) add(p *Proxy) error {
	p.track()
	var err error
	if f.Opened != nil {
		err = f.Opened(p)
	}
	f.mu.Lock()
	if err == nil && f.closed {
		err = ErrClosed
	}
	if err == nil {
		f.proxies = append(f.proxies, p)
		f.touch()
	}
	f.mu.Unlock()
	if err != nil {
		return errors.Join(err, p.close())
	}
	return nil
}

// Remove ends a proxy and waits until it is over. The error is ErrNotFound, or what went
// wrong while it ended; it is gone then, too.
func (f *Fleet) Remove(name string) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	p, err := f.Get(name)
	if err != nil {
		return err
	}
	f.drop(p)
	return p.close()
}

// drop takes a proxy out of the list.
func (f *Fleet) drop(p *Proxy) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.proxies = slices.DeleteFunc(f.proxies, func(other *Proxy) bool { return other == p })
	f.touch()
}

// Close ends all proxies, in the order in which they were added, and waits until they
// are over. The last of them stay readable. The error also says what went wrong as
// [Fleet.Apply] ended some.
func (f *Fleet) Close() error {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.mu.Lock()
	f.touch()
	f.closed = true
	f.mu.Unlock()
	errs := f.owed
	for _, p := range f.All() {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}
