package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// vacate ends the engine of a proxy, and its port with it. The proxy's turn is held until
// renew has put another in its place.
func (p *Proxy) vacate(s *step) {
	p.turn.Lock()
	p.stopScenario()
	goOn := append(namesOf(p.foreign()), namesOf(s.rules)...)
	if err := without(p.Engine().Close(), goOn); err != nil {
		p.complain(err)
		p.fleet.owed = append(p.fleet.owed, fmt.Errorf("proxy %q: %w", p.name, err))
		s.say("but %v", err)
	}
}

// without is the error of an engine's Close without what it says of rules that go on in
// another engine: they may still fire.
func without(err error, rules []string) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	return errors.Join(slices.DeleteFunc(slices.Clone(joined.Unwrap()), func(each error) bool {
		var unmet *faultproxy.UnmetError
		return errors.As(each, &unmet) && slices.Contains(rules, unmet.Rule)
	})...)
}

// renew puts the engine that a document describes in the place of one that was vacated.
// It goes on with the timeline, and with the rules that are not from the file.
func (p *Proxy) renew(s *step) error {
	defer p.turn.Unlock()
	defer p.touch()
	was, old, at := p.Doc(), p.Engine(), p.Listen()
	stays := p.listensAt(s.doc.Listen) && p.begun()
	s.did = append(s.did, differences(was, *s.doc, stays)...)
	s.did = append(s.did, exchanged(old.Rules(), p.ruled, s.rules)...)
	if sameScenario(s.doc.Played(), was.Played()) && s.doc.Scenario != nil {
		s.say("%v begins anew", s.doc.Played())
	}
	fresh, err := p.fleet.build(*s.doc, p.timeline)
	if err != nil {
		return errors.Join(err, s.closeListener())
	}
	if err := fresh.Add(p.foreign()...); err != nil {
		return errors.Join(err, s.closeListener())
	}
	fresh.Succeed(old)
	p.heed(s)
	p.mu.Lock()
	p.engine, p.started, p.disabled = fresh, false, false
	p.mu.Unlock()
	if s.doc.Disabled {
		return nil
	}
	if stays && s.listener == nil { // also a port that was drawn
		if s.listener, err = listen(at); err != nil {
			return err
		}
	}
	return p.start(s.listener)
}

// foreign are the rules in force that are neither the middlebox's nor the file's.
func (p *Proxy) foreign() (rules []faultproxy.Rule) {
	for _, s := range p.Own() {
		if !slices.Contains(p.ruled, s.Rule.Name) {
			rules = append(rules, s.Rule)
		}
	}
	return rules
}

// differences says in words why another engine is needed.
func differences(was, now config.Proxy, stays bool) (words []string) {
	if was.Upstream != now.Upstream {
		to := "the embedded echo server"
		if now.Upstream != "" {
			to = timeline.RedactURL(now.Upstream)
		}
		words = append(words, "goes to "+to+" now")
	}
	if !stays {
		words = append(words, "listens on "+now.Listen+" now")
	}
	var keys []string
	for key, differs := range map[string]bool{
		"tls": was.TLS != now.TLS || was.Certificate != now.Certificate, "upstream_tls": was.UpstreamTLS != now.UpstreamTLS,
		"preserve_host": was.PreserveHost != now.PreserveHost, "compression": was.Compression != now.Compression, "seed": was.Seed != now.Seed,
	} {
		if differs {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) > 0 {
		words = append(words, "starts anew with another "+strings.Join(keys, ", "))
	}
	if presetText(was.Preset) != presetText(now.Preset) {
		words = append(words, "behaves like "+presetText(now.Preset)+" now")
	}
	return words
}

func (s *step) closeListener() error {
	if s.listener == nil {
		return nil
	}
	return s.listener.Close()
}
