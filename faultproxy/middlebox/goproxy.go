package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// GoReverseProxy is Go's net/http/httputil.ReverseProxy in an http.Server, which many
// gateways are made of. It has no timeout for an upgraded connection. All of this is
// measured with Go 1.26.
//
//   - A connection lives for ever, whatever the server's timeouts are: Hijack clears
//     them.
//   - A FIN of either side is passed on, and the other direction lives. A reset is a
//     FIN for the other side.
//   - What a client sends in the same segment as its request, before the 101, is lost.
//   - An upstream that refuses, ends before its answer, or answers with a 101 without
//     an Upgrade header is a 502 without a body. One that does not answer is waited for.
//   - Server.Shutdown ignores upgraded connections: they get a FIN when the process
//     ends.
func GoReverseProxy() Preset {
	return Preset{
		Name:    "go-reverseproxy",
		Version: "Go 1.26 net/http/httputil.ReverseProxy",
		Summary: "no timeout at all; loses what a client sends along with its request",
		Source:  "measured with Go 1.26 on Linux, loopback; pkg.go.dev/net/http/httputil#ReverseProxy, pkg.go.dev/net/http#Server.Shutdown",
		Measured: []string{
			"an idle connection outlives all timeouts of http.Server, set to 2 s",
			"what the client sent with its request is lost without a trace",
			"the end of the process: a FIN for both within 12 ms",
			"a peer that takes no byte is waited for without end (9 s watched)",
		},
		Documented: []string{"Server.Shutdown does not touch hijacked connections; there is nothing to reload"},
		Unverified: []string{
			"an upstream that does not answer is waited for here as long as the client waits; http.Server.WriteTimeout sends a FIN there, if it is set",
			"which side is closed first when the process ends",
		},
		Behavior: faultproxy.Behavior{
			OnFIN:       faultproxy.Forward,
			OnRST:       faultproxy.ResetFIN,
			Unreachable: empty(http.StatusBadGateway, nil),
			Unanswered:  empty(http.StatusBadGateway, nil),
			Incomplete:  empty(http.StatusBadGateway, nil),
			NotUpgraded: empty(http.StatusBadGateway, nil),
			Upgraded:    faultproxy.Heading{Names: faultproxy.Canonical},
			Refused:     faultproxy.Heading{Dated: true, Names: faultproxy.Canonical},
			KeepRefused: true,
			LosesEarly:  true,
		},
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Own:        map[string]string{"handshake": "Transport.ResponseHeaderTimeout"},
		Known:      known(Measured, map[string]Basis{"drain": Unverified, "unanswered": Unverified}),
	}
}

// Traefik is Traefik v2 and v3, which forwards WebSockets as [GoReverseProxy] does. It
// was not run: what the reverse proxy does is measured there, the rest is read from
// Traefik's source and documentation.
//
//   - No idle timeout for upgraded connections.
//   - SIGTERM refuses new connections, and ends the live ones after graceTimeOut (10 s)
//     with a FIN without a Close frame; its tracker looks every 500 ms.
//   - Its configuration is dynamic: a change does not end connections.
func Traefik() Preset {
	p := GoReverseProxy()
	p.Name, p.Version = "traefik", ""
	p.Summary = "no idle timeout; SIGTERM ends connections with a FIN after graceTimeOut (10 s)"
	p.Source = "Traefik documentation: EntryPoints (respondingTimeouts, lifeCycle.graceTimeOut); source pkg/server/server_entrypoint_tcp.go " +
		"(Shutdown, connectionTracker); Go 1.26 httputil.ReverseProxy as measured for the preset go-reverseproxy"
	p.Measured = nil
	p.Documented = []string{
		"no idle timeout for upgraded connections: Hijack clears the deadlines; readTimeout (60 s in v3) is for reading the request",
		"SIGTERM: nobody new, then after graceTimeOut (10 s) live connections are closed without a Close frame; the tracker polls every 500 ms",
		"WebSockets go through httputil.ReverseProxy: half-closes, resets and early bytes are as measured with Go 1.26",
	}
	p.Unverified = []string{
		"its error pages: here Go's, without a body",
		"that a change of the dynamic configuration leaves live connections alone",
		"which side is closed first",
	}
	p.OnShutdown = Stop{Setting: "lifeCycle.graceTimeOut", After: 10 * time.Second, Do: bothFIN, Refuse: true}
	p.Own = map[string]string{"handshake": "serversTransport.forwardingTimeouts.responseHeaderTimeout"}
	p.Known = known(Documented, map[string]Basis{"reload": Unverified, "unanswered": Unverified, "unreachable": Unverified, "incomplete": Unverified, "not upgraded": Unverified})
	return p
}
