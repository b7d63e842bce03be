package middlebox

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Setting is something about a preset that [Preset.With] can change.
type Setting struct {
	Name  string // the key
	Own   string // what the middlebox calls it; empty if it cannot be set there
	Value string // as it is now: a time, "off", or a word
	About string // what it is, in words
}

// option is a setting that is no time, or has an effect of its own.
type option struct {
	Setting
	values []string
	set    func(p *Preset, value string)
	// ends are the values that say themselves how timers end both sides.
	ends map[string]faultproxy.Ending
}

// Settings lists what With can change, with the values as they are.
func (p Preset) Settings() []Setting {
	var list []Setting
	for _, t := range p.Timers {
		list = append(list, Setting{t.Name, t.Setting, offOr(t.For), t.about()})
	}
	for _, key := range []string{"handshake", "send"} {
		if own, ok := p.Own[key]; ok {
			list = append(list, Setting{key, own, offOr(*p.time(key)), aboutTimes[key]})
		}
	}
	for _, key := range []string{"reload", "shutdown"} {
		if s := p.stopOf(key); s.Setting != "" {
			value := s.After.String()
			if s.Survive {
				value = "off"
			}
			list = append(list, Setting{key, s.Setting, value, aboutTimes[key]})
		}
	}
	for _, o := range p.options {
		list = append(list, o.Setting)
	}
	if i := slices.IndexFunc(p.Timers, func(t Timer) bool { return sidesOf(t.Do) != nil }); i >= 0 {
		how := sidesOf(p.Timers[i].Do)
		list = append(list,
			Setting{"client-end", "", how[0].String(), "how timers end the client's side: " + endings()},
			Setting{"server-end", "", how[1].String(), "how timers end the server's side: " + endings()})
	}
	return list
}

var aboutTimes = map[string]string{
	"handshake": "how long the upstream has to answer an upgrade",
	"send":      "how long a peer may take no byte although bytes wait for it",
	"reload":    "how long connections outlive a reload; off: as long as they like",
	"shutdown":  "how long connections outlive a shutdown; off: as long as they like",
}

func (t Timer) about() string {
	s := "without a byte in either direction"
	switch {
	case t.Lifetime:
		s = "after the 101, whatever the traffic"
	case t.ResetBy == frame.ToServer:
		s = "without a byte from the client, whatever the server sends"
	case t.ResetBy == frame.ToClient:
		s = "without a byte from the server, whatever the client sends"
	}
	if t.Without != "" {
		s += "; only while " + t.Without + " is off"
	}
	return s
}

// With returns a copy with another value for a setting: a time such as "10s", "off", or
// what [Preset.Settings] says. The error for an unknown one lists what there is.
func (p Preset) With(setting, value string) (Preset, error) {
	was := p
	p.Timers = slices.Clone(p.Timers)
	err := fmt.Errorf("preset %q has no setting %q%s it has %s", p.Name, setting, p.meant(setting), p.has())
	known := slices.ContainsFunc(p.Settings(), func(s Setting) bool { return s.Name == setting })
	switch i := slices.IndexFunc(p.options, func(o option) bool { return o.Name == setting }); {
	case i >= 0:
		err = p.choose(i, value)
	case known && (setting == "client-end" || setting == "server-end"):
		err = p.setEnd(setting, value)
	case known:
		err = p.last(setting, value)
	}
	if err != nil {
		return was, err
	}
	if p.tied != nil {
		p.tied(&p)
	}
	return p, nil
}

// last sets a time.
func (p *Preset) last(setting, value string) error {
	d, err := time.ParseDuration(value)
	off := value == "off"
	switch {
	case d > longest || err != nil && isLong(value):
		return fmt.Errorf("preset %q: %s=%s is too long: at most %.0fh, or %[2]s=off", p.Name, setting, value, longest.Hours())
	case !off && (err != nil || d < 0):
		return fmt.Errorf("preset %q: %s=%s is no time; want one such as %[2]s=30s, or %[2]s=off", p.Name, setting, value)
	}
	if at := p.time(setting); at != nil {
		*at = d
		return nil
	}
	s := p.stopOf(setting)
	s.Survive, s.After = off, d
	return nil
}

// longest is the longest time of a setting, in whole hours: what a timer is late by
// comes on top.
const longest = math.MaxInt64 / time.Hour * time.Hour

var digits = regexp.MustCompile("[0-9]+")

// isLong reports whether a text is a time but for the size of its numbers.
func isLong(value string) bool {
	d, err := time.ParseDuration(digits.ReplaceAllString(value, "1"))
	return err == nil && d > 0
}

// time is where a time that 0 turns off is kept, or nil.
func (p *Preset) time(setting string) *time.Duration {
	for i := range p.Timers {
		if p.Timers[i].Name == setting {
			return &p.Timers[i].For
		}
	}
	switch setting {
	case "handshake":
		return &p.Behavior.HandshakeTimeout
	case "send":
		return &p.Behavior.SendTimeout
	}
	return nil
}

func (p *Preset) stopOf(setting string) *Stop {
	if setting == "reload" {
		return &p.OnReload
	}
	return &p.OnShutdown
}

// choose sets an option.
func (p *Preset) choose(i int, value string) error {
	o := p.options[i]
	if !slices.Contains(o.values, value) {
		return fmt.Errorf("preset %q: %s=%s; want %s", p.Name, o.Name, value, strings.Join(o.values, " or "))
	}
	p.options = slices.Clone(p.options)
	p.options[i].Value = value
	o.set(p, value)
	return nil
}

// offOr is a time as With takes it.
func offOr(d time.Duration) string {
	if d == 0 {
		return "off"
	}
	return d.String()
}
