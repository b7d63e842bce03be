package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// Squid is Squid as an accelerator in front of a WebSocket server
// (http_upgrade_request_protocols). All of this is measured with 5.7, unless it says
// otherwise. A second measurement of 5.7 disagrees in times, and in the answer for an
// upstream that refuses: see Differs.
//
//   - read_timeout, documented as 15 minutes, without a byte in either direction closes
//     both sides without a Close frame. It works in ticks of 1 s, and fires up to 1 s
//     early.
//   - The FIN of either side tears down both. A reset of the client is a FIN for the
//     server. A reset of the server puts an HTTP error page into the middle of the
//     client's WebSocket stream, and a FIN behind it.
//   - An upstream that refuses is a 503, one that does not answer a 504 after
//     read_timeout and 1.5 s, and any other trouble a 502. The pages are in the shape
//     of Squid's, but shorter.
//   - HUP leaves live connections alone. TERM closes them shutdown_lifetime (documented
//     as 30 s) and 1 s later.
func Squid() Preset {
	return Preset{
		Name:    "squid",
		Version: "Squid 5.7",
		Summary: "closes both sides without a Close frame after read_timeout (15 min) without a byte; a server's reset puts an HTTP page into the stream",
		Source:  "measured with Squid 5.7 on Linux, loopback, as an accelerator; squid-cache.org/Doc/config/read_timeout, shutdown_lifetime",
		Measured: []string{
			"bytes in either direction restart the timer, whose clock ticks once a second",
			"a reset of the server: \"HTTP/1.1 500 Internal Server Error\" and HTML in the client's stream, whose first bytes read as a frame with RSV1, opcode 8, without FIN; if the server had sent something before, only a FIN",
			"HUP: live connections go on; TERM with shutdown_lifetime 3: a FIN for both at 4.0 s; INT: at 1.0 s; new ones are refused",
			"a peer that takes no byte, with timeouts of 2 s: both sides end after 3.5 s",
		},
		Differs: []string{
			"Via, X-Cache and X-Cache-Lookup, which name the host, are left out here; Vary and Content-Language are there only if Squid finds its translated pages, and here always",
			"Squid's pages are longer than those here, which are in their shape",
			"X-Squid-Error tells a reset before the answer from an end there, and not here",
			"an answer that is not HTTP becomes the body of a 200 there (HTTP/0.9); here it is a 502",
			"an upgrade that is not answered was a 504 at 1.5 s after read_timeout once, and about at read_timeout at another time, with the same version; here it comes 1.5 s after",
			"an upstream that refuses was a 503 ERR_CONNECT_FAIL once, and a 502 ERR_READ_ERROR at another time, with the same version; here it is the 503",
			"read_timeout was 0.07 to 0.9 s early once, and up to 2 s late behind traffic at another time, with the same version; here it is up to 1 s early",
		},
		Documented: []string{"read_timeout and write_timeout are 15 minutes by default, shutdown_lifetime is 30 s"},
		Unverified: []string{
			"which of its timeouts ends a connection whose peer takes no byte: here write_timeout and 1.5 s",
		},
		Timers: []Timer{{
			Name: "idle", Setting: "read_timeout", For: 15 * time.Minute, Early: time.Second,
			Handshake: true, HandshakeLate: 1500 * time.Millisecond, Do: bothFIN,
		}},
		Behavior: faultproxy.Behavior{
			OnFIN:       faultproxy.TearDown,
			OnRST:       faultproxy.ResetFIN,
			SendTimeout: 15*time.Minute + 1500*time.Millisecond,
			SendEnd:     bothFIN,
			Unreachable: kept(http.StatusServiceUnavailable, squidPage("ERR_CONNECT_FAIL 111", "The system returned: (111) Connection refused")),
			Unanswered:  kept(http.StatusGatewayTimeout, squidPage("ERR_READ_TIMEOUT 0", "A timeout occurred while waiting to read data from the network.")),
			Incomplete:  kept(http.StatusBadGateway, squidPage("ERR_ZERO_SIZE_OBJECT 0", "Zero sized reply.")),
			NotUpgraded: kept(http.StatusBadGateway, squidPage("ERR_INVALID_RESP 0", "Invalid response.")),
			Upgraded:    faultproxy.Heading{Set: http.Header{"Connection": {"upgrade"}}},
			Refused:     faultproxy.Heading{Set: http.Header{"Connection": {"keep-alive"}}, Dated: true},
			KeepRefused: true,
			InStream:    inStream(),
		},
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Setting: "shutdown_lifetime", After: 30 * time.Second, Late: time.Second, Do: bothFIN, Refuse: true},
		Own:        map[string]string{"send": "write_timeout"},
		Known:      known(Measured, map[string]Basis{"send": Unverified, "unreachable": Unverified, "unanswered": Unverified}),
	}
}

func inStream() *faultproxy.Page {
	page := squidPage("ERR_READ_ERROR 104", "The system returned: (104) Connection reset by peer")
	return &page
}

// squidPage is an error page in the shape of Squid's.
func squidPage(code, why string) faultproxy.Page {
	return faultproxy.Page{
		Header: http.Header{
			"Server": {"squid/5.7"}, "Mime-Version": {"1.0"}, "Content-Type": {"text/html;charset=utf-8"},
			"X-Squid-Error": {code}, "Vary": {"Accept-Language"}, "Content-Language": {"en"}, "Connection": {"keep-alive"},
		},
		Dated: true,
		Body: "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n" +
			"<title>ERROR: The requested URL could not be retrieved</title>\n</head><body>\n<h1>ERROR</h1>\n<p>" + why + "</p>\n</body></html>\n",
	}
}
