package middlebox

import (
	"fmt"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Nginx is nginx with a location that passes upgrades on (proxy_http_version 1.1,
// Upgrade and Connection set) and the default proxy_read_timeout of 60 s. All of this
// is measured with nginx 1.22.1, unless it says otherwise.
//
//   - 60 s without a byte in either direction (in spite of the setting's name) close
//     both sockets, the upstream's first, without a Close frame. Pings are bytes, and
//     need no answer.
//   - The timer keeps its old deadline if the new one is less than 300 ms later
//     (NGX_TIMER_LAZY_DELAY), so it may fire up to 300 ms early.
//   - The FIN of either side tears down both, without waiting for what the other
//     still sends. A reset of one side is a FIN for the other.
//   - An upstream that does not answer an upgrade within proxy_read_timeout is a 504,
//     one that cannot be reached or ends before its answer a 502. The client's
//     connection stays open behind both.
//   - The 101 gets a Server and a Date header, and its "Connection: upgrade" in lower
//     case.
//   - A reload (HUP) and a graceful stop (QUIT) leave live connections in the old
//     worker, for ever or for worker_shutdown_timeout; TERM closes them at once.
//   - A peer that takes no byte for send_timeout, or proxy_send_timeout, 60 s by
//     default as documented, ends both sides.
//   - proxy_send_timeout and keepalives do nothing to a quiet connection.
func Nginx() Preset {
	bad := kept(http.StatusBadGateway, nginxPage("502 Bad Gateway", nginxVersion))
	return Preset{
		Name:    "nginx",
		Version: "nginx 1.22.1",
		Summary: "closes both sides without a Close frame after proxy_read_timeout (60 s) without a byte in either direction",
		Source: "measured with nginx 1.22.1 on Linux, loopback; nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout, " +
			"ngx_event_timer.h for NGX_TIMER_LAZY_DELAY",
		Measured: []string{
			"bytes in either direction restart proxy_read_timeout, pings and half a frame too",
			"the timer fires up to 300 ms early, because an armed one is kept if the new deadline is less than 300 ms later",
			"the upstream's socket is closed first, the client's 44 µs later",
			"reload (HUP) and QUIT: live connections go on in the old worker; with worker_shutdown_timeout both sides get a FIN then",
			"TERM and INT: a FIN for both within 2 ms; SIGKILL of the master alone: workers and connections live on",
			"a 101 without an Upgrade header is passed on",
			"a peer that takes no byte for 2 s of send_timeout and proxy_send_timeout: both sides end after 2.00 s, the client's with a FIN behind what the kernel holds for it",
			underTLS,
		},
		Differs: []string{notHTTP + "a 502", readsOn},
		Documented: []string{
			"proxy_read_timeout, send_timeout and proxy_send_timeout are 60 s by default; worker_shutdown_timeout is off",
			"nginx 1.29.7 and later speak HTTP/1.1 to the upstream by default; Upgrade and Connection must still be set",
		},
		Unverified: []string{
			"whether a client that writes is read and discarded for a while behind other ends than that of a send timeout: here it is not",
		},
		Timers: []Timer{{
			Name: "idle", Setting: "proxy_read_timeout", For: 60 * time.Second,
			Lazy: 300 * time.Millisecond, Handshake: true, Do: upstreamFirst,
		}},
		Behavior: faultproxy.Behavior{
			OnFIN:       faultproxy.TearDown,
			OnRST:       faultproxy.ResetFIN,
			SendTimeout: 60 * time.Second,
			SendEnd:     stalled,
			Unreachable: bad,
			Unanswered:  kept(http.StatusGatewayTimeout, nginxPage("504 Gateway Time-out", nginxVersion)),
			Incomplete:  bad,
			Upgraded:    upgrading(nginxVersion),
			Refused:     faultproxy.Heading{Set: http.Header{"Server": {nginxVersion}, "Connection": {"keep-alive"}}, Dated: true},
			KeepRefused: true,
		},
		OnReload:   Stop{Setting: "worker_shutdown_timeout", Survive: true, Do: upstreamFirst},
		OnShutdown: Stop{Do: upstreamFirst, Refuse: true},
		Own:        map[string]string{"send": "send_timeout, proxy_send_timeout"},
		Known:      known(Measured),
	}
}

const nginxVersion = "nginx/1.22.1"

// nginxPage is what nginx answers with when it has no error_page.
func nginxPage(status, server string) faultproxy.Page {
	return faultproxy.Page{
		Reason: status[len("502 "):],
		Header: http.Header{"Server": {server}, "Content-Type": {"text/html"}, "Connection": {"keep-alive"}},
		Dated:  true,
		Body: fmt.Sprintf("<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n"+
			"<hr><center>%[2]s</center>\r\n</body>\r\n</html>\r\n", status, server),
	}
}

// IngressNginx is the Kubernetes ingress controller built on nginx: as [Nginx], but
// every reload, which any change of an Ingress or a Service is, cuts the live
// connections 240 s later, whatever their traffic. The numbers are documented; what
// they do to a connection is measured with nginx itself.
func IngressNginx() Preset {
	p := Nginx()
	bad := kept(http.StatusBadGateway, nginxPage("502 Bad Gateway", "nginx"))
	p.Name, p.Version = "ingress-nginx", ""
	p.Summary = "nginx, and every change of the configuration cuts all live connections 240 s later"
	p.Source = "ingress-nginx documentation: Miscellaneous (Websockets) and ConfigMap; kubernetes/ingress-nginx#8977, #7115, #2461; nginx 1.22.1 as measured for the preset nginx"
	p.Measured, p.Differs = nil, nil
	p.Documented = []string{
		"proxy-read-timeout and proxy-send-timeout are 60 s by default",
		"worker-shutdown-timeout is 240 s by default; it was 10 s in old versions",
		"nginx underneath: what ends, resets and timers do is as measured with nginx 1.22.1",
	}
	p.Unverified = []string{
		"its error pages and headers are nginx's without a version here",
		"what stopping the controller does is what TERM does to nginx here",
		"whether it differs as the preset nginx does from nginx, at an answer that is not HTTP and behind a send timeout",
	}
	p.Timers = []Timer{{
		Name: "idle", Setting: "proxy-read-timeout", For: 60 * time.Second,
		Lazy: 300 * time.Millisecond, Handshake: true, Do: upstreamFirst,
	}}
	p.Behavior.Upgraded = faultproxy.Heading{Set: http.Header{"Connection": {"upgrade"}}, Dated: true}
	p.Behavior.Refused = faultproxy.Heading{Set: http.Header{"Connection": {"keep-alive"}}, Dated: true}
	p.Behavior.Unreachable, p.Behavior.Incomplete = bad, bad
	p.Behavior.Unanswered = kept(http.StatusGatewayTimeout, nginxPage("504 Gateway Time-out", "nginx"))
	p.OnReload = Stop{Setting: "worker-shutdown-timeout", After: 240 * time.Second, Do: upstreamFirst}
	p.Own = map[string]string{"send": "proxy-send-timeout"}
	p.Known = known(Documented, map[string]Basis{"shutdown": Unverified, "drain": Unverified})
	return p
}
