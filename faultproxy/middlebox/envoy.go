package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Envoy is Envoy with upgrade_configs for websocket, as Istio, Contour and others use
// it. Nothing of it was measured; all of it is read from its documentation and source.
//
//   - stream_idle_timeout (5 min) without activity either way ends the stream: the
//     upstream's connection at once, the client's delayed_close_timeout (1 s) later,
//     without a Close frame. Before the upstream's answer it is a 408.
//   - Drains and hot restarts tell upgraded connections nothing; they are cut when the
//     old process goes, drain-time-s (600 s) later.
//   - Without upgrade_configs the upgrade is refused with a 403; add
//     faultproxy.RejectWith(403) for that.
func Envoy() Preset {
	late := faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose, ServerFirst: true, Gap: time.Second}
	unreachable := faultproxy.Answer{Status: http.StatusServiceUnavailable}
	return Preset{
		Name:    "envoy",
		Summary: "ends both sides without a Close frame after stream_idle_timeout (5 min) without activity, the client's 1 s later",
		Source: "Envoy documentation: FAQ \"How do I configure timeouts?\", HttpConnectionManager (stream_idle_timeout, delayed_close_timeout), " +
			"operations/cli (drain-time-s); source conn_manager_impl.cc; envoyproxy/envoy#20062, #41068, #41075, #45250",
		Documented: []string{
			"stream_idle_timeout, or a route's idle_timeout, is 5 min by default, and activity either way restarts it",
			"before the response headers a stream that idles is a 408 with the body \"stream timeout\"",
			"the client's connection is closed with a delay: Envoy waits up to delayed_close_timeout (1 s) for the client to close first",
			"upgraded connections get no signal during a drain or hot restart",
			"since 2025 the route's timeout (15 s) bounds the handshake too, with a 504; versions 1.18 to 1.21 could cut an upgraded connection after it",
			"without upgrade_configs: 403",
		},
		Unverified: []string{
			"FIN or RST, on either side",
			"what an upstream in trouble is: here a 503 with a line of text of this proxy's",
			"half-closes and resets: here both sides are torn down with a FIN",
			"what SIGTERM does: here a FIN for both at once",
		},
		Timers: []Timer{{Name: "idle", Setting: "stream_idle_timeout", For: 5 * time.Minute, Handshake: true, Do: late}},
		Behavior: faultproxy.Behavior{
			OnFIN: faultproxy.TearDown, OnRST: faultproxy.ResetFIN,
			Unreachable: unreachable, Incomplete: unreachable,
			Unanswered: faultproxy.Answer{Status: http.StatusRequestTimeout, Page: faultproxy.Page{Body: "stream timeout"}},
		},
		OnReload:   Stop{Setting: "drain-time-s", After: 600 * time.Second, Do: bothFIN},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented, "unanswered": Documented, "reload": Documented}),
	}
}
