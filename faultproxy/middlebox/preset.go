// Package middlebox holds presets: what real proxies, load balancers and firewalls do
// to WebSocket connections by default, as rules and policies of a faultproxy.Proxy.
//
//	box := middlebox.Nginx()
//	p := faultproxy.Start(t, upstream)
//	p.Use(box)
//	…
//	p.Add(box.Reload()...) // and now its configuration is loaded anew
//
// A preset imitates what a client and a server can see on the wire: timers and their
// errors, how each side is ended, what an end of one side does to the other, reloads
// and shutdowns, the answers to a handshake that fails, and the headers of one that
// does not. PRESETS.md beside this package shows all of it, played in virtual time.
//
// Each preset says what of that was measured, with which version, where it is known to
// differ from the program all the same, what is only documented, and what nobody has
// confirmed. No preset imitates buffer sizes, pools of kept-alive connections, or errors
// of a timer below 7 ms. TLS in front was measured for nginx, HAProxy in http mode and
// Caddy alone, at a timer's end: a close_notify goes before the FIN. A proxy that serves
// TLS does so with any preset.
package middlebox

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Preset is a middlebox with its settings. It is a value: configure a copy with
// [Preset.With], [Preset.WithIdle] and [Preset.WithLifetime], or by its fields, then
// give it to [faultproxy.Proxy.Use]. What its slices and maps hold is shared with the
// copies: replace them, do not write to them.
type Preset struct {
	// Name names the preset, and begins the names of its rules.
	Name string
	// Version is what was measured, such as "nginx 1.22.1". Empty: nothing was.
	Version string
	// Summary says in a sentence what the middlebox does.
	Summary string
	// Source says where behaviour and defaults come from.
	Source string
	// Measured, Documented and Unverified say in a sentence each what was watched with
	// Version, what only documentation or source code says, and what nobody confirmed.
	Measured, Documented, Unverified []string
	// Differs says in a sentence each where the preset is known to differ from the
	// program: both were held beside each other, by the tests of internal/fidelity.
	// "There" is the program, "here" the preset.
	Differs []string

	// Timers end connections. One of them may be off by default.
	Timers []Timer
	// Rules are what is neither a timer nor an end, such as messages that are too big.
	Rules []faultproxy.Rule
	// Behavior says how the end of one side reaches the other, how long the upstream
	// has to answer an upgrade, and what the middlebox answers for it.
	Behavior faultproxy.Behavior
	// OnReload and OnShutdown are what the live connections see of [Preset.Reload] and
	// [Preset.Shutdown].
	OnReload, OnShutdown Stop
	// DrainDo is how [Preset.Drain] ends connections. nil: as OnShutdown does.
	DrainDo faultproxy.Fault

	// Own are the middlebox's own names of the settings that no timer and no Stop has:
	// "handshake" for Behavior.HandshakeTimeout, "send" for Behavior.SendTimeout.
	Own map[string]string
	// Known says how well an event is known, by its name, "" standing for those without
	// an entry; see [Preset.Events]. nil: nothing is verified.
	Known map[string]Basis

	// options are settings that are no times. tied, if not nil, sees to what hangs on
	// a setting, after each change of one.
	options []option
	tied    func(*Preset)
}

// Timer ends connections.
type Timer struct {
	// Name is the key of the setting; the timer's rule is "nginx/idle".
	Name string
	// Setting is the middlebox's own name of it. Empty: it cannot be set there.
	Setting string
	// For is the setting. 0: off.
	For time.Duration
	// ResetBy is what restarts the timer. 0: bytes in either direction.
	ResetBy frame.Direction
	// Lifetime says that nothing restarts it: it counts from the 101.
	Lifetime bool
	// Lazy lets the timer keep its old deadline when the new one is less than this
	// later, so that it may end a connection up to so much early. A timer whose whole
	// time is shorter never moves: it counts from the 101.
	Lazy time.Duration
	// Delay passes behind For in any case. Early and Late are how much before and after
	// that the timer may fire, as chance decides.
	Delay, Early, Late time.Duration
	// Handshake says that the same setting bounds the wait for the upstream's answer,
	// which ends HandshakeLate after For. Behavior.HandshakeTimeout, if not zero, is
	// asked instead.
	Handshake     bool
	HandshakeLate time.Duration
	// Send says that the same setting bounds how long a peer may take no byte although
	// bytes wait for it. Behavior.SendTimeout, if not zero, is asked instead.
	Send bool
	// Without names another timer: this one only counts while that is off.
	Without string
	// Do is what it does to the connection.
	Do faultproxy.Fault
}

// Stop is what a reload or a shutdown does to the live connections.
type Stop struct {
	// Setting is the middlebox's own name of After. Empty: it cannot be set there.
	Setting string
	// Survive says that the connections live on. Do is then what would end them if
	// the setting were set.
	Survive bool
	// After passes before Do, and Late on top of it.
	After, Late time.Duration
	// Do ends the connections that were open at the beginning.
	Do faultproxy.Fault
	// Refuse has new connections refused from the beginning. Hang has them wait: they
	// are accepted and never answered, in a reload until the live ones are ended.
	Refuse, Hang bool
}

// Basis says how well something about a middlebox is known.
type Basis uint8

// How well something is known.
const (
	Unverified Basis = iota // nobody has confirmed it
	Documented              // documentation or source code says so
	Measured                // it was watched, with the preset's Version
)

// String returns "unverified", "documented" or "measured".
func (b Basis) String() string {
	switch b {
	case Measured:
		return "measured"
	case Documented:
		return "documented"
	}
	return "unverified"
}

// Ends that presets have in common.
var (
	// bothFIN is a close(2) of both sockets.
	bothFIN = faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose}
	// upstreamFirst is the same in nginx's order.
	upstreamFirst = faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose, ServerFirst: true}
	// goingAway is a Close frame 1001 without a reason to both sides, and a close(2)
	// right behind it.
	goingAway = faultproxy.Close{Code: 1001, Toward: frame.Both, Abrupt: true}
)

// stalled is how an end reaches a peer that takes no byte: a FIN behind what the
// kernel holds for it; and the other one, whose writes then draw an RST.
var stalled = faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose}

// known gives every event of a preset the same basis, but for the exceptions.
func known(basis Basis, but ...map[string]Basis) map[string]Basis {
	all := map[string]Basis{"": basis}
	for _, m := range but {
		for event, b := range m {
			all[event] = b
		}
	}
	return all
}
