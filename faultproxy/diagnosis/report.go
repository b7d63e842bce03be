// Package diagnosis says why a connection ended: who ended it and how, what the
// client was told, what was silent for how long, and what to do about it. It reads
// what a recorder wrote on a timeline and nothing else: no I/O, no clock, no state.
// It does not look at which rule did something, so it says of a recording what it
// would say of the same traffic in the field; see [Report].Deliberate.
//
// # What it cannot tell
//
// Every fault of the kit is played against a correct client and diagnosed without
// its rules, both from the recording of who did it and from that of a recorder in
// front (internal/confusion has the table). What it then takes for something else
// is this, and no recording of the one connection could tell it better:
//
//   - A FIN after a silence, or at an age, of no round length, which the recorder did
//     not make itself: an idle timeout or a lifetime of 7.3 s looks like a server that
//     died. Two connections with the same number, and different others, are enough.
//   - A FIN at a round number by accident: of servers that die at a random moment, one
//     in 10 to 30 is taken for a timer, with low or medium confidence.
//   - A timer that only the server's bytes restart, if the server never sent any: its
//     silence is as long as the connection, so it may as well be a lifetime.
//   - A frame whose header lies about its length, made by the recorder itself: it goes
//     on to record frames that its client takes for the rest of that one.
//   - Where the recorder stands behind something that answers for the server, it sees
//     that: an upstream that refuses is a 502 there.
package diagnosis

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Source is anything with events in the order they happened: a timeline, a view of
// one connection, a loaded recording, or [Events].
type Source interface {
	All() iter.Seq[timeline.Event]
}

// Events makes a Source of a slice.
type Events []timeline.Event

// All returns the events in order.
func (e Events) All() iter.Seq[timeline.Event] { return slices.Values(e) }

// Party is whoever ended a connection.
type Party uint8

// The parties.
const (
	// Unknown: the connection has not ended, or the recording does not show how.
	Unknown Party = iota
	// Client: the client sent the first Close, FIN or RST.
	Client
	// Server: the first Close, FIN or RST came from the server's side. A Close that
	// was made on the way counts, since the client cannot tell.
	Server
	// Network: something between the two, because neither of them ended it, or
	// because the end is a timer's.
	Network
)

// String returns "client", "server", "network" or "unknown".
func (p Party) String() string {
	switch p {
	case Client:
		return "client"
	case Server:
		return "server"
	case Network:
		return "network"
	}
	return "unknown"
}

// How is the way in which a connection ended: the first thing that ended it.
type How uint8

// The ways.
const (
	StillOpen   How = iota // it has not ended, as far as the recording goes
	CloseFrame             // a Close frame
	FIN                    // the end of a TCP stream, without a Close frame before it
	RST                    // a TCP reset, without a Close frame before it
	NeverOpened            // the handshake did not succeed
	NotSeen                // it ended, but no Close, FIN or RST was recorded
)

// String returns "still open", "close frame", "FIN", "RST", "never opened" or
// "not seen".
func (h How) String() string {
	switch h {
	case StillOpen:
		return "still open"
	case CloseFrame:
		return "close frame"
	case FIN:
		return "FIN"
	case RST:
		return "RST"
	case NeverOpened:
		return "never opened"
	case NotSeen:
		return "not seen"
	}
	return fmt.Sprintf("how(%d)", uint8(h))
}

// Idle is for how long no bytes had arrived when the connection began to end. The
// part before the connection was open does not count.
type Idle struct {
	ToServer time.Duration // none from the client
	ToClient time.Duration // none from the server
	Both     time.Duration // none from either: the smaller of the two
}

// Beat is a beat without an answer.
type Beat struct {
	Dialect string         // the name of its dialect
	By      heartbeat.Role // who beat
	At      time.Duration  // when, since the timeline's start
}

// Report is what is known of one connection. Times are since the timeline's start.
type Report struct {
	// Conn is the number of the connection, counted from 1; 0 for what has none, see
	// [Mute].
	Conn int
	// Client says by whose rules CloseEvent was derived.
	Client ClientKind
	// Opened says that the handshake succeeded.
	Opened bool
	// Ended says that the connection is over on both sides.
	Ended bool

	// RequestedAt is when the upgrade was asked for, OpenedAt when the connection
	// opened (0 if never), EndingAt when the first Close, FIN or RST was seen, and
	// EndedAt when all was over (both 0 if it is still open).
	RequestedAt, OpenedAt, EndingAt, EndedAt time.Duration

	// EndedBy is who ended it, and How is how.
	EndedBy Party
	How     How

	// CloseEvent is what the client reports, if Reported says that it has learnt of
	// the end. 1006 says only that no Close frame came; Cause says why.
	CloseEvent frame.CloseEvent
	Reported   bool

	// Idle is the silence before the end.
	Idle Idle
	// Unanswered holds the beats without an answer, all dialects in order of time.
	Unanswered []Beat

	// Cause is why it ended.
	Cause Cause
	// Deliberate says which rule of a proxy, or step of a server's script, had a hand
	// in it, such as "injected by rule nginx/idle" or "by the server's script: Fin()";
	// empty if none did. Nothing else in the report is derived from rules.
	Deliberate string
	// Injected says that the end itself was that rule's or script's doing.
	Injected bool
}

// Age is how long the connection was open, or has been as far as the recording
// goes; 0 if it never opened.
func (r Report) Age() time.Duration {
	if !r.Opened || r.EndingAt < r.OpenedAt {
		return 0
	}
	return r.EndingAt - r.OpenedAt
}

// Analyzer is a diagnosis with options. The zero value is what [Diagnose] and [All]
// use.
type Analyzer struct {
	// Client says whose rules the CloseEvent follows. The zero value is Chromium.
	Client ClientKind
	// Dialects are the heartbeats to look for besides [heartbeat.Protocol] and
	// [heartbeat.Text]("ping", "pong").
	Dialects []heartbeat.Dialect
}

// Diagnose reports on one connection of src. Other connections of src are used for
// comparison: equal lifetimes tell more than one. That means reading all of src; a
// view of the one connection is cheaper and compares nothing. A connection that src
// knows nothing of gives a Report whose cause is "unknown".
func Diagnose(src Source, conn int) Report { return Analyzer{}.Diagnose(src, conn) }

// All reports on every connection of src, in the order of their numbers.
func All(src Source) []Report { return Analyzer{}.All(src) }
