//go:build linux

package fidelity

import (
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// exception is a difference between a program and its preset that is known. In item and
// cell each * stands for any text. differs begins the sentence of the preset's Differs
// that says so.
type exception struct{ preset, item, cell, differs string }

// reason is the sentence that the preset says of itself; empty if there is none.
func (e exception) reason() string {
	p, err := middlebox.Named(e.preset)
	i := slices.IndexFunc(p.Differs, func(said string) bool { return strings.HasPrefix(said, e.differs) })
	if err != nil || i < 0 {
		return ""
	}
	return p.Differs[i]
}

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

// Beginnings that several exceptions share.
const (
	noHTTP     = "an answer that is not HTTP"
	pastes     = "an answer that is not a 101"
	readsOn    = "behind a send timeout"
	fullClose  = "h2o closes its socket"
	oddCase    = "the names of headers"
	squidPage  = "Squid's pages are longer"
	squidVia   = "Via, X-Cache and X-Cache-Lookup"
	squidTick  = "read_timeout was"
	apacheEnds = "Apache ends the connection"
	piped      = "an upgrade that the VCL does not pipe"
	varnish2   = "a peer that takes no byte"
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

	{"lighttpd", "hs-upstream-101-no-upgrade-header", "*", "behind a 101 without"},
	{"lighttpd", "hs-upstream-200", "header names", "lighttpd adds Accept-Ranges"},
	{"lighttpd", "hs-upstream-garbage", "status line", noHTTP},
	{"lighttpd", "hs-upstream-garbage", "body", noHTTP},
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
	{"squid", "hs-upstream-rst", "header*", "X-Squid-Error"},
	{"squid", "hs-upstream-rst", "body", squidPage},
	{"squid", "hs-upstream-garbage", "*", noHTTP},
	{"squid", "hs-never-answered", "header names", squidVia},
	{"squid", "hs-never-answered", "body", squidPage},
	{"squid", "hs-never-answered", "time*", "an upgrade that is not answered"},
	{"squid", "hs-upstream-down*", "*", "an upstream that refuses"},
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
	{"h2o", "hs-upstream-garbage", "body", noHTTP},
	{"h2o", "hs-never-answered", headerSpelling, oddCase},
	{"h2o", "hs-upstream-down", headerSpelling, oddCase},
}
