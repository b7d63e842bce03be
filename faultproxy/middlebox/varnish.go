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
			"no HTTP at all for an upstream that refuses, does not answer, or ends before its answer; a 101 without an Upgrade header is passed on",
			"TERM, INT, QUIT and KILL: a FIN for both within 15 ms",
		},
		Differs: []string{
			reframed,
			notHTTP + "a FIN without HTTP",
			"an upgrade that the VCL does not pipe is a common request there: Varnish adds Age, Date, Via and X-Varnish to the answer and keeps the connection open; the preset always pipes",
			"a peer that takes no byte is waited for without end there (9 s watched), because pipe_timeout does not bound a write; here pipe_timeout sees a silent connection and ends it",
		},
		Documented: []string{"pipe_timeout is 60 s by default"},
		Unverified: []string{"which side is closed first on a timeout"},
		Timers:     []Timer{{Name: "idle", Setting: "pipe_timeout", For: 60 * time.Second, Handshake: true, Do: bothFIN}},
		Behavior: faultproxy.Behavior{
			OnFIN: faultproxy.Forward, OnRST: faultproxy.ResetFIN,
			Unreachable: bare, Unanswered: bare, Incomplete: bare,
		},
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Measured, map[string]Basis{"drain": Unverified, "refused": Unverified}),
	}
}
