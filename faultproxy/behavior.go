package faultproxy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
	// HandshakeTimeout is how long the upstream has to accept a connection, and then
	// again to answer the upgrade, before the
	// client gets a 504. 0: as long as the client waits.
	HandshakeTimeout time.Duration
	// Pages are the proxy's own error pages by status: 502 when the upstream cannot
	// be reached, 504 when it does not answer. Others get a line of text.
	Pages map[int]Page
}

// Page is an error page.
type Page struct {
	// Reason is the status line's phrase. Empty: the standard one.
	Reason string
	// Header is sent besides Content-Length and Connection: close.
	Header http.Header
	// Dated adds a Date header with the time of the answer.
	Dated bool
	Body  string
}

// bytes is the whole HTTP response for a status; the connection ends after it.
func (g *Page) bytes(status int) []byte {
	reason := g.Reason
	if reason == "" {
		reason = http.StatusText(status)
	}
	h := &head{first: fmt.Sprintf("HTTP/1.1 %d %s", status, reason), ending: "\r\n", blank: "\r\n"}
	if g.Header.Get("Content-Type") == "" {
		h.add("Content-Type", "text/plain; charset=utf-8")
	}
	if g.Dated {
		h.add("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	for _, k := range slices.Sorted(maps.Keys(g.Header)) {
		for _, v := range g.Header[k] {
			h.add(k, v)
		}
	}
	h.add("Content-Length", strconv.Itoa(len(g.Body)))
	h.add("Connection", "close")
	return append(h.bytes(), g.Body...)
}

// Behave makes b the proxy's behavior from here on, also for ends still to come on
// live connections. The maps in b must not be changed any more.
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
)

func (b *Behavior) tearsDown(dir frame.Direction) bool {
	return b.OnFIN == TearDown || b.OnFIN == HAProxy && dir == frame.ToClient
}

// ref names the behavior on a timeline.
func (b *Behavior) ref(tl *timeline.Timeline) ruleRef {
	if b.Name == "" {
		return tl.Intern("behavior")
	}
	return tl.Intern(b.Name)
}
