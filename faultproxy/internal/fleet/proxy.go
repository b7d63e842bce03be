package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"sync"
	"syscall"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Proxy is one of a fleet. It has one timeline for all its life, and an engine, which
// is another one after it was moved.
type Proxy struct {
	fleet    *Fleet
	name     string
	timeline *timeline.Timeline
	tracker  *Tracker

	turn sync.Mutex // one change at a time; may be held while the engine closes

	mu       sync.Mutex // guards what follows; never held while waiting
	doc      config.Proxy
	engine   *faultproxy.Proxy
	started  bool // the engine was
	disabled bool // the engine refuses connections; of one that was started
	outage   *scenario.Scenario
	stop     func() // ends the outage
	closed   bool
	file     *config.Proxy // what the configuration file says of it; nil: nothing
	ruled    []string      // the names of the rules that are in force because it says so
}

// Name is the proxy's name, which never changes.
func (p *Proxy) Name() string { return p.name }

// Timeline is what happens to it. It is closed when the proxy is.
func (p *Proxy) Timeline() *timeline.Timeline { return p.timeline }

// Tracker keeps what its connections have come to.
func (p *Proxy) Tracker() *Tracker { return p.tracker }

// Engine is the proxy itself, to add rules to and to do things to its connections.
// Starting and closing it is left to the fleet.
func (p *Proxy) Engine() *faultproxy.Proxy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.engine
}

// Doc describes the proxy as it was made and moved since; rules, preset and scenario are
// those it began with.
func (p *Proxy) Doc() config.Proxy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doc
}

// Enabled reports whether it accepts connections, but for what rules do to its port.
func (p *Proxy) Enabled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started && !p.disabled && !p.closed
}

// Listen is the address it listens on: the real one if it was ever enabled, else the
// one that was asked for.
func (p *Proxy) Listen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started {
		return p.engine.Listener.Addr().String()
	}
	return p.doc.Listen
}

// URL is where clients connect; empty if it was never enabled.
func (p *Proxy) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started {
		return p.engine.URL
	}
	return ""
}

// start starts the engine, on a listener of its own if there is none. Nobody else knows
// the proxy, or the turn is held.
func (p *Proxy) start(l net.Listener) error {
	if l == nil {
		var err error
		if l, err = listen(p.doc.Listen); err != nil {
			return err
		}
	}
	p.engine.Listener = l
	if err := p.engine.Start(); err != nil {
		return err // which closed the listener
	}
	p.mu.Lock()
	p.started = true
	p.mu.Unlock()
	if outage := p.doc.Played(); outage != nil {
		if err := p.play(*outage); err != nil {
			return errors.Join(err, p.engine.Close())
		}
	}
	return nil
}

// listen opens a port, and says what to do if it cannot.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	hint := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		hint = "; another program has this port: stop it, or take any free port with 127.0.0.1:0"
	case errors.Is(err, fs.ErrPermission):
		hint = "; ports below 1024 need root"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		hint = "; this machine has no such address"
	}
	if err != nil {
		return nil, &ListenError{err, hint}
	}
	return l, nil
}

// ListenError is why a proxy cannot listen.
type ListenError struct {
	Err  error  // what the system said
	hint string // what to do
}

func (e *ListenError) Error() string { return e.Err.Error() + e.hint }

// Unwrap returns what the system said.
func (e *ListenError) Unwrap() error { return e.Err }

// SetEnabled has the proxy accept connections, or end those there are and refuse new
// ones.
func (p *Proxy) SetEnabled(on bool) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	err := p.setEnabledOn(on, nil)
	p.touch()
	return err
}

// setEnabledOn is SetEnabled, with the listener of the first start if it is open already.
func (p *Proxy) setEnabledOn(on bool, l net.Listener) error {
	p.mu.Lock()
	closed, started, disabled := p.closed, p.started, p.disabled
	p.mu.Unlock()
	var err error
	switch {
	case closed:
		return ErrClosed
	case on && !started:
		return p.start(l)
	case on && disabled:
		err = p.engine.Resume()
	case !on && started && !disabled:
		if err = p.engine.Refuse(); err == nil {
			err = p.engine.DropAll(faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose})
		}
	}
	if err == nil && started {
		p.mu.Lock()
		p.disabled = !on
		p.mu.Unlock()
	}
	return err
}

func (p *Proxy) touch() {
	p.fleet.mu.Lock()
	defer p.fleet.mu.Unlock()
	p.fleet.touch()
}

// Play puts a scenario in the place of the one that is under way, if one is. On an
// error that one goes on.
func (p *Proxy) Play(s scenario.Scenario) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.play(s)
}

func (p *Proxy) play(s scenario.Scenario) error {
	if err := s.Check(p.engine); err != nil {
		return err
	}
	p.stopScenario()
	stop, err := s.Play(p.engine)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.outage, p.stop = &s, stop
	p.mu.Unlock()
	return nil
}

// StopScenario ends the scenario that is under way. It reports whether one was.
func (p *Proxy) StopScenario() bool {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.stopScenario()
}

func (p *Proxy) stopScenario() bool {
	p.mu.Lock()
	stop := p.stop
	p.outage, p.stop = nil, nil
	p.mu.Unlock()
	if stop != nil {
		stop()
	}
	return stop != nil
}

// Scenario is the one that was begun last; nil if none was, or it was stopped.
func (p *Proxy) Scenario() *scenario.Scenario {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outage
}

// Behave has the proxy behave like a middlebox, or like none (nil).
func (p *Proxy) Behave(preset *middlebox.Preset) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.behave(preset)
}

func (p *Proxy) behave(preset *middlebox.Preset) error {
	var err error
	if preset == nil {
		err = p.engine.Become(faultproxy.Box{})
	} else {
		err = p.engine.Use(*preset)
	}
	if err == nil {
		p.mu.Lock()
		p.doc.Preset = preset
		p.mu.Unlock()
		p.touch()
	}
	return err
}

// Own returns the rules in force that are not the middlebox's.
func (p *Proxy) Own() []faultproxy.Status {
	engine := p.Engine()
	boxed := engine.Box().Rules
	return slices.DeleteFunc(engine.Rules(), func(s faultproxy.Status) bool {
		return slices.ContainsFunc(boxed, func(r faultproxy.Rule) bool { return r.Name == s.Rule.Name })
	})
}

// close ends the proxy for good.
func (p *Proxy) close() error {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if closed {
		return nil
	}
	err := p.engine.Close()
	err = errors.Join(err, p.timeline.Close())
	p.tracker.wait()
	if err != nil {
		return fmt.Errorf("proxy %q: %w", p.name, err)
	}
	return nil
}
