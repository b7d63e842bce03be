package faultproxy

import (
	"errors"
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Ending is what the proxy does to the TCP connection with one peer.
type Ending uint8

// The endings of a side.
const (
	// Keep leaves the side as it is.
	Keep Ending = iota
	// HalfClose sends a FIN (shutdown(SHUT_WR)); what the peer sends still passes.
	HalfClose
	// FIN sends a FIN, reads and discards until the peer's FIN or 2 s, then closes.
	FIN
	// FullClose closes the socket (close(2)), as nginx does: the peer sees a FIN,
	// or an RST if it had sent what was not read yet, and its later writes draw an RST.
	FullClose
	// RST resets the connection.
	RST
	// FINRST sends a FIN, and an RST 1 ms behind it, as HAProxy does to a server: the
	// peer reads an end, and its next write fails.
	FINRST
	// Silent sends nothing more to the peer and hears nothing more from it, but
	// keeps TCP open. It lasts until healed.
	Silent
)

var endingNames = []string{"keep", "half-close", "fin", "full-close", "rst", "fin-rst", "silent"}

func (e Ending) String() string {
	if int(e) < len(endingNames) {
		return endingNames[e]
	}
	return fmt.Sprintf("ending(%d)", uint8(e))
}

// End ends one or both sides of a connection, at any byte: what is queued for a
// side that ends is lost.
type End struct {
	Client, Server Ending
	// Gap passes between the two sides' ends. ServerFirst ends the server's side
	// first; zero ends the client's first.
	Gap         time.Duration
	ServerFirst bool
	// NoCloseNotify leaves out the close_notify that TLS puts before a FIN (RFC 8446
	// section 6.1), as a process that dies does. OpenSSL 3 makes an error of it (see
	// SSL_OP_IGNORE_UNEXPECTED_EOF), Go does not. On a side without TLS it means nothing.
	NoCloseNotify bool
}

// Stages of End: a frame, or a time.
func (End) Stages() Stage { return StageFrame | StageTime }

// Apply ends the connection.
func (f End) Apply(p *Plan) { p.End(f) }

// Validate wants a side that ends.
func (f End) Validate() error {
	if f.Client == Keep && f.Server == Keep {
		return fmt.Errorf("end: both sides are kept; set client or server to half-close, fin, full-close, rst, fin-rst or silent")
	}
	if f.Client > Silent || f.Server > Silent {
		return fmt.Errorf("end: unknown ending")
	}
	return nonNegative("end", f.Gap)
}

func (f End) validOn(p *Proxy) error {
	if f.NoCloseNotify && p.TLSConfig == nil && !p.TLS && (p.target == nil || !p.target.secure) {
		return errors.New("there is no close_notify to leave out: neither side of this proxy has TLS")
	}
	return nil
}

func (f End) String() string {
	abrupt := ""
	if f.NoCloseNotify {
		abrupt = " without close_notify"
	}
	if f.Client == f.Server {
		return "end both sides with " + f.Client.String() + abrupt
	}
	s := "end"
	if f.Client != Keep {
		s += " client " + f.Client.String()
	}
	if f.Server != Keep {
		s += " server " + f.Server.String()
	}
	return s + abrupt
}

// Other says what becomes of the peer that a [Close] is not sent to.
type Other uint8

// What becomes of the other side.
const (
	SameCode  Other = iota // it gets the same Close frame
	OtherFIN               // it gets a FIN without a Close frame
	OtherKeep              // it stays connected, to a peer that is no longer there
)

var otherNames = []string{"same-code", "fin", "keep"}

func (o Other) String() string {
	if int(o) < len(otherNames) {
		return otherNames[o]
	}
	return fmt.Sprintf("other(%d)", uint8(o))
}

// Close sends a Close frame of the proxy's own to the peer that Toward leads to
// (zero: the client), at the next frame boundary, and finishes the closing
// handshake with it: its answer does not go on, then the proxy sends a FIN (to a
// client) or waits for one (from a server), and closes after 5 s at the latest.
type Close struct {
	Code   frame.CloseCode // on the wire as it is; 0 sends a Close without a payload
	Reason string
	Toward frame.Direction
	Other  Other
	// KeepOpen never ends TCP from here: neither behind the answer nor after 5 s. It
	// lasts until the peer ends it.
	KeepOpen bool
	// Abrupt waits for no answer: right behind the frame the socket is closed, as
	// Caddy does.
	Abrupt bool
}

// CloseWith closes the client with code and reason, and the server with the same.
func CloseWith(code frame.CloseCode, reason string) Close {
	return Close{Code: code, Reason: reason}
}

// Stages of Close: a frame, or a time.
func (Close) Stages() Stage { return StageFrame | StageTime }

// Apply starts the closing handshake.
func (f Close) Apply(p *Plan) { p.Close(f) }

// Validate refuses what a Close frame cannot carry.
func (f Close) Validate() error {
	if len(f.Reason) > 123 {
		return fmt.Errorf("close: the reason has %d bytes; a Close frame carries at most 123 (RFC 6455 section 5.5)", len(f.Reason))
	}
	if f.Code == 0 && f.Reason != "" {
		return fmt.Errorf("close: a reason needs a code (RFC 6455 section 5.5.1)")
	}
	if f.Other > OtherKeep {
		return fmt.Errorf("close: unknown value for other")
	}
	if f.KeepOpen && f.Abrupt {
		return fmt.Errorf("close: KeepOpen leaves TCP open and Abrupt closes it at once; choose one")
	}
	return nil
}

func (f Close) frame() frame.Frame {
	if f.Code == 0 {
		return frame.EmptyClose()
	}
	return frame.Close(f.Code, f.Reason)
}

func (f Close) String() string {
	s := f.frame().String()
	switch d := orToClient(f.Toward); {
	case d == frame.Both:
	case f.Other == SameCode:
		s += " to both"
	default:
		s += fmt.Sprintf(" %v, other side %v", d, f.Other)
	}
	if f.KeepOpen {
		s += ", TCP stays open"
	}
	if f.Abrupt {
		s += ", TCP closed at once"
	}
	return s
}

// Silence holds a direction (zero: both) as a line that lost its packets would:
// bytes are read and kept, up to 1 MiB, then no longer read; nothing arrives,
// ends included, until the silence is healed. Then all of it arrives, in order,
// on the same connection. The kernel still acknowledges, so TCP keepalive and
// TCP_USER_TIMEOUT do not notice.
//
// It is healed by [Conn.Heal], by removing the rule, or after For, if that is set.
type Silence struct {
	Dir frame.Direction
	For time.Duration
}

// Stages of Silence: a frame (which still passes), or a time.
func (Silence) Stages() Stage { return StageFrame | StageTime }

// Apply silences.
func (f Silence) Apply(p *Plan) { p.Silence(orBoth(f.Dir), f.For) }

// Validate refuses a negative time.
func (f Silence) Validate() error { return nonNegative("silence", f.For) }

func (f Silence) String() string { return lasting("silence", f.Dir, f.For) }

// Discard swallows all frames of a direction (zero: both), whole, from the next
// one on; ends still pass. Removing the rule, [Conn.Heal], or For stops it: what
// was swallowed is lost.
type Discard struct {
	Dir frame.Direction
	For time.Duration
}

// Stages of Discard: a frame (which still passes), or a time.
func (Discard) Stages() Stage { return StageFrame | StageTime }

// Apply starts discarding.
func (f Discard) Apply(p *Plan) { p.Discard(orBoth(f.Dir), f.For) }

// Validate refuses a negative time.
func (f Discard) Validate() error { return nonNegative("discard", f.For) }

func (f Discard) String() string { return lasting("discard", f.Dir, f.For) }

// Freeze stops reading what travels in a direction (zero: both), as a stopped process
// would: nothing arrives, the sender's writes fill the buffers of its kernel and this
// one's (megabytes on loopback) and then wait, and its end is not noticed. It lasts
// until [Conn.Heal], the removal of the rule, or For; then everything arrives, in
// order. What the proxy had read by then, 32 KiB at most (256 KiB of a bulk
// transfer), arrives with it.
//
// [Silence] reads on for 1 MiB and notices ends. In the words of fakeserver,
// Freeze{Dir: frame.ToServer} is StopReading, and [Discard] is GoDark.
type Freeze struct {
	Dir frame.Direction
	For time.Duration
}

// Stages of Freeze: a frame (which still passes), or a time.
func (Freeze) Stages() Stage { return StageFrame | StageTime }

// Apply freezes.
func (f Freeze) Apply(p *Plan) { p.Freeze(orBoth(f.Dir), f.For) }

// Validate refuses a negative time.
func (f Freeze) Validate() error { return nonNegative("freeze", f.For) }

func (f Freeze) String() string { return lasting("freeze", f.Dir, f.For) }

func lasting(what string, dir frame.Direction, d time.Duration) string {
	what += " " + orBoth(dir).String()
	if d > 0 {
		what += " for " + d.String()
	}
	return what
}
