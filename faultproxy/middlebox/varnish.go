package middlebox

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Varnish is Varnish whose VCL pipes upgrades: return (pipe). All of this is measured
// with 7.1.1.
//
//   - pipe_timeout (60 s) without a byte in either direction closes both sides without
//     a Close frame.
//   - A FIN of either side is passed on, and the other direction lives. A reset is a
//     FIN for the other side.
//   - A handshake that fails ends with a FIN without any HTTP: an upstream that
//     refuses, that does not answer within pipe_timeout, or that ends.
//   - Loading another VCL leaves live connections alone; TERM sends both a FIN at once.
func Varnish() Preset {
	return Preset{
		Name:    "varnish",
		Version: "Varnish 7.1.1",
		Summary: "closes both sides without a Close frame after pipe_timeout (60 s) without a byte; a failed handshake is a FIN without HTTP",
		Source:  "measured with Varnish 7.1.1 on Linux, loopback, return (pipe); varnish-cache.org/docs/7.1/reference/varnishd.html#pipe-timeout",
		Measured: []string{
			"bytes in either direction restart the timer, which fires 0 to 3 ms late",
			"no HTTP at all for an upstream that refuses, does not answer, or ends before its answer; an answer that is not HTTP is passed on as it is, and so is a 101 without an Upgrade header",
			"TERM, INT, QUIT and KILL: a FIN for both within 15 ms",
			"a peer that takes no byte is waited for without end (9 s watched)",
		},
		Documented: []string{"pipe_timeout is 60 s by default"},
		Unverified: []string{"which side is closed first on a timeout", "an answer that is not HTTP is a FIN here"},
		Timers:     []Timer{{Name: "idle", Setting: "pipe_timeout", For: 60 * time.Second, Handshake: true, Do: bothFIN}},
		Behavior: faultproxy.Behavior{
			OnFIN: faultproxy.Forward, OnRST: faultproxy.ResetFIN,
			Unreachable: bare, Unanswered: bare, Incomplete: bare,
		},
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Measured, map[string]Basis{"drain": Unverified}),
	}
}
