package diagnosis

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// TimeoutKind says what a timer measures.
type TimeoutKind uint8

// The kinds.
const (
	IdleTimer     TimeoutKind = iota // silence; see Timeout.ResetBy
	LifetimeTimer                    // the age of the connection, whatever its traffic
)

// String returns "idle" or "lifetime".
func (k TimeoutKind) String() string {
	if k == LifetimeTimer {
		return "lifetime"
	}
	return "idle"
}

// Shows is what a client sees when a timer runs out.
type Shows uint8

// What a client can see.
const (
	ShowsUnsure  Shows = iota // not documented, or sources disagree
	ShowsFIN                  // a FIN, without a Close frame
	ShowsRST                  // an RST at the timeout
	ShowsNothing              // nothing, until its next packet draws an RST
	ShowsClose                // a Close frame
)

// Timeout is a timer of a middlebox that ends connections.
type Timeout struct {
	Name    string        // the product
	Setting string        // what the timer is called there; empty if it cannot be set
	Default time.Duration // its default; 0 if it is off unless set
	Kind    TimeoutKind
	// ResetBy says which way bytes must travel to restart an idle timer. TCP
	// keepalive never counts for a proxy; WebSocket pings count as bytes.
	ResetBy frame.Direction
	Shows   Shows
	// Early and Late are how much before and after its time it fires.
	Early, Late time.Duration
	Source      string
	// Verified says that the timer was watched at work for this table: its error,
	// what restarts it and what it shows. Everything else stands in the Source.
	Verified bool
}

// KnownTimeouts lists the timers that a silence or an age is compared with, the
// commonest first.
func KnownTimeouts() []Timeout { return slices.Clone(knownTimeouts) }

// The error allowed to timers whose error nobody has measured. To a short lifetime
// less is allowed: many connections end at about that age by themselves.
const (
	unmeasured      = time.Second
	unmeasuredShort = 200 * time.Millisecond
)

