package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
)

// Applied is what Apply did, proxy by proxy. It is empty if all was so already.
type Applied []Change

// Change is what was done to a proxy, in words.
type Change struct {
	Proxy string
	Did   []string
}

// String returns "api: rule late added, moved to ws://127.0.0.1:9001".
func (c Change) String() string { return c.Proxy + ": " + c.Words() }

// Words are what was done, without the proxy's name.
func (c Change) Words() string { return strings.Join(c.Did, ", ") }

// Apply makes the proxies that come from a file what the file says now. Those that were
// made in other ways stay as they are, and so do rules that others added. Where what is
// said of a proxy's rules, preset and scenario differs from what is in force, just that
// changes, and its connections live on; where it listens elsewhere, goes elsewhere, or
// speaks otherwise, its connections end and its timeline goes on.
//
// Everything is checked first, and new ports are opened. An error without Applied says
// why nothing has changed; one with it, what went wrong in spite of that.
func (f *Fleet) Apply(docs []config.Proxy) (Applied, error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	steps, err := f.plan(docs)
	if err != nil {
		return nil, err
	}
	return f.carryOut(steps)
}

// carryOut does what was planned. The turn is held.
func (f *Fleet) carryOut(steps []*step) (Applied, error) {
	var errs []error
	for _, s := range steps { // ports first, which others may want
		if s.p != nil && (s.doc == nil || s.anew) {
			s.leave()
		}
	}
	var done Applied
	for _, s := range steps {
		if s.doc != nil {
			if err := s.enter(); err != nil {
				errs = append(errs, fmt.Errorf("proxy %q: %w", s.name(), err))
			}
		}
		if len(s.did) > 0 {
			done = append(done, Change{s.name(), s.did})
		}
	}
	return done, errors.Join(errs...)
}

// leave ends the engine of a proxy, for good if the file says nothing of it any more.
func (s *step) leave() {
	if s.doc != nil {
		s.p.vacate(s)
		return
	}
	s.f.drop(s.p)
	s.say("removed")
	if err := s.p.close(); err != nil {
		s.f.owed = append(s.f.owed, err)
		s.say("but %v", err)
	}
}

// enter has a proxy be what its document says.
func (s *step) enter() error {
	switch {
	case s.p == nil:
		p, err := s.f.makeOn(*s.doc, s.listener)
		if err != nil {
			return err
		}
		p.file, p.ruled = s.doc, namesOf(s.rules)
		s.p = p
		if err := s.f.add(p); err != nil {
			return err
		}
		s.say("added")
		return nil
	case s.anew:
		return s.p.renew(s)
	}
	return s.p.adjust(s)
}

func (s *step) say(format string, args ...any) { s.did = append(s.did, fmt.Sprintf(format, args...)) }

func (s *step) name() string {
	if s.p != nil {
		return s.p.name
	}
	return s.doc.Name
}

func namesOf(rules []faultproxy.Rule) []string {
	var names []string
	for _, r := range rules {
		names = append(names, r.Name)
	}
	return names
}

// Filed returns the proxies that come from a file, in the order in which they were added.
func (f *Fleet) Filed() []*Proxy {
	return slices.DeleteFunc(f.All(), func(p *Proxy) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.file == nil
	})
}
