package fakeserver

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Handler says how connections are served: what happens before the 101, what the
// server answers by itself, and what it does. Handlers are values that print as
// what they do; make one with [Script], [Func], [RejectWith], [RedirectTo] or
// [Stall], or use [Echo] or [Silent]. The zero value accepts and answers pings and
// Closes, and nothing else.
//
// A handler serves one upgrade attempt, the last one of a list all that follow,
// unless Times, Until or For say otherwise; of several, whichever comes first.
type Handler struct {
	text   string
	source source                      // the call that made it
	wrong  error                       // what is wrong with its arguments
	steps  []Step                      // of a Script, without what comes before the 101
	before []HandshakeStep             // in order, before the 101
	open   func(*Conn)                 // when the 101 is about to be written; must not wait
	serve  func(*Conn)                 // in a goroutine of its own once the connection is open; nil: none
	pick   func(*http.Request) Handler // of a Choose; it serves nothing itself
	pages  map[string][]Answer         // answered over plain HTTP from Start on, unless Server.HTTP says otherwise

	optional bool // nobody need come

	times int
	waits bool // until is set
	until frame.Trigger
	timed bool // span is set
	span  time.Duration
}

var (
	// Echo sends every message back, in one frame, and answers pings and Closes.
	Echo = Handler{text: "Echo", open: func(c *Conn) {
		c.addOrder(&order{match: frame.Op(frame.OpText, frame.OpBinary), act: func(it *item) {
			f := it.frame
			f.Masked = false
			_ = c.Send(f) // a connection that is ending answers nothing
		}}, c.now())
	}}
	// Silent reads and completes the closing handshake, and sends nothing else, not
	// even pongs.
	Silent = Handler{text: "Silent", open: func(c *Conn) {
		c.addOrder(&order{match: frame.Op(frame.OpPing), replaces: true}, c.now())
	}}
)

// Func runs a function for each connection, in a goroutine of its own, once it is
// open. When it returns the connection serves on: it reads, and answers pings and
// Closes. Close waits for it, so it has to return when the connection is over:
// [Conn.Next] then fails and [Conn.Done] is closed. A panic is collected as a
// failure and closes the connection. The name is for messages.
func Func(name string, serve func(*Conn)) Handler {
	h := Handler{text: "Func(" + name + ")", source: caller(0), serve: serve}
	if serve == nil {
		h.wrong = errNothing
	}
	return h
}

// RejectWith answers the upgrade with an HTTP status other than 101 and closes the
// connection. [Header] and [Body] say more; the default body is the status in words.
func RejectWith(status int, details ...Detail) Handler {
	step := Reject(status, details...)
	return Handler{text: withDetails("RejectWith(%d", status, details), source: caller(0), before: []HandshakeStep{step}}
}

// RedirectTo answers the upgrade with 302 and a Location. {ws} and {http} in it
// stand for the address the client used.
func RedirectTo(location string) Handler {
	return Handler{text: fmt.Sprintf("RedirectTo(%q)", location), source: caller(0),
		before: []HandshakeStep{Reject(302, Header("Location", location))}}
}

// Handshake plays its steps between the upgrade request and its answer. As a handler
// it accepts the upgrade when they are done, unless one of them ended the attempt;
// in a [Script] it comes first. Besides the steps of a handshake's own ([Reject],
// [Redirect], [AcceptWith], [RequireHeader] and others) there are Pause, and the
// endings that need no open connection: Reset, Fin, HalfClose, Freeze, GoDark.
func Handshake(steps ...HandshakeStep) Handler {
	return Handler{text: "Handshake(" + join(steps) + ")", source: caller(0), before: steps}
}

// Stall accepts TCP and never answers the upgrade, until the client leaves.
func Stall() Handler {
	return Handler{text: "Stall()", source: caller(0), before: []HandshakeStep{holdStep{}}}
}

// Times says how many attempts the handler serves; below 1 is 1.
func (h Handler) Times(n int) Handler { h.times = max(n, 1); return h }

// Until makes the handler serve every attempt until something has happened since
// its first one: a frame, or an event such as timeline.Noted("ready").
func (h Handler) Until(event frame.Trigger) Handler { h.until, h.waits = event, true; return h }

// For makes the handler serve every attempt for this long, from its first one on.
func (h Handler) For(d time.Duration) Handler { h.span, h.timed = d, true; return h }

// Optional makes it no failure that no attempt came for the handler.
func (h Handler) Optional() Handler { h.optional = true; return h }

// String returns what the handler does, such as "RejectWith(503).Times(2)".
func (h Handler) String() string {
	s := h.text
	if s == "" {
		s = "Handler{}"
	}
	if h.times > 0 {
		s += fmt.Sprintf(".Times(%d)", h.times)
	}
	if h.waits {
		s += ".Until(" + show(h.until) + ")"
	}
	if h.timed {
		s += fmt.Sprintf(".For(%v)", h.span)
	}
	if h.optional {
		s += ".Optional()"
	}
	return s
}

// withDetails formats a call with details behind its first argument.
func withDetails(format string, first any, details []Detail) string {
	var b strings.Builder
	fmt.Fprintf(&b, format, first)
	for _, d := range details {
		b.WriteString(", " + d.text)
	}
	return b.String() + ")"
}
