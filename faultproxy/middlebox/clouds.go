package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// GCPLoadBalancer is Google Cloud's external HTTP(S) load balancer (GFE, classic). The
// backend service's timeout, 30 s by default, is a lifetime for WebSockets: it ends
// them whatever their traffic. FIN or RST is confirmed by nobody; this is a FIN.
func GCPLoadBalancer() Preset {
	return Preset{
		Name:    "gcp-lb",
		Summary: "closes every connection after the backend service's timeoutSec (30 s), whatever its traffic",
		Source:  "ingress-gce, examples/websocket; gcpdiag rule lb/BP/2025_002; gitlab-org/gitlab#284074",
		Documented: []string{
			"timeoutSec, 30 s by default, is a limit on the connection's life and no idle timeout",
			"more than 24 h is not recommended: the front ends are restarted for maintenance",
			"client keepalive (610 s) and backend keepalive (600 s) do not apply to WebSockets",
		},
		Unverified: []string{"FIN or RST at the timeout, on either side", "regional load balancers, which are Envoy, may differ", guessed},
		Timers:     []Timer{{Name: "lifetime", Setting: "backend service timeoutSec", For: 30 * time.Second, Lifetime: true, Handshake: true, Do: bothFIN}},
		Behavior:   layer7,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"lifetime": Documented}),
	}
}

// AzureLoadBalancer is Azure Load Balancer, which relays packets. A flow without a
// packet for 4 minutes is dropped without a word: what either side sends then is lost.
// With TCP Reset, tcp-reset=on, both sides get an RST at the timeout instead.
func AzureLoadBalancer() Preset {
	forgets := faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent}
	return Preset{
		Name:    "azure-lb",
		Summary: "drops a flow in silence after 4 min without a packet; with TCP Reset, resets both sides then",
		Source:  "Azure: \"Load Balancer TCP Reset and idle timeout\"",
		Documented: []string{
			"idleTimeoutInMinutes is 4 by default, 4 to 100; packets in either direction restart it, TCP keepalives too",
			"by default flows are dropped in silence; with EnableTcpReset both sides get an RST at the timeout, not at their next packet",
		},
		Unverified: []string{"TCP keepalives do not restart the timer here: this proxy ends TCP on both sides", "an upstream that cannot be reached: here a FIN without HTTP"},
		Timers:     []Timer{{Name: "idle", Setting: "idleTimeoutInMinutes", For: 4 * time.Minute, Do: forgets}},
		Behavior:   relay,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Survive: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented}),
		options: []option{{
			Setting: Setting{"tcp-reset", "enableTcpReset", "off", "an RST for both sides at the timeout: off or on, which no client-end or server-end goes with"},
			values:  []string{"off", "on"},
			set: func(p *Preset, value string) {
				_, on := p.Timers[0].Do.(faultproxy.End)
				switch {
				case value == "on":
					p.Timers[0].Do = faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}
				case on:
					p.Timers[0].Do = forgets
				}
			},
			ends: map[string]faultproxy.Ending{"on": faultproxy.RST},
		}},
	}
}

// AzureFrontDoor is Azure Front Door: 5 minutes without data from either side close a
// connection, and 4 hours close any. FIN or RST is confirmed by nobody; this is a FIN.
func AzureFrontDoor() Preset {
	return Preset{
		Name:    "azure-front-door",
		Summary: "closes the connection after 5 min without data in either direction, and after 4 h in any case",
		Source:  "Azure Front Door WebSocket",
		Documented: []string{
			"5 min without data from the origin or the client, 4 h in any case; neither can be set at Azure",
			"a route with caching does not pass Upgrade on, so the handshake fails; add faultproxy.Unconfigured() for that",
		},
		Unverified: []string{"FIN or RST at the timeouts, on either side", guessed},
		Timers: []Timer{
			{Name: "idle", For: 5 * time.Minute, Do: bothFIN},
			{Name: "lifetime", For: 4 * time.Hour, Lifetime: true, Do: bothFIN},
		},
		Behavior:   layer7,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented, "lifetime": Documented}),
	}
}

// Cloudflare is Cloudflare's proxy. It closes what is idle for about 100 s, a number
// its documentation does not give, and what lives through a release of its own
// software: reload and shutdown send 1001 to both sides, to everybody at once.
func Cloudflare() Preset {
	return Preset{
		Name:    "cloudflare",
		Summary: "closes the connection after about 100 s without data in either direction; a release sends 1001 to both sides",
		Source: "developers.cloudflare.com/network/websockets; community.cloudflare.com/t/cloudflare-websocket-timeout/5865; " +
			"buildbot/buildbot#4078; Cloudflare staff at news.ycombinator.com/item?id=11638081",
		Documented: []string{
			"a connection without data in either direction is closed; the documentation gives no number, 100 s is what community staff and users say; Enterprise can change it",
			"a release restarts servers, which ends WebSockets: 1001 to both the client and the origin, many at once",
		},
		Unverified: []string{"100 s today", "FIN or RST when idle; users report 1006", guessed},
		Timers:     []Timer{{Name: "idle", For: 100 * time.Second, Do: bothFIN}},
		Behavior:   layer7,
		OnReload:   Stop{Do: goingAway},
		OnShutdown: Stop{Do: goingAway, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented, "reload": Documented, "shutdown": Documented}),
	}
}

// Heroku is Heroku's router: 55 s without data either way end a connection (H15). The
// client sees a close of a kind that is confirmed by nobody; this is a FIN.
func Heroku() Preset {
	b := layer7
	b.HandshakeTimeout = 30 * time.Second
	b.Unreachable.Status, b.Unanswered.Status, b.Incomplete.Status = http.StatusServiceUnavailable, http.StatusServiceUnavailable, http.StatusServiceUnavailable
	return Preset{
		Name:       "heroku",
		Summary:    "closes the connection after 55 s without data in either direction (H15)",
		Source:     "Heroku Dev Center: Error codes (H15, H12), Request timeout",
		Documented: []string{"55 s, rolling: data in either direction restarts it", "a response must begin within 30 s, else a 503 (H12)"},
		Unverified: []string{"FIN or RST at the timeout, on either side; the router's log says status 503, which an upgraded client never sees", guessed},
		Timers:     []Timer{{Name: "idle", For: 55 * time.Second, Do: bothFIN}},
		Behavior:   b,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented, "unanswered": Documented}),
	}
}

// FlyIO is Fly.io's proxy. Its idle timeout, 60 s, was removed in 2023. Reload and
// shutdown are the stop of a machine: the client gets a Close frame, whose code, 1001
// here, is concluded from the word GoAway.
func FlyIO() Preset {
	away := faultproxy.Close{Code: 1001, Other: faultproxy.OtherFIN}
	return Preset{
		Name:    "fly",
		Summary: "no idle timeout; the stop of a machine sends the client 1001",
		Source:  "community.fly.io/t/15160 (no idle timeout), community.fly.io/t/27544 (GoAway before a stop, 2026)",
		Documented: []string{
			"the idle timeout was removed in 2023; it was 60 s and showed as ECONNRESET",
			"before a machine is stopped or suspended, its WebSockets get a GoAway close frame",
		},
		Unverified: []string{"the code 1001", guessed},
		Behavior:   layer7,
		OnReload:   Stop{Do: away},
		OnShutdown: Stop{Do: away, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"reload": Documented, "shutdown": Documented}),
	}
}
