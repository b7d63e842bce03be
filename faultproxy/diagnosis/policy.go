package diagnosis

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Rearm says what restarts the timer of a client's own beat.
type Rearm uint8

// What can.
const (
	RearmNone     Rearm = iota // nothing but a beat: it beats whatever the traffic
	RearmReceived              // any frame received; it also counts as the answer to a beat
	RearmSent                  // any frame sent
	RearmAny                   // both
)

// Range is a range of close codes or statuses, both ends included.
type Range struct{ From, To int }

// Codes makes ranges of single numbers: Codes(1008, 4401).
func Codes(numbers ...int) []Range {
	ranges := make([]Range, len(numbers))
	for i, n := range numbers {
		ranges[i] = Range{n, n}
	}
	return ranges
}

// Continuity says which messages must arrive without gaps, and what their numbers
// are. The zero value promises nothing.
type Continuity struct {
	// Messages selects the messages that are numbered, one up each. Toward makes it
	// those of one side.
	Messages frame.Match
	// Number is where the number stands, as a placeholder of heartbeat.Template:
	// {$.seq} for JSON, {/seq=([0-9]+)/} for other text.
	Number string
	// Repeats says that a message may come more than once.
	Repeats bool
}

// ClientBy says how the connections of one client are told from those of others. The
// zero value takes all connections for one client's.
type ClientBy struct {
	Query  string // by this parameter of the URL, which must not look like a secret: timelines redact those
	Header string // by this header of the upgrade request
	// Process takes the client program that runs at the time (timeline.KindStarted). If
	// several do, what concerns their reconnecting is not judged.
	Process bool
}

// ReportNames are the names under which a client reports about itself; empty where it
// does not. See timeline.KindReport. [Findings] looks at Disconnect, matchers at all.
type ReportNames struct {
	Open       string // a connection opened
	Close      string // a connection is over
	Disconnect string // its user told it to stop: no attempt may follow
}

// Policy is what a client promises. The zero value of each field promises nothing, so
// a client is held to hard rules only and warned about the rest. [ParsePolicy] reads
// it from a file.
type Policy struct {
	// Name is what messages call it.
	Name string
	// Browser says that the client is a page in a browser, which answers pings by
	// itself, hides statuses and adds delays of its own.
	Browser bool
	// Client says by whose rules the client is told of a connection's end.
	Client ClientKind

	// Dialect is the heartbeat. Narrow its By to Server for a client that only expects
	// beats.
	Dialect heartbeat.Dialect
	// Interval is how often the client beats, or expects beats. 0: it does not.
	Interval time.Duration
	// Tolerance is by how much times may miss what is promised. 0: 250 ms, for
	// machines that are busy; in virtual time a millisecond is enough, and shows more, such
	// as jitter in short delays. It has to be less than Interval.
	Tolerance time.Duration
	// Rearm says what restarts the beat's timer.
	Rearm Rearm
	// AnswerTimeout is how long after its beat, or after a beat was due, the client takes
	// a peer from which nothing came for dead. 0: never.
	AnswerTimeout time.Duration
	// IdleTimeout is the shortest idle timeout of a path on which connections must live.
	// 0: unknown.
	IdleTimeout time.Duration
	// PongWithin is how soon the client answers a ping. 0: within 10 s, for which no
	// standard gives a number.
	PongWithin time.Duration

	// ConnectTimeout is how long the client waits for a connection to open, CloseTimeout
	// for a closing handshake to end. 0: for ever.
	ConnectTimeout, CloseTimeout time.Duration

	// Backoff is how long it waits before it connects again. If there is one, it does
	// connect again, and its program does not end because a connection did.
	Backoff Backoff
	// RetryAfter says that it waits for as long as a refusal's Retry-After asks.
	RetryAfter bool
	// TryAgainAfter is how long it waits at least after Close 1013.
	TryAgainAfter time.Duration
	// GiveUpCodes are the close codes, and GiveUpStatuses the HTTP statuses, after which
	// it does not connect again by itself.
	GiveUpCodes, GiveUpStatuses []Range

	// MaxLive is how many connections it has at the same time. 0: not promised. One that
	// the server ended counts until the client ends it, too; one on which the client
	// sent a Close does not, for as long as it may still wait for the server's end.
	MaxLive int
	// Overlap is how long there may be more, while a new connection replaces an old one.
	Overlap time.Duration

	// Resubscribe are frames that it sends on every connection, each within
	// ResubscribeWithin (0: 5 s) of the time when it can.
	Resubscribe       []frame.Match
	ResubscribeWithin time.Duration
	// Continuity says which messages must not be lost.
	Continuity Continuity

	// ClientBy tells clients apart.
	ClientBy ClientBy
	// Reports are the names of the client's own reports.
	Reports ReportNames
	// Waive are the rules that the client does without.
	Waive []RuleID
}
