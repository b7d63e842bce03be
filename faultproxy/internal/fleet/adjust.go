package fleet

import (
	"errors"
	"reflect"
	"slices"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
)

// adjust has a proxy be what a document says, while its connections live on.
func (p *Proxy) adjust(s *step) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	defer p.touch()
	p.mu.Lock()
	filed := *p.file
	p.mu.Unlock()
	errs := []error{p.perform(s, filed)}
	words := exchanged(p.Engine().Rules(), p.ruled, s.rules)
	if err := p.Engine().Exchange(p.ruled, s.rules...); err != nil {
		errs = append(errs, err)
	} else {
		s.did = append(s.did, words...)
	}
	if was := filed.Record; was != s.doc.Record {
		s.say("%s", recorded(s.doc.Record))
	}
	p.heed(s)
	if on := !s.doc.Disabled; on != p.Enabled() {
		s.say("%s", map[bool]string{true: "enabled", false: "disabled"}[on])
		errs = append(errs, p.setEnabledOn(on, s.listener))
	}
	return errors.Join(errs...)
}

// heed remembers what the file says now.
func (p *Proxy) heed(s *step) {
	p.ruled = namesOf(s.rules)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doc, p.file = *s.doc, s.doc
}

// perform changes what the proxy behaves like and what it plays. A scenario that the
// file says again is left alone, even if it was stopped meanwhile.
func (p *Proxy) perform(s *step, filed config.Proxy) error {
	played, was := s.doc.Played(), filed.Played()
	switch {
	case sameScenario(played, was):
		if played == nil && presetText(s.doc.Preset) != presetText(p.Doc().Preset) {
			s.say("behaves like %s now", presetText(s.doc.Preset))
			return p.behave(s.doc.Preset)
		}
		return nil
	case played == nil:
		s.say("%v stopped", was)
		p.stopScenario()
		return p.behave(s.doc.Preset)
	}
	s.say("plays %v", played)
	if !p.begun() {
		return nil // it will when it starts
	}
	p.stopScenario()
	if err := p.behave(nil); err != nil {
		return err
	}
	return p.play(*played)
}

func (p *Proxy) begun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started
}

func sameScenario(a, b *scenario.Scenario) bool {
	if a == nil || b == nil {
		return a == b
	}
	left, err := a.Tree()
	right, err2 := b.Tree()
	return err == nil && err2 == nil && reflect.DeepEqual(left, right)
}

func presetText(p *middlebox.Preset) string {
	if p == nil {
		return "no middlebox"
	}
	return p.String()
}

func recorded(file string) string {
	if file == "" {
		return "no longer recorded"
	}
	return "recorded to " + file
}

// exchanged says in words what an exchange of rules does.
func exchanged(now []faultproxy.Status, names []string, rules []faultproxy.Rule) (words []string) {
	was := map[string]string{}
	var order []string
	for _, s := range now {
		if name := s.Rule.Name; slices.Contains(names, name) {
			was[name] = s.Rule.String()
			order = append(order, name)
		}
	}
	for _, r := range rules {
		switch text, there := was[r.Name]; {
		case !there:
			words = append(words, "rule "+r.Name+" added")
		case text != r.String():
			words = append(words, "rule "+r.Name+" changed")
		}
	}
	for _, name := range order {
		if !slices.Contains(namesOf(rules), name) {
			words = append(words, "rule "+name+" removed")
		}
	}
	if words == nil && !slices.Equal(order, namesOf(rules)) {
		words = append(words, "order of the rules changed")
	}
	return words
}
