package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// H2O is h2o with proxy.websocket: ON. All of this is measured with 2.2.5, unless it
// says otherwise.
//
//   - proxy.websocket.timeout (300 s) without a byte in either direction closes both
//     sides without a Close frame.
//   - The FIN of either side tears down both. A reset is a FIN for the other side.
//   - Whatever goes wrong with the handshake is a 502 "Gateway Error" with a line of
//     text, an upstream that does not answer within proxy.timeout.io too (documented as
//     30 s).
//   - TERM refuses new connections and leaves live ones alone. It has no reload of its
//     own: HUP ends it as INT does, with a FIN for both at once.
func H2O() Preset {
	return Preset{
		Name:    "h2o",
		Version: "h2o 2.2.5",
		Summary: "closes both sides without a Close frame after proxy.websocket.timeout (5 min) without a byte in either direction",
		Source:  "measured with h2o 2.2.5 on Linux, loopback; h2o.examp1e.net/configure/proxy_directives.html: proxy.websocket.timeout, proxy.timeout.io",
		Measured: []string{
			"bytes in either direction restart the timer, which fires within 1 ms of its time",
			"TERM: live connections go on, new ones are refused; HUP, INT, QUIT and KILL: a FIN for both within 3 ms",
			"a 101 without an Upgrade header gets one",
			"a peer that takes no byte, with timeouts of 2 s: both sides end after 1.95 s",
		},
		Differs: []string{
			"the names of headers that h2o adds itself are in lower case there, and not here",
			"h2o closes its socket behind an answer that is not a 101, so that what the client still writes draws an RST; here its stream is ended and the client read on, so that no RST can overtake the answer",
			"an answer that is not HTTP has a text of its own there; here it has that of one that ends early",
		},
		Documented: []string{"proxy.websocket.timeout is 300 s by default, proxy.timeout.io 30 s"},
		Unverified: []string{
			"which side is closed first on a timeout",
			"a reload by start_server, which starts a new process",
		},
		Timers: []Timer{{Name: "idle", Setting: "proxy.websocket.timeout", For: 300 * time.Second, Send: true, Do: bothFIN}},
		Behavior: faultproxy.Behavior{
			OnFIN:            faultproxy.TearDown,
			OnRST:            faultproxy.ResetFIN,
			HandshakeTimeout: 30 * time.Second,
			SendEnd:          bothFIN,
			Unreachable:      h2oError("connection failure"),
			Unanswered:       h2oError("I/O timeout"),
			Incomplete:       h2oError("I/O error (head)"),
			Upgraded: faultproxy.Heading{
				Set: http.Header{"Server": {h2oVersion}, "Connection": {"upgrade"}, "Upgrade": {"websocket"}}, Dated: true},
			Refused: named(h2oVersion),
		},
		OnReload:   Stop{Do: bothFIN, Refuse: true},
		OnShutdown: Stop{Survive: true, Do: bothFIN, Refuse: true},
		Own:        map[string]string{"handshake": "proxy.timeout.io"},
		Known:      known(Measured, map[string]Basis{"drain": Unverified}),
	}
}

const h2oVersion = "h2o/2.2.5"

// h2oError is its answer for an upstream in trouble.
func h2oError(why string) faultproxy.Answer {
	return faultproxy.Answer{Status: http.StatusBadGateway, Page: faultproxy.Page{
		Reason: "Gateway Error",
		Header: http.Header{"Server": {h2oVersion}, "Content-Type": {"text/plain; charset=utf-8"}},
		Dated:  true,
		Body:   why,
	}}
}
