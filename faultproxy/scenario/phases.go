package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// wrong is what is wrong with a phase.
type wrong struct {
	phase int    // from 0
	key   string // of the document; "" is the phase itself
	name  string
	text  string
}

func (w *wrong) Error() string { return fmt.Sprintf("phase %d (%q): %s", w.phase+1, w.name, w.text) }

// longest bounds all times, so that their sums are times.
const longest = 1000 * 24 * time.Hour

// spans gives the phases their times and their rules.
func (s Scenario) spans() ([]span, error) {
	if len(s.Phases) == 0 {
		return nil, errors.New("it has no phases")
	}
	var spans []span
	taken := s.presets()
	for i, p := range s.Phases {
		fail := func(key, format string, args ...any) error {
			return &wrong{i, key, p.Name, fmt.Sprintf(format, args...)}
		}
		preset := s.Preset
		if p.Preset != nil {
			preset = p.Preset
		}
		switch what := taken[p.Name]; {
		case p.Name == "":
			return nil, fail("", "it has no name")
		case strings.ContainsFunc(p.Name, func(r rune) bool { return !unicode.IsPrint(r) || r == '/' }):
			return nil, fail("name", "a name has no slash and nothing that cannot be printed")
		case what != "":
			return nil, fail("name", "there is %s of this name", what)
		case p.At < 0 || p.For < 0 || p.Drain < 0:
			return nil, fail("", "a time is negative")
		case max(p.At, p.For, p.Drain) > longest:
			return nil, fail("", "a time is too long: at most %v", longest)
		}
		taken[p.Name] = "another phase"
		begin := p.At
		if i > 0 {
			before := &spans[i-1]
			switch {
			case begin == 0 && before.end < 0:
				return nil, fail("then", "it begins when phase %q ends, which never does: say how long that one is (for), or when this one begins (at)", before.Name)
			case begin == 0:
				begin = before.end
			case begin <= before.begin:
				return nil, fail("at", "it begins at %v, and phase %q before it at %v", begin, before.Name, before.begin)
			case before.end > begin:
				return nil, fail("at", "it begins at %v, when phase %q has not ended (%v)", begin, before.Name, before.end)
			case before.end < 0:
				before.end = begin
			}
		}
		end := time.Duration(-1)
		if p.For > 0 {
			end = begin + p.For
		}
		at := span{Phase: p, begin: begin, end: end, lasting: map[string]bool{}}
		at.arm(preset)
		spans = append(spans, at)
	}
	return spans, nil
}

// presets are the names that presets give their rules.
func (s Scenario) presets() map[string]string {
	names := map[string]string{}
	for _, p := range append(s.Phases, Phase{Preset: s.Preset}) {
		if p.Preset != nil {
			names[p.Preset.Name] = "a preset"
		}
	}
	return names
}

// arm names the rules of a phase, those of the preset's events first.
func (p *span) arm(preset *middlebox.Preset) {
	var events []faultproxy.Rule
	if preset == nil {
		p.lacks = p.Reload || p.Shutdown || p.Drain > 0
		preset = &middlebox.Preset{}
	}
	if p.Reload {
		events = append(events, preset.Reload()...)
	}
	if p.Shutdown {
		events = append(events, preset.Shutdown()...)
	}
	if p.Drain > 0 {
		events = append(events, preset.Drain(p.Drain)...)
	}
	taken := map[string]bool{}
	for i, r := range append(events, p.Phase.Rules...) {
		if r.Name == "" && r.Do != nil {
			r.Name, _, _ = strings.Cut(r.Do.String(), " ")
		}
		r.Name = p.Name + "/" + r.Name
		for base, n := r.Name, 2; taken[r.Name]; n++ {
			r.Name = fmt.Sprintf("%s-%d", base, n)
		}
		taken[r.Name] = true
		p.rules = append(p.rules, r)
		p.lasting[r.Name] = i < len(events) && ends(r.Do)
	}
}

// ends reports whether a fault ends connections, rather than keeping new ones out.
func ends(f faultproxy.Fault) bool {
	switch f.(type) {
	case faultproxy.Down, faultproxy.Hang:
		return false
	}
	return true
}
