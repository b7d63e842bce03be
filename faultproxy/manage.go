package faultproxy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Add puts rules behind those in force, on live connections too, from the next
// frame on. Either all are added or, with an error that says what is wrong with
// each, none. Rules may be added before Start. On a proxy of a test, an error
// also fails the test at once.
func (p *Proxy) Add(rules ...Rule) error {
	return p.report(p.change(func(list []*armed) ([]*armed, []note, error) {
		var notes []note
		var errs []error
		taken := namesOf(list)
		for _, r := range rules {
			r.Name = nameFor(r, taken)
			a, err := p.arm(r)
			if err == nil && taken[r.Name] {
				err = fmt.Errorf("rule %q: there is one of this name; use Replace, or another name", r.Name)
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			taken[r.Name] = true
			list = append(list, a)
			notes = append(notes, note{"added", a})
		}
		return list, notes, errors.Join(errs...)
	}))
}

// Replace puts a rule in the place of the one with its name, or behind the others
// if there is none. If the fault is of the same type, counters and what lasts
// (a silence, a timer) continue.
func (p *Proxy) Replace(r Rule) error {
	return p.report(p.change(func(list []*armed) ([]*armed, []note, error) {
		r.Name = nameFor(r, namesOf(list))
		a, err := p.arm(r)
		if err != nil {
			return nil, nil, err
		}
		i, old := (&ruleSet{all: list}).find(r.Name)
		if old == nil {
			return append(list, a), []note{{"added", a}}, nil
		}
		list[i] = a
		return list, succeed(old, a), nil
	}))
}

// succeed has a rule take the place of another, and notes it.
func succeed(old, a *armed) []note {
	a.boxed = old.boxed
	notes := []note{{"replaced", a}}
	if sameFault(old.Do, a.Do) {
		a.tally = old.tally
	} else {
		notes = append(notes, note{"", old})
	}
	return notes
}

// arm checks a rule, on its own and against the proxy as far as that is known: a proxy
// that has not started may still be told to serve TLS.
func (p *Proxy) arm(r Rule) (*armed, error) {
	a, err := arm(r)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	started := p.started
	p.mu.Unlock()
	if started {
		err = p.fits(a)
	}
	return a, err
}

// validOn is a fault that not every proxy can carry out.
type validOn interface{ validOn(*Proxy) error }

// fits says why a rule can never act on this proxy, if so.
func (p *Proxy) fits(a *armed) error {
	if p.target.relays && a.stage&(StageRequest|StageResponse) != 0 {
		return fmt.Errorf("rule %q: it acts in the handshake, and before a tcp upstream the proxy takes no part in that: give it a ws URL", a.Name)
	}
	if v, ok := a.Do.(validOn); ok {
		if err := v.validOn(p); err != nil {
			return fmt.Errorf("rule %q: %q: %w", a.Name, a.Do, err)
		}
	}
	return nil
}

// Remove takes rules away by name and returns how many there were. What they
// still do is taken back: a silence heals. A rule that had to fire and has not still
// had to.
func (p *Proxy) Remove(names ...string) int {
	n := 0
	_ = p.change(func(list []*armed) ([]*armed, []note, error) {
		var kept []*armed
		var notes []note
		for _, a := range list {
			if slices.Contains(names, a.Name) {
				notes = append(notes, note{"removed", a})
				n++
			} else {
				kept = append(kept, a)
			}
		}
		return kept, notes, nil
	})
	return n
}

// Status is a rule in force and what it has done so far.
type Status struct {
	Rule  Rule
	Seen  int // how often its trigger came
	Fired int // how often it acted
}

// Rules returns the rules in force, in the order in which they are asked.
func (p *Proxy) Rules() []Status {
	rules := p.rules.Load()
	if rules == nil {
		return nil
	}
	var list []Status
	for _, a := range rules.all {
		list = append(list, Status{a.Rule, int(a.seen.Load()), int(a.fired.Load())})
	}
	return list
}

// note is a change of the rules, for the record; a note without a word only says
// that what the rule still does ends.
type note struct {
	word string
	a    *armed
}

// change publishes a new list of rules and tells the live connections.
func (p *Proxy) change(edit func([]*armed) ([]*armed, []note, error)) error {
	p.ruleMu.Lock()
	defer p.ruleMu.Unlock()
	old := p.rules.Load()
	if old == nil {
		old = emptyRules
	}
	list, notes, err := edit(append([]*armed(nil), old.all...))
	if err != nil || len(notes) == 0 && slices.Equal(list, old.all) {
		return err
	}
	tl := p.timelineForRules()
	for _, n := range notes {
		if n.word != "removed" && n.word != "" {
			n.a.id, n.a.added = tl.Intern(n.a.Name), tl.Now()
		}
		if n.word != "" {
			nameless := n.a.Rule
			nameless.Name = ""
			fields := []timeline.Field{{Name: "change", Value: n.word}, {Name: "does", Value: nameless.String()}}
			if !n.a.boxed && n.a.stage&(StageAccept|StageRequest|StageResponse|StageFrame) != 0 {
				fields = append(fields, timeline.Field{Name: "awaits", Value: "traffic"})
			}
			tl.Append(timeline.Record{At: tl.Now(), Kind: timeline.KindRule, Rule: n.a.id, Fields: fields})
		}
	}
	p.rules.Store(newRuleSet(list))
	for _, n := range notes {
		if n.word == "removed" || n.word == "" {
			p.undo(n.a.id)
		}
	}
	p.mu.Lock()
	p.part(notes)
	p.wind()
	p.mu.Unlock()
	for _, l := range p.live() {
		if !l.enter() {
			continue
		}
		for _, n := range notes {
			if n.word == "removed" || n.word == "" {
				l.heal(frame.Both, n.a.id)
				l.cripple(n.a)
				l.forget(n.a)
			}
		}
		l.reshape()
		l.rearm()
		l.leave()
	}
	return nil
}

// timelineForRules makes the timeline if rules come before Start.
func (p *Proxy) timelineForRules() *timeline.Timeline {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Timeline == nil {
		p.Timeline = timeline.New()
		p.ownTimeline = true
	}
	return p.Timeline
}

// inForce reports whether what a rule did to a connection may last. What callers
// did may, until they heal it.
func (p *Proxy) inForce(rule ruleRef) bool {
	for _, a := range p.rules.Load().all {
		if a.id == rule {
			return true
		}
	}
	return p.Timeline.RuleName(rule) == callerName
}

func (p *Proxy) live() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]*link, 0, len(p.links))
	for _, l := range p.links {
		list = append(list, l)
	}
	return list
}

func namesOf(list []*armed) map[string]bool {
	names := make(map[string]bool, len(list))
	for _, a := range list {
		names[a.Name] = true
	}
	return names
}

// nameFor names a rule that has no name after its fault.
func nameFor(r Rule, taken map[string]bool) string {
	if r.Name != "" || r.Do == nil {
		return r.Name
	}
	base, _, _ := strings.Cut(r.Do.String(), " ")
	name := base
	for i := 2; taken[name]; i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	return name
}
