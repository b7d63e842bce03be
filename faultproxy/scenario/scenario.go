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
// look from a phase on: p.Since(timeline.Noted("phase brown-out")).
package scenario

import (
	"fmt"
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
	// "phase NAME". Names are different from each other and from those of the presets.
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
	// Connections that were there are ended when their time comes, even if the phase is
	// over by then; new ones are accepted again when it is.
	Reload, Shutdown bool
	Drain            time.Duration
}

// span is a phase with its times.
type span struct {
	Phase
	begin, end time.Duration // end below zero: never
	rules      []faultproxy.Rule
	lasting    map[string]bool // the names of rules that stay behind it
	lacks      bool            // a preset, for what it wants of one
}

// Configure starts the scenario on a proxy; [faultproxy.Proxy.Use] calls it. Everything
// is checked before anything begins.
func (s Scenario) Configure(proxy *faultproxy.Proxy) error {
	_, err := s.Play(proxy)
	return err
}

// Play is Configure for a scenario that may be stopped before it is over: stop takes
// back the phase it is in, leaves the later ones out, and has the proxy behave as it
// did before. Stopping twice is stopping once.
func (s Scenario) Play(proxy *faultproxy.Proxy) (stop func(), err error) {
	spans, err := s.check(proxy)
	if err != nil {
		return nil, err
	}
	r := &run{proxy: proxy}
	if s.Preset != nil {
		before := proxy.Box()
		r.before = &before
		if err := s.Preset.Configure(proxy); err != nil {
			return nil, err
		}
	}
	for i, p := range spans {
		r.later(p.begin, func() { r.begin(p) })
		if p.end >= 0 && (i+1 == len(spans) || p.end < spans[i+1].begin) {
			r.later(p.end, r.idle)
		}
	}
	return r.stop, nil
}

// Check says why the proxy would not play the scenario; nil if it would.
func (s Scenario) Check(proxy *faultproxy.Proxy) error {
	_, err := s.check(proxy)
	return err
}

func (s Scenario) check(proxy *faultproxy.Proxy) ([]span, error) {
	spans, err := s.spans()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	for _, p := range spans {
		if p.lacks {
			return nil, fmt.Errorf("%s: phase %q: nothing to reload, shut down or drain: name a preset, in the phase or for the whole scenario", s, p.Name)
		}
		if err := proxy.Check(p.rules...); err != nil {
			return nil, fmt.Errorf("%s: phase %q: %w", s, p.Name, err)
		}
	}
	return spans, nil
}

// String names the scenario and its phases.
func (s Scenario) String() string {
	name := "scenario"
	if s.Name != "" {
		name += fmt.Sprintf(" %q", s.Name)
	}
	for i, p := range s.Phases {
		name += map[bool]string{true: ": ", false: ", "}[i == 0] + p.Name
	}
	return name
}
