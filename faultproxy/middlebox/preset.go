// Package middlebox holds presets: what real proxies and load balancers do to
// WebSocket connections by default, as rules and policies of a faultproxy.Proxy.
//
//	p := faultproxy.Start(t, upstream)
//	p.Use(middlebox.Nginx())
//
// A preset imitates what a client and a server can see on the wire after the
// handshake: timers and their errors, how each side is ended, what an end of one
// side does to the other, and the error pages of a failed handshake. Each says in
// Version and Source what was measured.
//
// No preset imitates what a middlebox does to a handshake that succeeds (nginx adds
// Server and Date to the 101 and writes "Connection: upgrade" in lower case), nor its
// connection pools (nginx keeps a client's connection open behind an error page,
// this proxy closes it), nor its buffer sizes, nor reloads.
package middlebox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Preset is a middlebox with its settings. It is a value: change fields of a copy to
// configure it otherwise, then give it to [faultproxy.Proxy.Use].
type Preset struct {
	// Name names the preset, and begins the names of its rules.
	Name string
	// Version is what was measured, such as "nginx 1.22.1".
	Version string
	// Summary says in a sentence what the middlebox does.
	Summary string
	// Source says where the behaviour and the defaults come from.
	Source string

	// Idle closes a connection on which nothing has travelled for so long. 0: never.
	Idle time.Duration
	// IdleResetBy is what restarts the idle timer. 0: bytes in either direction.
	IdleResetBy frame.Direction
	// Lazy lets the idle timer keep its old deadline when the new one is less than
	// this later, so that it may end a connection up to so much early. A timer whose
	// whole time is shorter never moves: it ends the connection Idle after it
	// opened, whatever its traffic.
	Lazy time.Duration
	// End is how the idle timer ends a connection.
	End faultproxy.End

	// Behavior says how the end of one side reaches the other, how long the upstream
	// has to answer an upgrade, and with which pages the middlebox answers for it.
	Behavior faultproxy.Behavior
}

// WithIdle returns a copy whose timers run for d: the idle timer, and the wait for
// the upstream's answer where the middlebox has one setting for both.
func (p Preset) WithIdle(d time.Duration) Preset {
	if p.Behavior.HandshakeTimeout == p.Idle {
		p.Behavior.HandshakeTimeout = d
	}
	p.Idle = d
	return p
}

// Configure makes a proxy behave like the middlebox. Call it before the proxy's
// clients connect; [faultproxy.Proxy.Use] does.
func (p Preset) Configure(proxy *faultproxy.Proxy) error {
	if p.Idle != 0 {
		if err := proxy.Add(faultproxy.Rule{Name: p.Name + "/idle", On: p.timer(), Do: p.End}); err != nil {
			return err
		}
	}
	behavior := p.Behavior
	behavior.Name = p.Name
	proxy.Behave(behavior)
	return nil
}

func (p Preset) timer() frame.Trigger {
	if p.Lazy >= p.Idle {
		return faultproxy.Elapsed(p.Idle)
	}
	t := faultproxy.Idle(p.Idle).Lazy(p.Lazy)
	if p.IdleResetBy != 0 {
		t = t.ResetBy(p.IdleResetBy)
	}
	return t
}

// presets makes every preset by name.
var presets = map[string]func() Preset{"nginx": Nginx}

// Names lists the names that [Named] knows, in alphabetical order.
func Names() []string {
	var names []string
	for name := range presets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Named returns the preset of that name with its default settings.
func Named(name string) (Preset, error) {
	if preset, ok := presets[name]; ok {
		return preset(), nil
	}
	meant := ";"
	if s := schema.Suggest(name, Names()); s != "" {
		meant = fmt.Sprintf("; did you mean %q?", s)
	}
	return Preset{}, fmt.Errorf("unknown preset %q%s known: %s", name, meant, strings.Join(Names(), ", "))
}
