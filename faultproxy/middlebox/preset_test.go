package middlebox_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

func TestEveryPresetSaysWhatIsKnown(t *testing.T) {
	for _, p := range middlebox.All() {
		if got, err := middlebox.Named(p.Name); err != nil || got.Name != p.Name {
			t.Errorf("%s: got %q, %v", p.Name, got.Name, err)
		}
		if p.Summary == "" || p.Source == "" {
			t.Errorf("%s does not say what it is and where that comes from: %+v", p.Name, p)
		}
		if (p.Version == "") != (len(p.Measured) == 0) {
			t.Errorf("%s was measured with %q: %q", p.Name, p.Version, p.Measured)
		}
		if len(p.Documented)+len(p.Measured) == 0 || len(p.Unverified) == 0 {
			t.Errorf("%s does not say what is documented and what nobody confirmed", p.Name)
		}
		for _, e := range p.Events() {
			if e.Basis == middlebox.Measured && p.Version == "" {
				t.Errorf("%s: %s is measured, and nobody knows with what", p.Name, e.Name)
			}
		}
		for event := range p.Known {
			if !hasEvent(p, event) {
				t.Errorf("%s: knows something about %q, which is no event", p.Name, event)
			}
		}
	}
}

func hasEvent(p middlebox.Preset, name string) bool {
	for _, e := range p.Events() {
		if e.Name == name {
			return true
		}
	}
	return name == ""
}

func TestUnknownNames(t *testing.T) {
	for name, want := range map[string]string{
		"ngnix":      `unknown preset "ngnix"; did you mean "nginx"? known: nginx, haproxy, haproxy-tcp, apache, `,
		"zzzzzzzzzz": `unknown preset "zzzzzzzzzz"; known: nginx, `,
	} {
		if _, err := middlebox.Named(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAPresetTakesThePlaceOfTheOneBefore(t *testing.T) {
	p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}
	own := faultproxy.DropPongs()
	for _, err := range []error{p.Use(middlebox.Nginx()), p.Add(own), p.Use(middlebox.Nginx()), p.Use(middlebox.Squid())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, s := range p.Rules() {
		if s.Rule.Name != own.Name {
			names = append(names, strings.TrimPrefix(s.Rule.Name, "squid/"))
		}
	}
	if b := p.Box(); b.Behavior.Name != "squid" || strings.Contains(strings.Join(names, " "), "/") || len(b.Rules) != len(names) || len(p.Rules()) != len(names)+1 {
		t.Errorf("the proxy is %s, with the rules %q, of which %d are its own", b.Behavior.Name, names, len(b.Rules))
	}
	if s := strings.Join(p.Summary(), "\n"); strings.Contains(s, "squid") {
		t.Errorf("the summary accuses a preset:\n%s", s)
	}
	if err := p.Use(nil); err == nil || !strings.Contains(err.Error(), "the middlebox is nil") {
		t.Errorf("Use(nil): %v", err)
	}
	clash := faultproxy.DropPongs()
	clash.Name = "nginx/idle"
	if err := errors.Join(p.Add(clash), p.Use(middlebox.Nginx())); err == nil || !strings.Contains(err.Error(), `rule "nginx/idle": there is one of this name besides`) || p.Box().Behavior.Name != "squid" {
		t.Errorf("a rule of the same name: %v, and the proxy is %s", err, p.Box().Behavior.Name)
	}
	if err := p.Become(faultproxy.Box{}); err != nil || len(p.Rules()) != 2 || p.Box().Behavior.Name != "" {
		t.Errorf("no box: %v, and the rules %v", err, p.Rules())
	}
}

// A timer that is off is no rule; a preset without the timer that is asked for gets one.
func TestWithIdleAndLifetime(t *testing.T) {
	rules := func(box middlebox.Preset) (words []string) {
		p := &faultproxy.Proxy{Upstream: "ws://127.0.0.1:1"}
		if err := p.Use(box); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Rules() {
			if s.Rule.On != faultproxy.Responded {
				words = append(words, s.Rule.String())
			}
		}
		return words
	}
	for _, c := range []struct {
		what string
		box  middlebox.Preset
		want string
	}{
		{"off", middlebox.Nginx().WithIdle(0), ""},
		{"another time", middlebox.Nginx().WithIdle(2 * time.Second), "nginx/idle: on idle 2s (up to 300ms early), end both sides with full-close"},
		{"one more", middlebox.GoReverseProxy().WithIdle(time.Minute), "go-reverseproxy/idle: on idle 1m0s, end both sides with full-close"},
		{"a lifetime", middlebox.GoReverseProxy().WithLifetime(time.Hour), "go-reverseproxy/lifetime: on elapsed 1h0m0s, end both sides with full-close"},
		{"its own lifetime", middlebox.GCPLoadBalancer().WithLifetime(time.Hour), "gcp-lb/lifetime: on elapsed 1h0m0s, end both sides with full-close"},
		{"one direction", middlebox.CloudFront(), "cloudfront/idle: on idle 10m0s to-client, end both sides with full-close"},
		{"ticks longer than the time", middlebox.Squid().WithIdle(time.Second / 2),
			"squid/idle: on idle 500ms (off by chance, 499.999999ms early to 0s late), end both sides with full-close"},
	} {
		if got := strings.Join(rules(c.box), "; "); got != c.want {
			t.Errorf("%s: rules %q, want %q", c.what, got, c.want)
		}
	}
	nginx := middlebox.Nginx()
	if other := nginx.WithIdle(time.Second); other.Timers[0].For != time.Second || nginx.Timers[0].For != time.Minute {
		t.Errorf("a copy's time is %v, the original's %v", other.Timers[0].For, nginx.Timers[0].For)
	}
	own := middlebox.Nginx()
	own.Name, own.Timers = "own", []middlebox.Timer{{Name: "idle", For: time.Second, ResetBy: frame.ToServer, Do: own.Timers[0].Do}}
	if got := rules(own); len(got) != 1 || got[0] != "own/idle: on idle 1s to-server, end both sides with full-close" {
		t.Errorf("a preset of one's own: %q", got)
	}
}

// The README names every preset, where it belongs.
func TestReadmeNamesThePresets(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[bool]string{}
	for _, p := range middlebox.All() {
		measured := p.Version != ""
		if rows[measured] != "" {
			rows[measured] += ", "
		}
		rows[measured] += "`" + p.Name + "`"
	}
	for _, want := range []string{"| measured | " + rows[true] + " |", "| documented | " + rows[false] + " |"} {
		if !strings.Contains(string(readme), want+"\n") {
			t.Errorf("the README should have the line %s", want)
		}
	}
}
