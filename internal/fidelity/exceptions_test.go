//go:build linux

package fidelity

// exception is a difference between a program and its preset that is known, and why
// it is let be. In item and cell each * stands for any text.
type exception struct{ preset, item, cell, reason string }

// race is a cell that comes out in one of several ways, as chance will have it, in
// the real program or in both.
type race struct {
	preset, item, cell string
	values             []string
	reason             string
}

var races = []race{
	{"*", "up-close-1001-then-tcp-close-at-once", "client", []string{"FIN", "FIN, then RST", "FIN, then RST on write", "FIN, writes pass", "RST"},
		"the client's answer is on its way as the middlebox closes"},
	{"haproxy*", "idle-timeout*", "server", []string{"RST", "FIN, then RST"},
		"HAProxy sends a FIN and an RST at once, and the RST may be read first"},
	{"haproxy*", "stalled-server-flood", "reader, afterwards", []string{"RST", "FIN"},
		"the server reads what is left, while the RST is on its way"},
	{"lighttpd", "cli-half-close", "*", []string{"pass", "the first draws a reset", "open", "FIN", "0 bytes", "24 bytes", "10 bytes"},
		"lighttpd swallows a FIN that it sees together with bytes, and tears down on one that it sees alone"},
	{"lighttpd", "cli-fin-while-server-sending-1M", "*", []string{"open", "FIN", "RST", "nothing", "a part", "everything"},
		"as above, and what is on its way as it tears down may arrive"},
	{"nginx", "cli-fin-while-server-sending-1M", "server", []string{"FIN", "RST"}, "what the server sends meets a closed socket"},
	{"squid", "cli-fin-while-server-sending-1M", "server", []string{"FIN", "RST"}, "what the server sends meets a closed socket"},
	{"caddy-2.6", "cli-fin-while-server-sending-1M", "*", []string{"FIN", "RST", "nothing", "a part", "everything"},
		"what is on its way as the proxy tears down may arrive, and draw a reset"},
	{"h2o", "cli-fin-while-server-sending-1M", "*", []string{"FIN", "RST", "nothing", "a part", "everything"},
		"what is on its way as the proxy tears down may arrive, and draw a reset"},
}

// Reasons that several exceptions share.
const (
	noHTTP     = "an answer that is no HTTP is not passed on here: the proxy cannot read it"
	pastes     = "a real relay of bytes passes an answer that is not 101 as it came, and leaves the connection open; here it is framed anew and ended"
	readsOn    = "after the end the client's bytes are read and discarded for half a minute there, for 2 s here"
	fullClose  = "h2o closes its socket behind an answer; the proxy ends its stream and reads on, so that no RST can overtake the answer"
	oddCase    = "h2o writes the headers it adds itself in lower case"
	squidPage  = "Squid's pages are longer than the preset's, which are in their shape"
	squidVia   = "Via, X-Cache and X-Cache-Lookup, which name the host, are left out; Vary and Content-Language come with Squid's translated pages, which a private folder does not have"
	squidTick  = "Squid's timers look at the clock once a second; after traffic they fire up to 2 s late (the record: up to 0.9 s early), the preset up to 1 s early"
	apacheEnds = "Apache ends the connection behind some statuses (400, 503), and keeps it open behind others; here it is kept"
	twoPages   = "lighttpd has a 502 for an answer that is no HTTP, and a 500 for none; here both are a 500"
	piped      = "an upgrade that is not piped is a common request to Varnish, which adds Age, Date, Via and X-Varnish to its answer and keeps the connection open; the preset pipes"
	varnish2   = "Varnish waits for a peer that takes nothing in a write, which pipe_timeout does not bound; the preset's timer sees a silent connection"
)