var knownTimeouts = []Timeout{
	{"nginx", "proxy_read_timeout", 60 * time.Second, IdleTimer, frame.Both, ShowsFIN,
		// An armed timer is kept if the new one differs by less than 300 ms.
		300 * time.Millisecond, 3 * time.Millisecond,
		"measured with nginx 1.22.1; ngx_http_proxy_module, ngx_event_add_timer (NGX_TIMER_LAZY_DELAY)", true},
	{"AWS ALB", "idle_timeout.timeout_seconds", 60 * time.Second, IdleTimer, frame.Both, ShowsUnsure,
		unmeasured, unmeasured, "Elastic Load Balancing, Application Load Balancers user guide", false},
	{"Apache httpd", "Timeout", 60 * time.Second, IdleTimer, frame.Both, ShowsFIN,
		0, 5 * time.Millisecond, "measured with Apache httpd 2.4.71; the larger of Timeout and ProxyTimeout counts", true},
	{"ingress-nginx", "proxy-read-timeout", 60 * time.Second, IdleTimer, frame.Both, ShowsFIN,
		300 * time.Millisecond, 3 * time.Millisecond, "ingress-nginx documentation, Miscellaneous: Websockets", false},
	{"Varnish", "pipe_timeout", 60 * time.Second, IdleTimer, frame.Both, ShowsFIN,
		0, 3 * time.Millisecond, "measured with Varnish 7.1.1", true},
	{"AWS Classic ELB", "ConnectionSettings.IdleTimeout", 60 * time.Second, IdleTimer, frame.Both, ShowsUnsure,
		unmeasured, unmeasured, "Elastic Load Balancing, Classic Load Balancer: configure the idle connection timeout", false},
	{"Heroku router", "", 55 * time.Second, IdleTimer, frame.Both, ShowsUnsure,
		unmeasured, unmeasured, "Heroku Dev Center, Error codes: H15", false},
	{"Cloudflare", "", 100 * time.Second, IdleTimer, frame.Both, ShowsUnsure,
		unmeasured, unmeasured, "Cloudflare documentation, WebSockets, gives no number; 100 s by its community staff", false},
	{"Azure Load Balancer", "idleTimeoutInMinutes", 4 * time.Minute, IdleTimer, frame.Both, ShowsNothing,
		unmeasured, unmeasured, "Azure: Load Balancer TCP Reset and idle timeout", false},
	{"Azure Load Balancer with TCP Reset", "idleTimeoutInMinutes", 4 * time.Minute, IdleTimer, frame.Both, ShowsRST,
		unmeasured, unmeasured, "Azure: Load Balancer TCP Reset and idle timeout", false},
	{"Apache httpd on Debian", "Timeout", 5 * time.Minute, IdleTimer, frame.Both, ShowsFIN,
		0, 5 * time.Millisecond, "apache2.conf as Debian ships it; timer error measured with 2.4.71", true},
	{"h2o", "proxy.websocket.timeout", 5 * time.Minute, IdleTimer, frame.Both, ShowsFIN,
		time.Millisecond, 2 * time.Millisecond, "measured with h2o 2.2.5", true},
	{"Envoy", "stream_idle_timeout", 5 * time.Minute, IdleTimer, frame.Both, ShowsFIN,
		0, 1100 * time.Millisecond, "Envoy FAQ: how do I configure timeouts; delayed_close_timeout adds up to 1 s", false},
	{"Azure Front Door", "", 5 * time.Minute, IdleTimer, frame.Both, ShowsUnsure,
		unmeasured, unmeasured, "Azure Front Door WebSocket", false},
	{"AWS NLB", "tcp.idle_timeout.seconds", 350 * time.Second, IdleTimer, frame.Both, ShowsNothing,
		unmeasured, unmeasured, "AWS: Introducing NLB TCP configurable idle timeout", false},
	{"AWS NAT gateway", "", 350 * time.Second, IdleTimer, frame.Both, ShowsNothing,
		unmeasured, unmeasured, "Amazon VPC user guide: compare NAT gateways and NAT instances", false},
	{"AWS API Gateway", "", 10 * time.Minute, IdleTimer, frame.Both, ShowsClose,
		unmeasured, unmeasured, "AWS API Gateway: quotas for WebSocket APIs; the close code is unconfirmed", false},
	{"Squid", "read_timeout", 15 * time.Minute, IdleTimer, frame.Both, ShowsFIN,
		time.Second, 10 * time.Millisecond, "measured with Squid 5.7, which works in ticks of 1 s", true},
	{"Linux conntrack", "nf_conntrack_tcp_timeout_established", 5 * 24 * time.Hour, IdleTimer, frame.Both, ShowsNothing,
		unmeasured, unmeasured, "Linux nf_conntrack sysctl", false},
	{"HAProxy", "timeout tunnel", 0, IdleTimer, frame.Both, ShowsFIN,
		time.Millisecond, 7 * time.Millisecond, "measured with HAProxy 2.6.12; off unless set", true},

	{"lighttpd", "server.max-read-idle", 60 * time.Second, IdleTimer, frame.ToServer, ShowsFIN,
		0, time.Second, "measured with lighttpd 1.4.69, which works in ticks of 1 s", true},
	{"lighttpd", "proxy.server read-timeout", 60 * time.Second, IdleTimer, frame.ToClient, ShowsFIN,
		0, 2100 * time.Millisecond, "measured with lighttpd 1.4.69, which works in ticks of 1 s", true},
	{"lighttpd", "server.max-write-idle", 6 * time.Minute, IdleTimer, frame.ToClient, ShowsFIN,
		0, time.Second, "measured with lighttpd 1.4.69, which works in ticks of 1 s", true},
	{"CloudFront", "", 10 * time.Minute, IdleTimer, frame.ToClient, ShowsUnsure,
		unmeasured, unmeasured, "AWS re:Post, CloudFront WebSocket idle timeout", false},
	{"Caddy", "transport read_timeout", 0, IdleTimer, frame.ToClient, ShowsFIN,
		0, 2 * time.Millisecond, "measured with Caddy 2.11.9; off unless set", true},

	{"GCP external HTTP(S) load balancer", "backend service timeoutSec", 30 * time.Second, LifetimeTimer, 0, ShowsUnsure,
		unmeasuredShort, unmeasuredShort, "ingress-gce WebSocket example: not an idle timeout but one on the lifetime", false},
	{"AWS API Gateway", "", 2 * time.Hour, LifetimeTimer, 0, ShowsClose,
		unmeasured, unmeasured, "AWS API Gateway: quotas for WebSocket APIs", false},
	{"Azure Front Door", "", 4 * time.Hour, LifetimeTimer, 0, ShowsUnsure,
		unmeasured, unmeasured, "Azure Front Door WebSocket", false},
	{"Caddy", "stream_timeout", 0, LifetimeTimer, 0, ShowsFIN,
		0, 2 * time.Millisecond, "measured with Caddy 2.11.9; off unless set", true},
}

// slack is what recorder and machine add to the error of a timer.
const slack = 60 * time.Millisecond

// fires reports whether the timer, at its default, can have ended something after d.
func (t Timeout) fires(d time.Duration) bool {
	return t.Default > 0 && d >= t.Default-t.Early-slack && d <= t.Default+t.Late+slack
}

// known returns the timers of a kind whose default d fits and that show themselves
// in one of the ways, those with the smaller error first where defaults differ.
func known(kind TimeoutKind, resetBy frame.Direction, d time.Duration, shows ...Shows) []Timeout {
	var fitting []Timeout
	for _, t := range knownTimeouts {
		if t.Kind == kind && t.ResetBy == resetBy && t.fires(d) && slices.Contains(shows, t.Shows) {
			fitting = append(fitting, t)
		}
	}
	return fitting
}
