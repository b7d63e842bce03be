// Package scenario scripts an outage: phases of rules and presets that follow one
// another on a proxy, from Go or from a file.
//
//	p := faultproxy.Start(t, upstream)
//	p.Use(scenario.Scenario{Phases: []scenario.Phase{
//		{Name: "healthy"},
//		{Name: "brown-out", At: 30 * time.Second, For: time.Minute, Rules: []faultproxy.Rule{
//			{Do: faultproxy.Latency{Delay: 800 * time.Millisecond, Jitter: 400 * time.Millisecond}},
//		}},
//		{Name: "recovery"}, // then
//	}})
//
// Each phase begins with a note of its name on the timeline, so that assertions can
// look at a phase alone: p.Since(timeline.Noted("phase brown-out")).
package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// Scenario is a sequence of phases. It is a value that may be used by several proxies;
// what it holds must not be changed any more.
type Scenario struct {
	// Name is for people. It may be empty.
	Name string
	// Preset is what the proxy behaves like in all phases that have no preset of their
	// own. nil: like no middlebox.
	Preset *middlebox.Preset
	Phases []Phase
}

// Phase is what is wrong for some time.
type Phase struct {
	// Name begins the names of the phase's rules, and is noted on the timeline as
	// "phase NAME". Names are different from each other.
	Name string
	// At is when the phase begins, counted from when the scenario begins: when it is
	// given to the proxy, or the proxy starts, whichever is later. Zero behind another
	// phase: when that one ends, which then needs a For.
	At time.Duration
	// For is how long its rules and its preset are in force. Zero: until the next phase
	// begins, or the proxy closes.
	For time.Duration
	// Rules are in force during the phase: added when it begins, which is when their
	// times count from, and removed when it ends, which takes back what they still do.
	// A rule without a name is called by what it does.
	Rules []faultproxy.Rule
	// Preset takes the place of the scenario's during the phase.
	Preset *middlebox.Preset
	// Reload, Shutdown and Drain do to the middlebox in force what its name says, when
	// the phase begins. Drain is after how long live connections end. A preset is needed.
	Reload, Shutdown bool
	Drain            time.Duration
}

// span is a phase with its times.
type span struct {
	Phase
	begin, end time.Duration // end below zero: never
}

// Configure starts the scenario on a proxy; [faultproxy.Proxy.Use] calls it. Everything
// is checked before anything begins.
func (s Scenario) Configure(proxy *faultproxy.Proxy) error {
	spans, err := s.spans()
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	for _, p := range spans {
		if err := proxy.Check(p.rules(s.Preset)...); err != nil {
			return fmt.Errorf("%s: phase %q: %w", s, p.Name, err)
		}
	}
	if s.Preset != nil {
		if err := s.Preset.Configure(proxy); err != nil {
			return err
		}
	}
	r := &run{proxy: proxy, preset: s.Preset}
	for i, p := range spans {
		proxy.AfterFunc(p.begin, func() { r.begin(p) })
		if p.end >= 0 && (i+1 == len(spans) || p.end < spans[i+1].begin) {
			proxy.AfterFunc(p.end, r.idle)
		}
	}
	return nil
}

// spans gives the phases their times.
func (s Scenario) spans() ([]span, error) {
	if len(s.Phases) == 0 {
		return nil, errors.New("it has no phases")
	}
	var spans []span
	taken := map[string]bool{}
	for i, p := range s.Phases {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("phase %d (%q): %w", i+1, p.Name, fmt.Errorf(format, args...))
		}
		switch {
		case p.Name == "":
			return nil, fmt.Errorf("phase %d has no name", i+1)
		case taken[p.Name]:
			return nil, fail("there is another phase of this name")
		case p.At < 0 || p.For < 0 || p.Drain < 0:
			return nil, fail("a time is negative")
		case (p.Reload || p.Shutdown || p.Drain > 0) && p.Preset == nil && s.Preset == nil:
			return nil, fail("nothing to reload, shut down or drain: name a preset, in the phase or for the whole scenario")
		}
		taken[p.Name] = true
		begin := p.At
		if i > 0 {
			before := &spans[i-1]
			switch {
			case begin == 0 && before.end < 0:
				return nil, fail("it begins when phase %q ends, which never does: give that one a For, or this one an At", before.Name)
			case begin == 0:
				begin = before.end
			case begin <= before.begin:
				return nil, fail("it begins at %v, and phase %q before it at %v", begin, before.Name, before.begin)
			case before.end > begin:
				return nil, fail("it begins at %v, when phase %q has not ended (%v)", begin, before.Name, before.end)
			case before.end < 0:
				before.end = begin
			}
		}
		end := time.Duration(-1)
		if p.For > 0 {
			end = begin + p.For
		}
		spans = append(spans, span{p, begin, end})
	}
	return spans, nil
}

// rules are all rules of a phase, with their names.
func (p Phase) rules(preset *middlebox.Preset) []faultproxy.Rule {
	if p.Preset != nil {
		preset = p.Preset
	}
	var all, named []faultproxy.Rule
	if p.Reload {
		all = append(all, preset.Reload()...)
	}
	if p.Shutdown {
		all = append(all, preset.Shutdown()...)
	}
	if p.Drain > 0 {
		all = append(all, preset.Drain(p.Drain)...)
	}
	taken := map[string]bool{}
	for _, r := range append(all, p.Rules...) {
		if r.Name == "" && r.Do != nil {
			r.Name, _, _ = strings.Cut(r.Do.String(), " ")
		}
		r.Name = p.Name + "/" + r.Name
		for base, n := r.Name, 2; taken[r.Name]; n++ {
			r.Name = fmt.Sprintf("%s-%d", base, n)
		}
		taken[r.Name] = true
		named = append(named, r)
	}
	return named
}

// String names the scenario and its phases.
func (s Scenario) String() string {
	names := make([]string, len(s.Phases))
	for i, p := range s.Phases {
		names[i] = p.Name
	}
	name := "scenario"
	if s.Name != "" {
		name += fmt.Sprintf(" %q", s.Name)
	}
	return name + ": " + strings.Join(names, ", ")
}