var exceptions = []exception{
	{"nginx", "hs-upstream-garbage", "*", noHTTP},
	{"nginx", "stalled-server-flood", "sender", readsOn},
	{"nginx", "stalled-server-flood", "time*", readsOn},

	{"haproxy-tcp", "hs-upstream-200", headerNames, pastes},
	{"haproxy-tcp", "hs-upstream-200", "behind it", pastes},
	{"haproxy-tcp", "hs-upstream-401", headerNames, pastes},
	{"haproxy-tcp", "hs-upstream-401", "behind it", pastes},
	{"haproxy-tcp", "hs-upstream-503-retry-after", headerNames, pastes},
	{"haproxy-tcp", "hs-upstream-503-retry-after", "behind it", pastes},
	{"haproxy-tcp", "hs-upstream-garbage", "answer", noHTTP},

	{"apache", "hs-upstream-503-retry-after", headerNames, apacheEnds},
	{"apache", "hs-upstream-503-retry-after", "behind it", apacheEnds},
	{"apache", "hs-upgrade-not-configured", headerNames, apacheEnds},
	{"apache", "hs-upgrade-not-configured", "behind it", apacheEnds},
	{"apache", "stalled-server-flood", "sender", readsOn},
	{"apache", "stalled-server-flood", "time*", readsOn},

	{"lighttpd", "hs-upstream-101-no-upgrade-header", "*", "lighttpd waits for an answer behind such a 101, and makes a 404 of its own when none comes; here the 101 is passed on"},
	{"lighttpd", "hs-upstream-200", "header names", "Accept-Ranges, which lighttpd adds to a 200, means nothing to an upgrade and is left out"},
	{"lighttpd", "hs-upstream-garbage", "status line", twoPages},
	{"lighttpd", "hs-upstream-garbage", "body", twoPages},
	{"lighttpd", "stalled-server-flood", "sender", readsOn},
	{"lighttpd", "stalled-server-flood", "time*", readsOn},

	{"squid", "hs-upstream-101-no-upgrade-header", "header names", squidVia},
	{"squid", "hs-upstream-101-no-upgrade-header", "body", squidPage},
	{"squid", "hs-upstream-200", "header names", squidVia},
	{"squid", "hs-upstream-401", "header names", squidVia},
	{"squid", "hs-upstream-503-retry-after", "header names", squidVia},
	{"squid", "hs-upgrade-not-configured", "header names", squidVia},
	{"squid", "hs-upstream-fin", "header names", squidVia},
	{"squid", "hs-upstream-fin", "body", squidPage},
	{"squid", "hs-upstream-rst", "header*", "Squid tells a reset from an end before the answer in X-Squid-Error, the preset does not; " + squidVia},
	{"squid", "hs-upstream-rst", "body", squidPage},
	{"squid", "hs-upstream-garbage", "*", "Squid takes an answer that is no HTTP for HTTP/0.9 and passes it on as the body of a 200; here it is a 502"},
	{"squid", "hs-never-answered", "header names", squidVia},
	{"squid", "hs-never-answered", "body", squidPage},
	{"squid", "hs-never-answered", "time*", "here Squid answers after read_timeout less its tick; in the record it took 1.5 s more, and so does the preset"},
	{"squid", "hs-upstream-down*", "*", "here Squid says 502 ERR_READ_ERROR of a peer that refuses; in the record it said 503 ERR_CONNECT_FAIL, and so does the preset"},
	{"squid", "idle-timeout*", "time*", squidTick},

	{"varnish", "hs-upstream-200", headerNames, pastes},
	{"varnish", "hs-upstream-200", "behind it", pastes},
	{"varnish", "hs-upstream-401", headerNames, pastes},
	{"varnish", "hs-upstream-401", "behind it", pastes},
	{"varnish", "hs-upstream-503-retry-after", headerNames, pastes},
	{"varnish", "hs-upstream-503-retry-after", "behind it", pastes},
	{"varnish", "hs-upstream-garbage", "answer", noHTTP},
	{"varnish", "hs-upgrade-not-configured", headerNames, piped},
	{"varnish", "hs-upgrade-not-configured", headerValues, piped},
	{"varnish", "hs-upgrade-not-configured", "behind it", piped},
	{"varnish", "stalled-*", "*", varnish2},

	{"h2o", "hs-ok-headers", headerSpelling, oddCase},
	{"h2o", "hs-upstream-101-bad-accept", headerSpelling, oddCase},
	{"h2o", "hs-upstream-101-no-upgrade-header", headerSpelling, oddCase},
	{"h2o", "hs-upstream-*", "behind it", fullClose},
	{"h2o", "hs-upgrade-not-configured", "behind it", fullClose},
	{"h2o", "hs-never-answered", "behind it", fullClose},
	{"h2o", "hs-upstream-fin", headerSpelling, oddCase},
	{"h2o", "hs-upstream-rst", headerSpelling, oddCase},
	{"h2o", "hs-upstream-garbage", headerSpelling, oddCase},
	{"h2o", "hs-upstream-garbage", "body", "h2o has a text of its own for an answer that is no HTTP"},
	{"h2o", "hs-never-answered", headerSpelling, oddCase},
	{"h2o", "hs-upstream-down", headerSpelling, oddCase},
}
