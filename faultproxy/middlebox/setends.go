package middlebox

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// sidesOf returns how a fault ends the client's side and the server's; nil if it does
// so in another way.
func sidesOf(do faultproxy.Fault) []faultproxy.Ending {
	switch do := do.(type) {
	case faultproxy.End:
		return []faultproxy.Ending{do.Client, do.Server}
	case faultproxy.Forget:
		return []faultproxy.Ending{do.Client, do.Server}
	}
	return nil
}

// withSides returns the fault with other endings; one that has none as it is.
func withSides(do faultproxy.Fault, sides []faultproxy.Ending) faultproxy.Fault {
	switch do := do.(type) {
	case faultproxy.End:
		do.Client, do.Server = sides[0], sides[1]
		return do
	case faultproxy.Forget:
		do.Client, do.Server = sides[0], sides[1]
		return do
	}
	return do
}

// setEnd sets how the timers end a side.
func (p *Preset) setEnd(side, value string) error {
	how := faultproxy.Keep
	for how.String() != value {
		if how++; how > faultproxy.Silent {
			return fmt.Errorf("preset %q: %s=%s; want %s", p.Name, side, value, endings())
		}
	}
	for _, o := range p.options {
		if want, ok := o.ends[o.Value]; ok && want != how {
			return fmt.Errorf("preset %q: %s=%s, but %s=%s ends both sides with %v; leave one of the two out", p.Name, side, value, o.Name, o.Value, want)
		}
	}
	for i := range p.Timers {
		sides := sidesOf(p.Timers[i].Do)
		switch {
		case sides == nil:
			continue
		case side == "client-end":
			sides[0] = how
		default:
			sides[1] = how
		}
		do := withSides(p.Timers[i].Do, sides)
		if v, ok := do.(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				return fmt.Errorf("preset %q: %s=%s: %w", p.Name, side, value, err)
			}
		}
		p.Timers[i].Do = do
	}
	return nil
}

// endings lists the words for an ending.
func endings() string {
	var words []string
	for how := faultproxy.Keep; how < faultproxy.Silent; how++ {
		words = append(words, how.String())
	}
	return strings.Join(words, ", ") + " or " + faultproxy.Silent.String()
}

// has lists the settings, for messages.
func (p Preset) has() string {
	var words []string
	for _, s := range p.Settings() {
		words = append(words, s.Name+"="+s.Value)
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}

// meant is what goes between an unknown setting and the known ones.
func (p Preset) meant(setting string) string {
	var names []string
	own := map[string]string{} // by the middlebox's own name
	for _, s := range p.Settings() {
		names = append(names, s.Name)
		for name := range strings.SplitSeq(s.Own, ", ") {
			if name != "" {
				own[name] = s.Name
			}
		}
	}
	names = append(names, slices.Sorted(maps.Keys(own))...)
	switch s := schema.Suggest(setting, names); {
	case s == "":
		return ";"
	case own[s] != "":
		return fmt.Sprintf("; did you mean %q (%s's %s)?", own[s], p.Name, s)
	default:
		return fmt.Sprintf("; did you mean %q?", s)
	}
}
