package timeline

import "fmt"

// Kind says what an event is. Its String is the "event" key of a recording. A
// Kind is also a [Moment]: it can be waited for.
type Kind uint8

// The kinds of events. "Travels" marks those that have a direction and a Seen:
// they arrived from one peer, left for the other, or did both as one event.
const (
	_ Kind = iota

	// Before a connection has its number (Conn 0).

	KindAccepted // a TCP connection was accepted; fields: remote, local
	KindHTTP     // a plain HTTP exchange passed; fields: method, target, status
	KindMute     // an accepted connection ended without a request; fields: remote, error

	// The handshake.

	KindRequest  // an upgrade attempt, which numbers the connection. Travels; fields: method, target, host, origin, offered headers
	KindDialed   // the upstream was dialed; fields: address, or error
	KindResponse // an answer to the upgrade, interim ones (1xx) too. Travels; fields: status, subprotocol, extensions, headers
	KindOpened   // the 101 is about to reach the client: the connection is open

	// What travels on an open connection.

	KindFrameStart // the header of a frame whose payload is still to come. Travels
	KindFrame      // a whole frame. Travels
	KindBytes      // bytes that are not parsed as frames (after KindOpaque). Travels
	KindFIN        // the peer's end of stream. Travels
	KindRST        // a TCP reset. Travels

	// What the kit did and noticed.

	KindFault      // a rule fired (or a caller acted); fields: does
	KindNotApplied // a rule wanted to act and could not; fields: why
	KindOpaque     // a direction stopped being parsed; fields: section, why
	KindSilence    // a direction is held from here on
	KindHeal       // a direction is released from here on
	KindHeld       // a queue is full: its source is no longer read; fields: bytes
	KindClosed     // the kit closed its socket toward a peer: Dir ToClient the client's, ToServer the server's; fields: how (close, rst)
	KindEnded      // the connection is over on both sides; always its last event
	KindRule       // the rule list changed; fields: change (added, replaced, removed), does, awaits (traffic: it has something to act on in any that comes)
	KindError      // something failed; fields: error, what
	KindNote       // Timeline.Note; fields: name
	KindStarted    // a client program is about to be started; fields: client
	KindReport     // what a client program said; fields: name, and what it said
	KindExit       // a client program ended; fields: client, code or signal, pid, error. Rule: who ended it
	KindLost       // events that are no longer there; Event.Count says how many

	kindEnd
)

var kindNames = [kindEnd]string{
	KindAccepted: "accepted", KindHTTP: "http", KindMute: "mute",
	KindRequest: "request", KindDialed: "dialed", KindResponse: "response", KindOpened: "opened",
	KindFrameStart: "frame-start", KindFrame: "frame", KindBytes: "bytes", KindFIN: "fin", KindRST: "rst",
	KindFault: "fault", KindNotApplied: "not-applied", KindOpaque: "opaque",
	KindSilence: "silence", KindHeal: "heal", KindHeld: "held", KindClosed: "closed", KindEnded: "ended",
	KindRule: "rule", KindError: "error", KindNote: "note", KindStarted: "started", KindReport: "report", KindExit: "exit",
	KindLost: "lost",
}

// String returns the kind as recordings write it: "frame", "not-applied".
func (k Kind) String() string {
	if k.known() {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind reads the names that String writes.
func ParseKind(name string) (Kind, error) {
	for k, n := range kindNames {
		if n == name && n != "" {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("unknown event %q", name)
}

// Travels reports whether events of this kind have a direction and a [Seen].
func (k Kind) Travels() bool {
	switch k {
	case KindRequest, KindResponse, KindFrameStart, KindFrame, KindBytes, KindFIN, KindRST:
		return true
	}
	return false
}

func (k Kind) known() bool { return k > 0 && k < kindEnd }

// isFrame reports whether events of this kind have a frame header.
func (k Kind) isFrame() bool { return k == KindFrame || k == KindFrameStart }

// evictable reports whether events of this kind may go when the timeline is full.
func (k Kind) evictable() bool { return k.isFrame() || k == KindBytes }
