package middlebox

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// layer7 is what a load balancer that terminates TCP does, as far as one may guess:
// both sides end together, and nobody sees a reset.
var layer7 = faultproxy.Behavior{OnFIN: faultproxy.TearDown, OnRST: faultproxy.ResetFIN}

// guessed are the sentences about layer7.
const guessed = "half-closes and resets: here both sides are torn down with a FIN; its error pages: here this proxy's"

// ALB is an AWS Application Load Balancer. Only its idle timeout is documented: 60 s
// without data either way, TCP keepalive not counted. Whether a client then sees a FIN
// or an RST is confirmed by nobody; this is a FIN without a Close frame. Set
// client-end and server-end to rst to try the other.
func ALB() Preset {
	return Preset{
		Name:    "aws-alb",
		Summary: "closes the connection after idle_timeout (60 s) without data in either direction; FIN or RST is not documented",
		Source:  "Elastic Load Balancing: Application Load Balancers user guide (connection idle timeout); \"Configure the idle connection timeout for your Classic Load Balancer\" (keepalive)",
		Documented: []string{
			"idle_timeout.timeout_seconds is 60 s by default, 1 to 4000; data sent or received restarts it, TCP keepalive does not",
		},
		Unverified: []string{"FIN or RST at the timeout, on either side", guessed, "what a new deployment does to live connections: here nothing"},
		Timers:     []Timer{{Name: "idle", Setting: "idle_timeout.timeout_seconds", For: 60 * time.Second, Handshake: true, Do: bothFIN}},
		Behavior:   layer7,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented}),
	}
}

// NLB is an AWS Network Load Balancer: it relays packets. A flow without a packet for
// 350 s is forgotten; nobody is told, and the next thing that either side sends draws
// an RST. TCP keepalives restart its timer, which this proxy cannot see.
func NLB() Preset {
	return Preset{
		Name:    "aws-nlb",
		Summary: "forgets a flow after 350 s without a packet; the next bytes of either side draw an RST",
		Source:  "AWS Networking blog \"Introducing NLB TCP configurable idle timeout\" (2024-09); unanswered.io NLB guide (RST on the next packet)",
		Documented: []string{
			"tcp.idle_timeout.seconds is 350 s by default, 60 to 6000; packets in either direction restart it, TCP keepalives too",
			"the flow is dropped in silence; whoever sends next gets an RST (a secondary source)",
		},
		Unverified: []string{"TCP keepalives do not restart the timer here: this proxy ends TCP on both sides", "an upstream that cannot be reached: here a FIN without HTTP"},
		Timers:     []Timer{{Name: "idle", Setting: "tcp.idle_timeout.seconds", For: 350 * time.Second, Do: faultproxy.Forget{Client: faultproxy.RST, Server: faultproxy.RST}}},
		Behavior:   relay,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Survive: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented}),
	}
}

// relay is what something that relays packets does: ends pass as they are, and an
// upstream in trouble is not answered for.
var relay = faultproxy.Behavior{Unreachable: bare, Unanswered: bare, Incomplete: bare}

// NATGateway is an AWS NAT gateway with the client behind it. A flow without a packet
// for 350 s is forgotten; what the client sends then draws an RST, never a FIN, and
// what the server sends is dropped.
func NATGateway() Preset {
	p := NLB()
	p.Name = "aws-nat-gateway"
	p.Summary = "forgets a flow after 350 s without a packet; the client's next bytes draw an RST, the server's are dropped"
	p.Source = "Amazon VPC user guide: \"Compare NAT gateways and NAT instances\""
	p.Documented = []string{
		"350 s, which cannot be set at AWS; packets in either direction restart the timer, TCP keepalives too",
		"what is behind the gateway gets an RST when it goes on, not a FIN; a NAT instance sends a FIN",
	}
	p.Unverified = []string{"what the peer outside sees: here its bytes are dropped", p.Unverified[0], p.Unverified[1]}
	p.Timers = []Timer{{Name: "idle", For: 350 * time.Second, Do: faultproxy.Forget{Client: faultproxy.RST, Server: faultproxy.Silent}}}
	return p
}

// APIGateway is an AWS API Gateway WebSocket API. It ends idle connections after 10
// minutes and any connection after 2 hours, and closes with 1009 what sends a frame
// above 32 KiB. The close code of the first two, 1001 here, is confirmed by nobody. It
// has no WebSocket to a server of its own; what stands for it here gets a FIN.
func APIGateway() Preset {
	away := faultproxy.Close{Code: 1001, Other: faultproxy.OtherFIN}
	return Preset{
		Name:    "aws-api-gateway",
		Summary: "closes after 10 min without a message and after 2 h in any case, and frames above 32 KiB with 1009",
		Source:  "AWS API Gateway: \"Quotas for configuring and running a WebSocket API\"",
		Documented: []string{
			"idle 10 min, at most 2 h, integrations 29 s; none of them can be set at AWS",
			"frames above 32 KB and messages above 128 KB are closed with 1009",
		},
		Unverified: []string{
			"the close code when idle and after 2 h: here 1001, without a reason",
			"whether pings restart the idle timer: here all bytes do",
			"messages above 128 KB in frames of up to 32 KB pass here",
		},
		Timers: []Timer{
			{Name: "idle", For: 10 * time.Minute, Do: away},
			{Name: "lifetime", For: 2 * time.Hour, Lifetime: true, Do: away},
		},
		Rules: []faultproxy.Rule{{
			Name: "aws-api-gateway/too-big",
			On:   frame.AllOf(frame.Toward(frame.ToServer), frame.Size(32<<10+1, -1)),
			Do:   faultproxy.Close{Code: 1009, Other: faultproxy.OtherFIN},
		}},
		Behavior: faultproxy.Behavior{OnFIN: faultproxy.TearDown, OnRST: faultproxy.ResetFIN, HandshakeTimeout: 29 * time.Second},
		OnReload: Stop{Survive: true}, OnShutdown: Stop{Do: away, Refuse: true},
		Known: known(Unverified, map[string]Basis{"idle": Documented, "lifetime": Documented, "too-big": Documented, "unanswered": Documented}),
	}
}

// CloudFront is AWS CloudFront. Only bytes from the origin to the client count: after
// 10 minutes without one the connection is closed, whatever the client sends. FIN or
// RST is confirmed by nobody; this is a FIN.
func CloudFront() Preset {
	return Preset{
		Name:       "cloudfront",
		Summary:    "closes the connection after 10 min without a byte from the origin, whatever the client sends",
		Source:     "AWS re:Post, how to increase the CloudFront WebSocket idle timeout, which quotes the service quotas",
		Documented: []string{"10 min, which cannot be set at AWS; only bytes sent from the origin to the client count"},
		Unverified: []string{"FIN or RST at the timeout, on either side", guessed, "what an edge location that is taken out of service does: here nothing"},
		Timers:     []Timer{{Name: "idle", For: 10 * time.Minute, ResetBy: frame.ToClient, Do: bothFIN}},
		Behavior:   layer7,
		OnReload:   Stop{Survive: true},
		OnShutdown: Stop{Do: bothFIN, Refuse: true},
		Known:      known(Unverified, map[string]Basis{"idle": Documented}),
	}
}
