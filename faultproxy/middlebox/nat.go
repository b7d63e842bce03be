package middlebox

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
)

// The three presets of this file are measured with Linux's connection tracking, whose
// timeout was set to 3 s for it. The defaults are only documented, where there are any.

const conntrackVersion = "Linux 6.18 nf_conntrack"

// Conntrack is a Linux router with connection tracking and NAT, the client behind it,
// and nf_conntrack_tcp_loose on, as it is by default. 5 days without a packet make it
// forget a connection. Then what the client sends first brings it back, and nobody
// notices anything; if the server sends first it gets an RST from the router, and the
// client one when it sends.
func Conntrack() Preset {
	return Preset{
		Name:    "conntrack",
		Version: conntrackVersion,
		Summary: "forgets a connection after 5 days without a packet; the client's next bytes bring it back, the server's draw an RST",
		Source:  "measured with Linux 6.18, nf_conntrack and MASQUERADE in network namespaces, nf_conntrack_tcp_timeout_established 3 s; kernel documentation: nf_conntrack-sysctl",
		Measured: []string{
			"nobody sends: nobody notices",
			"the client sends first: it works, the mapping is made anew",
			"the server sends first: an RST at once from the router; the client learns nothing until it sends, then an RST",
			"a ping or a TCP keepalive every second keeps the entry",
		},
		Documented: []string{
			"nf_conntrack_tcp_timeout_established is 5 days, 300 s while data is not acknowledged",
		},
		Unverified: []string{"the 300 s for data that is not acknowledged are not imitated", natKeepalive},
		Timers: []Timer{{Name: "idle", Setting: "nf_conntrack_tcp_timeout_established", For: 5 * 24 * time.Hour,
			Do: faultproxy.Forget{Client: faultproxy.RST, Server: faultproxy.RST, Revive: true}}},
		Behavior:   relay,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Survive: true},
		Known:      known(Unverified, map[string]Basis{"idle": Measured}),
	}
}

const natKeepalive = "TCP keepalives do not restart the timer here: this proxy ends TCP on both sides"

// HomeNAT is a home router: as [Conntrack], but it drops what comes from outside and
// belongs to nothing. A server that sends first hears nothing, and once the client
// sends, everything arrives. After which time a router forgets differs between minutes
// and a day; this is 2 h 4 min, what RFC 5382 asks for at least. Set idle=4m to be
// careful.
func HomeNAT() Preset {
	p := Conntrack()
	p.Name = "home-nat"
	p.Summary = "forgets a connection after 2 h 4 min, or much less, without a packet; the client's next bytes bring it back, the server's are dropped"
	p.Source = "measured as conntrack, with INPUT from the WAN dropped; RFC 5382, REQ-5; Hätönen et al., \"An Experimental Study of Home Gateway Characteristics\", IMC 2010; " +
		"Wang et al., \"An Untold Story of Middleboxes in Cellular Networks\", SIGCOMM 2011"
	p.Measured = []string{
		"the client sends first: it works, the mapping is made anew",
		"the server sends first: nobody notices; what the client sends then brings the flow back, and what was held arrives up to 2.7 s later, when the server's TCP sends it again",
		"a ping or a TCP keepalive every second keeps the entry",
	}
	p.Documented = []string{"RFC 5382 wants at least 2 h 4 min"}
	p.Unverified = []string{
		"the time: many home routers take less, from about 4 min up; some mobile carriers cut after less than 5 min, most after more than 30 min",
		"what was held arrives at once here",
		natKeepalive,
	}
	p.Timers = []Timer{{Name: "idle", For: 2*time.Hour + 4*time.Minute,
		Do: faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent, Revive: true}}}
	return p
}

// StrictFirewall is a firewall that passes only what it has seen begin: Linux with
// nf_conntrack_tcp_loose off, which drops what is invalid. After an hour without a
// packet, a number that differs from one to the next, both sides can send and nothing
// arrives: writes succeed until TCP gives up. With client-end=rst it rejects what the
// client sends with an RST instead.
func StrictFirewall() Preset {
	p := Conntrack()
	p.Name = "strict-firewall"
	p.Summary = "forgets a connection after 1 h without a packet, for good: both sides write into the void"
	p.Source = "measured as conntrack, with nf_conntrack_tcp_loose 0 and packets in state INVALID dropped, or rejected with tcp-reset"
	p.Measured = []string{
		"the client sends: writes succeed and nothing comes back; ETIMEDOUT after 13.4 s with tcp_retries2 5, about 15 min with the default 15; the server learns nothing",
		"rejected with tcp-reset instead: an RST 0.1 ms after the client's next bytes; the server learns nothing",
		"a ping or a TCP keepalive every second keeps the entry",
	}
	p.Documented = nil
	p.Unverified = []string{
		"the time: 1 h here, because many firewalls count in hours",
		"writes succeed here for as long as the proxy's kernel takes them: no ETIMEDOUT",
		natKeepalive,
	}
	p.Timers = []Timer{{Name: "idle", For: time.Hour, Do: faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent}}}
	return p
}
