package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// HAProxy is HAProxy in http mode. It has no timeout by default: set idle, which is
// timeout tunnel, or client and server. All of this is measured with HAProxy 2.6.12.
//
//   - timeout tunnel without a byte in either direction: the client gets a FIN, the
//     server an RST; no Close frame.
//   - Without timeout tunnel, timeout server does the same, but timeout client sends
//     the server a FIN and the client nothing, until the server ends.
//   - The client's FIN is passed on, and the server can still send. The server's FIN
//     tears down both. The client's reset is a reset for the server; the server's is a
//     FIN for the client.
//   - An upstream that refuses is a 503 after 3 s (3 retries, 1 s apart), one that does
//     not answer within timeout server a 504, and any other trouble a 502, a 101
//     without an Upgrade header too. All header names are in lower case.
//   - A reload (USR2) and a soft stop (USR1) leave live connections in the old process,
//     for ever or for hard-stop-after; TERM sends both a FIN at once.
func HAProxy() Preset {
	cut := faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.RST}
	invalid := kept(http.StatusBadGateway, haproxyPage("502 Bad Gateway", "The server returned an invalid or incomplete response."))
	down := kept(http.StatusServiceUnavailable, haproxyPage("503 Service Unavailable", "No server is available to handle this request."))
	down.After = 3 * time.Second
	return Preset{
		Name:    "haproxy",
		Version: "HAProxy 2.6.12",
		Summary: "no timeout unless set; then a FIN for the client and an RST for the server after timeout tunnel without a byte in either direction",
		Source:  "measured with HAProxy 2.6.12 on Linux, loopback, mode http; HAProxy Configuration Manual: timeout tunnel, timeout client, timeout server, hard-stop-after",
		Measured: []string{
			"bytes in either direction restart timeout tunnel, and timeout client and timeout server without it",
			"the server gets an RST on a timeout, the client a FIN",
			"timeout client alone half-closes the server's side; the client sees nothing until the server ends",
			"an upstream that refuses: 503 after 3.03 s",
			"reload (USR2, -W) and USR1: live connections go on; with hard-stop-after the client gets a FIN and the server a FIN and an RST then",
			"TERM and INT: a FIN for both within 1 ms",
			"a peer that takes no byte for 2 s of timeouts: both sides end after 2.00 s",
			underTLS,
		},
		Documented: []string{"there is no default for any of the timeouts; hard-stop-after is off"},
		Unverified: []string{"which side is ended first on a timeout"},
		Timers: []Timer{
			{Name: "idle", Setting: "timeout tunnel", Send: true, Do: cut},
			{Name: "client", Setting: "timeout client", Send: true, Without: "idle", Do: faultproxy.End{Server: faultproxy.HalfClose}},
			{Name: "server", Setting: "timeout server", Send: true, Handshake: true, Without: "idle", Do: cut},
		},
		Behavior: faultproxy.Behavior{
			OnFIN:       faultproxy.HAProxy,
			OnRST:       faultproxy.HideServerRST,
			SendEnd:     faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FINRST},
			Unreachable: down,
			Unanswered:  kept(http.StatusGatewayTimeout, haproxyPage("504 Gateway Time-out", "The server didn't respond in time.")),
			Incomplete:  invalid,
			NotUpgraded: invalid,
			Upgraded:    faultproxy.Heading{Names: faultproxy.LowerCase},
			Refused:     faultproxy.Heading{Names: faultproxy.LowerCase},
			KeepRefused: true,
		},
		OnReload:   Stop{Setting: "hard-stop-after", Survive: true, Do: hardStop},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		DrainDo:    hardStop,
		Known:      known(Measured),
	}
}

// hardStop is what hard-stop-after and a timeout in tcp mode do.
var hardStop = faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FINRST}

// haproxyPage is one of HAProxy's built-in error files.
func haproxyPage(status, why string) faultproxy.Page {
	return faultproxy.Page{
		Reason: status[len("502 "):],
		Header: http.Header{"cache-control": {"no-cache"}, "content-type": {"text/html"}},
		Lower:  true,
		Body:   "<html><body><h1>" + status + "</h1>\n" + why + "\n</body></html>\n",
	}
}

// HAProxyTCP is HAProxy in tcp mode: it relays bytes and knows nothing of HTTP. It has
// no timeout by default: set idle, which is timeout tunnel, or timeout client and
// timeout server when both are the same. All of this is measured with HAProxy 2.6.12.
//
//   - A timeout without a byte in either direction: the client gets a FIN, the server a
//     FIN and an RST behind it.
//   - A FIN of either side is passed on, and the other direction lives, which in http
//     mode it does for the client's alone. Resets, reloads and stops are as there.
//   - An upstream that refuses is a FIN without any HTTP after 3 s, one that ends before
//     its answer at once, one that does not answer when the timeout ends the connection.
func HAProxyTCP() Preset {
	p := HAProxy()
	p.Name = "haproxy-tcp"
	p.Summary = "no timeout unless set; then a FIN for the client, and a FIN with an RST behind it for the server"
	p.Source = "measured with HAProxy 2.6.12 on Linux, loopback, mode tcp; HAProxy Configuration Manual"
	p.Measured = []string{
		"bytes in either direction restart timeout tunnel, or timeout client and timeout server of the same time",
		"on a timeout the client gets a FIN, the server a FIN and then an RST",
		"a FIN of either side is passed on, and the other direction lives; the client's reset is a reset for the server, the server's a FIN for the client",
		"no HTTP at all for an upstream in trouble: a FIN after 3 s for one that refuses, at once for one that ends before its answer; one that does not answer is left to the timeout",
		"reload (USR2, -W): live connections go on; TERM: a FIN for both",
		"a peer that takes no byte for 2 s of timeouts: both sides end after 2.00 s",
	}
	p.Differs = []string{reframed, notHTTP + "a FIN without HTTP"}
	p.Documented = []string{"there is no default for any of the timeouts; hard-stop-after is off"}
	p.Unverified = []string{
		"which side is ended first on a timeout",
		"hard-stop-after and USR1: here as in http mode",
	}
	p.Timers = []Timer{{Name: "idle", Setting: "timeout tunnel", Handshake: true, Send: true, Do: hardStop}}
	p.Behavior.OnFIN = faultproxy.Forward
	p.Behavior.Unreachable, p.Behavior.Unanswered = faultproxy.Answer{Bare: true, After: 3 * time.Second}, bare
	p.Behavior.Incomplete, p.Behavior.NotUpgraded = bare, faultproxy.Answer{}
	p.Behavior.Upgraded, p.Behavior.Refused, p.Behavior.KeepRefused = faultproxy.Heading{}, faultproxy.Heading{}, false
	p.Known = known(Measured, map[string]Basis{"refused": Unverified, "drain": Unverified})
	return p
}
