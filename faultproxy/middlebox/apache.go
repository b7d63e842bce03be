package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Apache is Apache httpd with mod_proxy_http and upgrade=websocket, or
// mod_proxy_wstunnel that falls back to it, and the default Timeout of 60 s. All of
// this is measured with 2.4.71, unless it says otherwise.
//
//   - Timeout without a byte in either direction closes both sockets without a Close
//     frame. The larger of Timeout and ProxyTimeout counts; a worker's timeout= below
//     it does nothing. Debian ships Timeout 300.
//   - A FIN of either side is passed on, and the other direction lives.
//   - An upstream that refuses is a 503; one that does not answer within Timeout, or
//     ends before its answer, is a 502, a 101 without an Upgrade header too.
//   - USR1 (graceful) and WINCH (graceful-stop) leave live connections alone. TERM, INT
//     and HUP close the client's side at once, while the upstream's stays open, and new
//     connections wait.
func Apache() Preset {
	const proxyError = "Proxy Error"
	unread := kept(http.StatusBadGateway, apachePage("502", proxyError, apacheInvalid("Error reading from remote server")))
	clientOnly := faultproxy.End{Client: faultproxy.FullClose}
	return Preset{
		Name:    "apache",
		Version: "Apache httpd 2.4.71",
		Summary: "closes both sides without a Close frame after Timeout (60 s; Debian: 300 s) without a byte in either direction",
		Source: "measured with Apache httpd 2.4.71 (mpm_event) on Linux, loopback; httpd.apache.org/docs/2.4/mod/core.html#timeout, " +
			"mod_proxy.html#proxytimeout",
		Measured: []string{
			"bytes in either direction restart the timer; it runs for the larger of Timeout and ProxyTimeout, and fires 0 to 4 ms late",
			"mod_proxy_wstunnel with ProxyWebsocketFallbackToProxyHttp Off has no timer at all",
			"USR1 and WINCH: live connections go on; GracefulShutdownTimeout 2 did not cut them within 6 s",
			"TERM, INT and HUP: a FIN for the client within 5 ms; the upstream's connection stays open for more than 5 s, and new connections are not answered",
			"a stale kept-alive connection to the upstream gives a 502 now and then",
			"the client's side is closed with a FIN and read on: its writes go nowhere, and draw no RST for seconds",
			"a peer that takes no byte for 2 s of Timeout: both sides end after 2.00 s",
		},
		Differs: []string{
			"Apache ends the connection behind some of the server's answers, 400 and 503 among them, and keeps it open behind others; here it is kept behind all",
			readsOn,
		},
		Documented: []string{
			"Timeout is 60 s by default, and ProxyTimeout is Timeout",
			"an upstream that refused is not tried again for retry=60 s; not imitated",
		},
		Unverified: []string{"which side is closed first on a timeout"},
		Timers: []Timer{{
			Name: "idle", Setting: "Timeout", For: 60 * time.Second, Handshake: true, Send: true, Do: stalled,
		}},
		Behavior: faultproxy.Behavior{
			OnFIN:    faultproxy.Forward,
			OnRST:    faultproxy.ResetFIN,
			SendEnd:  stalled,
			TornDown: stalled,
			Unreachable: faultproxy.Answer{Status: http.StatusServiceUnavailable, Page: apachePage("503", "Service Unavailable",
				"The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems. Please try again later.")},
			Unanswered:  faultproxy.Answer{Status: http.StatusBadGateway, KeepOpen: true, Page: unread.Page},
			Incomplete:  unread,
			Refused:     named(apacheVersion),
			KeepRefused: true,
			NotUpgraded: kept(http.StatusBadGateway, apachePage("502", proxyError, apacheInvalid("Unexpected Upgrade: n/a (expecting websocket)"))),
		},
		OnReload:   Stop{Survive: true, Do: clientOnly},
		OnShutdown: Stop{Do: clientOnly, Hang: true},
		Known:      known(Measured, map[string]Basis{"drain": Unverified}),
	}
}

const apacheVersion = "Apache/2.4.71 (Debian)"

// apachePage is one of Apache's canned error documents.
func apachePage(status, reason, text string) faultproxy.Page {
	return faultproxy.Page{
		Reason: reason,
		Header: http.Header{"Server": {apacheVersion}, "Content-Type": {"text/html; charset=iso-8859-1"}},
		Dated:  true,
		Body: "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n" +
			"<title>" + status + " " + reason + "</title>\n</head><body>\n<h1>" + reason + "</h1>\n<p>" + text + "</p>\n</body></html>\n",
	}
}

// apacheInvalid is the text of a 502.
func apacheInvalid(why string) string {
	return "The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n" +
		"The proxy server could not handle the request<p>Reason: <strong>" + why + "</strong></p>"
}
