package fleet

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
)

// step is what is to be done to one proxy.
type step struct {
	f        *Fleet
	p        *Proxy            // nil: there is none yet
	doc      *config.Proxy     // nil: it is to go
	rules    []faultproxy.Rule // of the document, each with its name
	anew     bool              // it needs another engine
	listener net.Listener      // of an address it does not have yet; nil: none, or a port that another has to leave first
	did      []string
}

// plan checks everything and opens new ports. On an error nothing has changed.
func (f *Fleet) plan(docs []config.Proxy) ([]*step, error) {
	var steps []*step
	var errs []error
	for _, doc := range docs {
		s := &step{f: f, doc: &doc}
		if slices.ContainsFunc(steps, func(other *step) bool { return other.name() == s.name() }) {
			errs = append(errs, fmt.Errorf("proxy %q: there are two of this name", s.name()))
			continue
		}
		if err := s.check(); err != nil {
			errs = append(errs, fmt.Errorf("proxy %q: %w", s.name(), err))
		}
		steps = append(steps, s)
	}
	for _, p := range f.Filed() {
		if !slices.ContainsFunc(steps, func(s *step) bool { return s.p == p }) {
			steps = append(steps, &step{f: f, p: p})
		}
	}
	if len(errs) == 0 {
		errs = append(errs, listenAll(steps))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return steps, nil
}

// check finds the proxy that is meant, and says why it cannot be what the document says.
func (s *step) check() error {
	var err error
	if s.rules, err = named(*s.doc); err != nil {
		return err
	}
	s.doc.Rules = s.rules
	var errs []error
	s.doc.Rehearse(func(_ int, err error) { errs = append(errs, err) })
	if err := errors.Join(errs...); err != nil {
		return err
	}
	p, err := s.f.Get(s.doc.Name)
	if err != nil {
		return nil
	}
	s.p = p
	p.mu.Lock()
	ours, closed := p.file != nil, p.closed
	p.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case !ours:
		return fmt.Errorf("%w already, which was not made by the file: remove that one, or call this one otherwise", ErrExists)
	}
	s.anew = p.differs(*s.doc)
	for _, status := range p.Engine().Rules() {
		name := status.Rule.Name
		if slices.Contains(namesOf(s.rules), name) && !slices.Contains(p.ruled, name) {
			return fmt.Errorf("rule %q: there is one of this name, which was not made by the file: remove that one, or call this one otherwise", name)
		}
	}
	return nil
}

// named returns the rules of a document with the names that they get.
func named(d config.Proxy) ([]faultproxy.Rule, error) {
	d.Preset = nil
	engine, err := d.Build()
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Timeline.Close() }()
	var rules []faultproxy.Rule
	for _, s := range engine.Rules() {
		rules = append(rules, s.Rule)
	}
	return rules, nil
}

// differs reports whether only another engine can be what the document says.
func (p *Proxy) differs(d config.Proxy) bool {
	now := p.Doc()
	return d.Upstream != now.Upstream || d.TLS != now.TLS || d.Certificate != now.Certificate || d.UpstreamTLS != now.UpstreamTLS ||
		d.PreserveHost != now.PreserveHost || d.Compression != now.Compression || d.Seed != now.Seed || !p.listensAt(d.Listen)
}

// listensAt reports whether an address is the one it has, or was given one for.
func (p *Proxy) listensAt(address string) bool {
	p.mu.Lock()
	asked := p.file.Listen
	p.mu.Unlock()
	_, port, _ := net.SplitHostPort(address)
	return sameAddress(address, p.Listen()) || port == "0" && address == asked
}

// listenAll opens the ports that are new. On an error none is open.
func listenAll(steps []*step) error {
	leaving := map[string]bool{}
	for _, s := range steps {
		if s.p != nil && (s.doc == nil || s.anew) {
			leaving[portOf(s.p.Listen())] = true
		}
	}
	var errs []error
	for _, s := range steps {
		if s.doc == nil || s.doc.Disabled || s.p != nil && !s.anew && s.p.begun() || leaving[portOf(s.doc.Listen)] {
			continue
		}
		if s.p != nil && s.p.begun() && s.p.listensAt(s.doc.Listen) {
			continue // a port that was drawn, and stays
		}
		l, err := listen(s.doc.Listen)
		if err != nil {
			errs = append(errs, fmt.Errorf("proxy %q: %w", s.name(), err))
		}
		s.listener = l
	}
	if err := errors.Join(errs...); err != nil {
		for _, s := range steps {
			if s.listener != nil {
				_ = s.listener.Close()
			}
		}
		return err
	}
	return nil
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
