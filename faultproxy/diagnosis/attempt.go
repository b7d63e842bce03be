package diagnosis

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Attempt is one attempt of a client to connect, and what became of it. Times are
// since the timeline's start.
type Attempt struct {
	// Conn is the connection's number. 0: it did not get as far as an upgrade request,
	// because the proxy refused TCP, or the client left before it.
	Conn int
	// Client says whose it is where the policy tells clients apart; empty otherwise.
	Client string
	// Request is the upgrade request, with its headers; its Kind is 0 if Conn is.
	Request timeline.Event
	// RequestedAt is when it was made.
	RequestedAt time.Duration

	// Opened says that the handshake succeeded; it did so at OpenedAt.
	Opened   bool
	OpenedAt time.Duration
	// Status is the HTTP status that the client was answered; 0 if it was not.
	Status int
	// RetryAfter is for how long that answer asks to wait, if HasRetryAfter. A date is
	// counted from the answer's own Date.
	RetryAfter    time.Duration
	HasRetryAfter bool

	// Ended says that the client knows or could know that it is over: it could from
	// KnownAt on, when it ended it itself, or the first Close, FIN, RST or refusal left
	// for it.
	Ended   bool
	KnownAt time.Duration
	// ReportedAt is when the client must have known: when TCP was over for it. Between
	// the two lies a closing handshake, for example. It is -1 if the recording does not
	// show it.
	ReportedAt time.Duration
	// By is who ended it, and How is how: NeverOpened where the handshake failed.
	By  Party
	How How
	// CloseEvent is what the client is told, if Ended.
	CloseEvent frame.CloseEvent

	// Before says whether Delay and DelayLeast are known.
	Before Delayed
	// Delay is the time since the client could know that its attempt before this one
	// was over, DelayLeast since it must have known.
	Delay, DelayLeast time.Duration
	// Hidden says why the client may have tried in between without being seen: the
	// port was closed, or events are missing. Empty if it was watched all the time.
	Hidden string

	code      frame.CloseCode // of the Close that the client received; 0 if none
	mute      bool            // it opened, but the client said nothing on it
	onPurpose bool            // the client closed it, and nothing was wrong with it
}

// Delayed says what is known of the delay before an [Attempt].
type Delayed uint8

// What can be known.
const (
	DelayFirst    Delayed = iota // nothing was before: the client's first attempt
	DelayMeasured                // Delay is known
	DelayOverlaps                // the attempt before was not over, as far as was seen
	DelayNotSeen                 // the attempts before are not in what is looked at
)
