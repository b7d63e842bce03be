package middlebox

import (
	"net/http"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Caddy is Caddy 2.11. It has no timeout by default, but any reload closes every
// WebSocket. All of this is measured with 2.11.9.
//
//   - Reload, TERM and INT send a Close frame 1001 without a reason to both sides, and
//     close right behind it. With stream_close_delay (the setting reload) a reload does
//     so that much later, and TERM sends a FIN without a Close frame instead.
//   - stream_timeout (the setting lifetime) is a lifetime, whatever the traffic.
//     read_timeout of the transport (read) is restarted by the upstream's bytes alone.
//     Both end with a FIN on both sides.
//   - A FIN of either side is passed on, and the other direction lives.
//   - An upstream that cannot be reached is a 502, one that does not answer within
//     response_header_timeout a 504, both without a body; a 101 without an Upgrade
//     header reaches the client as a 200.
func Caddy() Preset {
	p := CaddyOld()
	p.Name, p.Version = "caddy", "Caddy 2.11.9"
	p.Source = "measured with Caddy 2.11.9 on Linux, loopback; caddyserver.com/docs/caddyfile/directives/reverse_proxy (streaming, transport http)"
	p.Measured = []string{
		"no timer unless set; read_timeout is restarted by the upstream's bytes alone, stream_timeout by nothing",
		"reload, TERM and INT: Close 1001 without a reason to both sides, then FIN, 1 to 64 ms later",
		"reload with stream_close_delay 3s: the same at 3.05 s; TERM then: a FIN without a Close frame",
		"QUIT and KILL: a FIN for both, which no event of the preset plays",
		"a peer that takes no byte is waited for without end (9 s watched)",
		"a byte sent in the segment of the request reaches the upstream",
		underTLS,
	}
	p.Timers = append([]Timer{}, p.Timers...)
	p.Timers = append(p.Timers, Timer{Name: "lifetime", Setting: "stream_timeout", Lifetime: true, Do: bothFIN})
	p.Behavior.Upgraded.Dated, p.Behavior.Upgraded.Names = true, faultproxy.AsSent
	p.Behavior.Refused = faultproxy.Heading{Set: http.Header{"Via": {"1.1 Caddy"}}, Dated: true, Names: faultproxy.Canonical}
	p.Behavior.OnFIN, p.Behavior.LosesEarly = faultproxy.Forward, false
	p.OnReload.Setting = "stream_close_delay"
	p.tied = func(p *Preset) {
		if p.OnReload.After > 0 {
			p.OnShutdown.Do = bothFIN
		}
	}
	return p
}

// CaddyOld is Caddy 2.6, as Debian 12 ships it: as [Caddy], but a FIN of either side
// tears down both, what a client sends in the same segment as its request is lost, and
// there is no stream_timeout and no stream_close_delay. All of this is measured with
// 2.6.2.
func CaddyOld() Preset {
	header := http.Header{"Server": {"Caddy"}}
	return Preset{
		Name:    "caddy-2.6",
		Version: "Caddy 2.6.2",
		Summary: "no timeout unless set; a reload or shutdown closes both sides with 1001",
		Source:  "measured with Caddy 2.6.2 (Debian 12) on Linux, loopback; caddyserver.com/docs/caddyfile/directives/reverse_proxy",
		Measured: []string{
			"no timer unless set; read_timeout of the transport is restarted by the upstream's bytes alone",
			"reload, TERM and INT: Close 1001 without a reason to both sides, then FIN, 1 to 40 ms later",
			"QUIT and KILL: a FIN for both, which no event of the preset plays",
			"a peer that takes no byte is waited for without end (9 s watched)",
			"a byte sent in the segment of the request is lost",
		},
		Documented: []string{"read_timeout, write_timeout and response_header_timeout of the transport are off by default"},
		Unverified: []string{"which side is closed first"},
		Timers: []Timer{
			{Name: "read", Setting: "transport read_timeout", ResetBy: frame.ToClient, Do: bothFIN},
		},
		Behavior: faultproxy.Behavior{
			OnFIN:       faultproxy.TearDown,
			OnRST:       faultproxy.ResetFIN,
			Unreachable: empty(http.StatusBadGateway, header),
			Unanswered:  empty(http.StatusGatewayTimeout, header),
			Incomplete:  empty(http.StatusBadGateway, header),
			NotUpgraded: empty(http.StatusOK, header),
			Upgraded:    faultproxy.Heading{Set: header, Names: faultproxy.Canonical},
			Refused:     faultproxy.Heading{Set: header, Dated: true, Names: faultproxy.Canonical},
			KeepRefused: true,
			LosesEarly:  true,
		},
		OnReload:   Stop{Do: goingAway},
		OnShutdown: Stop{Do: goingAway, Refuse: true},
		Own:        map[string]string{"handshake": "transport response_header_timeout"},
		Known:      known(Measured, map[string]Basis{"drain": Unverified}),
	}
}
