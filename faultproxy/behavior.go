package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Behavior is how a proxy passes ends on and answers for an upstream that does
// not. The zero value is a transparent proxy; presets of middleboxes bring others.
type Behavior struct {
	// Name stands on the timeline, as a rule's name would, where the behavior tears
	// a connection down. Empty: "behavior".
	Name string
	// OnFIN and OnRST say how the end of one side is passed to the other.
	OnFIN OnFIN
	OnRST OnRST
	// TornDown is how both sides end where one of the two tears the connection down or
	// hides a reset. Zero: both are closed as [FullClose] does. With a [FIN] for the
	// client, its bytes are read on and discarded, as Apache and lighttpd do.
	TornDown End
	// HandshakeTimeout is how long the upstream has to accept a connection, and then
	// again to answer the upgrade, before the client gets the answer Unanswered.
	// 0: as long as the client waits.
	HandshakeTimeout time.Duration
	// SendTimeout is how long a peer may take no byte although bytes wait for it. Then
	// SendEnd happens; zero: both sides are closed as [FullClose] does. 0: for ever. A
	// kernel takes megabytes for a peer that does not read, and these count as taken.
	// Toward a peer on TLS it is 16 KiB that must be taken in that time.
	SendTimeout time.Duration
	SendEnd     End
	// Unreachable is the answer when the upstream cannot be dialed, Unanswered when it
	// does not answer within HandshakeTimeout, Incomplete when it ends or resets the
	// connection before its answer is whole, or answers no HTTP.
	Unreachable, Unanswered, Incomplete Answer
	// NotUpgraded is the answer when a 101 has no Upgrade header. Zero: that 101.
	NotUpgraded Answer
	// Upgraded is what becomes of the head of a 101 that is passed on, Refused of that
	// of every other answer.
	Upgraded, Refused Heading
	// KeepRefused leaves the client's connection open behind such an other answer, for the
	// client's next request, unless only its end would tell the answer's length. Zero: the
	// answer says Connection: close, and the connection ends behind it.
	KeepRefused bool
	// InStream is written to the client, as an HTTP answer with status 500 in the middle
	// of its WebSocket stream, when the server resets the connection and had sent nothing
	// since the 101; then the client's side ends. Squid 5.7 does this. nil: nothing is.
	InStream *Page
	// LosesEarly loses what the client sent behind its request before the 101, as Go's
	// httputil.ReverseProxy and Caddy 2.6 do with what comes in the request's segment.
	LosesEarly bool
}

// Behave makes b the proxy's behavior from here on, also for ends still to come on
// live connections. The headers in b must not be changed any more.
func (p *Proxy) Behave(b Behavior) { p.behavior.Store(&b) }

// conduct returns the behavior in force.
func (p *Proxy) conduct() *Behavior {
	if b := p.behavior.Load(); b != nil {
		return b
	}
	return &transparent
}

var transparent Behavior

// OnFIN is what a peer's FIN does.
type OnFIN uint8

// What a FIN can do.
const (
	// Forward passes it as a half-close; the other direction lives.
	Forward OnFIN = iota
	// TearDown closes both sides, once what came before the FIN is delivered, as
	// nginx, h2o and Squid do. What the other side still sends is lost.
	TearDown
	// HAProxy forwards the client's FIN, and tears down on the server's.
	HAProxy
	// Swallow lets the client's FIN go nowhere: the server's side is not told, and what
	// it sends still passes. It tears down on the server's FIN. lighttpd does this where
	// the client's FIN comes with data, and tears down where it comes alone.
	Swallow
)

// OnRST is what a peer's reset does to the other side.
type OnRST uint8

// What an RST can do.
const (
	// PassRST resets the other side too, once what came before is delivered.
	PassRST OnRST = iota
	// ResetFIN closes both sides without a reset: proxies that work at layer 7
	// hide an RST behind a FIN.
	ResetFIN
	// HideServerRST hides the server's reset behind a FIN, and passes the client's on,
	// as HAProxy does.
	HideServerRST
)

func (b *Behavior) tearsDown(dir frame.Direction) bool {
	return b.OnFIN == TearDown || (b.OnFIN == HAProxy || b.OnFIN == Swallow) && dir == frame.ToClient
}

// swallows reports whether a FIN that travels in a direction goes nowhere.
func (b *Behavior) swallows(dir frame.Direction) bool {
	return b.OnFIN == Swallow && dir == frame.ToServer
}

// hides reports whether a reset that travels in a direction is made a FIN.
func (b *Behavior) hides(dir frame.Direction) bool {
	return b.OnRST == ResetFIN || b.OnRST == HideServerRST && dir == frame.ToClient
}

// tornDown is how both sides end.
func (b *Behavior) tornDown() End {
	if b.TornDown == (End{}) {
		return End{Client: FullClose, Server: FullClose}
	}
	return b.TornDown
}

// ref names the behavior on a timeline.
func (b *Behavior) ref(tl *timeline.Timeline) ruleRef {
	if b.Name == "" {
		return tl.Intern("behavior")
	}
	return tl.Intern(b.Name)
}
