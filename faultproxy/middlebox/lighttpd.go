package middlebox

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Lighttpd is lighttpd with mod_proxy and "upgrade" => "enable". Its timers look in one
// direction each. All of this is measured with 1.4.69.
//
//   - server.max-read-idle (read, 60 s) is restarted by the client's bytes alone,
//     server.max-write-idle (write, 360 s) and the read-timeout of proxy.server
//     (backend, 60 s) by the server's alone. So a client that only listens is cut after
//     60 s, and so is one whose pings are not answered.
//   - It works in ticks of 1 s: the first two fire up to 1 s late, the last one 1 to
//     2 s.
//   - The FIN of either side tears down both, the client's side with a FIN behind which
//     it reads on for a while. A reset is a FIN for the other side.
//   - An upstream that refuses is a 503, one that does not answer a 504 after
//     read-timeout and 2 s, one that ends before its answer a 500.
//   - USR1 and INT (graceful) leave live connections alone, for ever or for
//     server.graceful-shutdown-timeout; until they are gone USR1 answers nobody else.
//     TERM sends both a FIN at once.
func Lighttpd() Preset {
	const tick = time.Second
	return Preset{
		Name:    "lighttpd",
		Version: "lighttpd 1.4.69",
		Summary: "closes both sides without a Close frame after 60 s without a byte from the client, or 60 s without one from the server",
		Source: "measured with lighttpd 1.4.69 on Linux, loopback; redmine.lighttpd.net/projects/lighttpd/wiki: " +
			"server.max-read-idle, server.max-write-idle, Docs_ModProxy, server.graceful-shutdown-timeout",
		Measured: []string{
			"max-read-idle: restarted by the client's bytes alone, 0.01 to 0.9 s late",
			"max-write-idle: restarted by the server's bytes alone, 0.2 to 1.0 s late",
			"read-timeout of proxy.server: restarted by the server's bytes alone, 1.2 to 2.0 s late; a 504 for an upgrade comes 2.0 s late",
			"the client's FIN tears down both, and loses what the server still sends; one that comes in the segment of its last bytes is swallowed at times: the server is not told, and what it sends still arrives",
			"the client's side is closed with a FIN and read on: its writes go nowhere, and draw no RST for seconds",
			"USR1: live connections go on, new ones are not answered; INT: new ones are refused; with graceful-shutdown-timeout 2 both sides get a FIN at 2.3 s",
			"TERM and QUIT: a FIN for both within 1 ms",
			"a client that takes no byte for 2 s of max-write-idle: both sides end after 3.0 s",
		},
		Differs: []string{
			"behind a 101 without an Upgrade header lighttpd waits for another answer, and makes a 404 of its own when none comes, or passes the 101 on 2 s later, as was also seen; here the 101 is passed on at once",
			"lighttpd adds Accept-Ranges to a 200, which is left out here",
			"an answer that is not HTTP is a 502 there; here it is a 500, as one that ends early is",
			readsOn,
		},
		Documented: []string{
			"max-read-idle and the read-timeout of proxy.server are 60 s by default, max-write-idle 360 s; graceful-shutdown-timeout is off",
		},
		Unverified: []string{"which side is closed first on a timeout"},
		Timers: []Timer{
			{Name: "read", Setting: "server.max-read-idle", For: 60 * time.Second, ResetBy: frame.ToServer, Late: tick, Do: stalled},
			{Name: "backend", Setting: "proxy.server read-timeout", For: 60 * time.Second, ResetBy: frame.ToClient, Delay: tick, Late: tick,
				Handshake: true, HandshakeLate: 2 * tick, Do: stalled},
			{Name: "write", Setting: "server.max-write-idle", For: 360 * time.Second, ResetBy: frame.ToClient, Late: tick, Do: stalled},
		},
		Behavior: faultproxy.Behavior{
			OnFIN:       faultproxy.TearDown,
			OnRST:       faultproxy.ResetFIN,
			SendTimeout: 361 * time.Second,
			SendEnd:     stalled,
			TornDown:    stalled,
			Unreachable: kept(http.StatusServiceUnavailable, lighttpdPage("503 Service Unavailable")),
			Unanswered:  kept(http.StatusGatewayTimeout, lighttpdPage("504 Gateway Timeout")),
			Incomplete:  kept(http.StatusInternalServerError, lighttpdPage("500 Internal Server Error")),
			Upgraded:    upgrading(lighttpdVersion),
			Refused:     named(lighttpdVersion),
			KeepRefused: true,
		},
		OnReload:   Stop{Setting: "server.graceful-shutdown-timeout", Survive: true, Late: 300 * time.Millisecond, Do: stalled, Hang: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		DrainDo:    stalled,
		Known:      known(Measured, map[string]Basis{"not upgraded": Unverified}),
		tied: func(p *Preset) {
			if t, _ := p.timer("write"); t.For == 0 {
				p.Behavior.SendTimeout = 0
			} else {
				p.Behavior.SendTimeout = t.For + tick
			}
		},
	}
}

const lighttpdVersion = "lighttpd/1.4.69"

// lighttpdPage is its built-in error page.
func lighttpdPage(status string) faultproxy.Page {
	return faultproxy.Page{
		Header: http.Header{"Server": {lighttpdVersion}, "Content-Type": {"text/html"}},
		Dated:  true,
		Body: "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n" +
			"         \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n" +
			"<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  <title>" + status + "</title>\n </head>\n" +
			" <body>\n  <h1>" + status + "</h1>\n </body>\n</html>\n",
	}
}
