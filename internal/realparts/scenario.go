package realparts

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Scenario is what a client is to do with one WebSocket: the same for every
// client. It ends when a connection that was open has closed, or when Attempts
// attempts have failed.
type Scenario struct {
	URL string // ws:// or wss://
	// CA are the certificates to trust for it, in PEM. Chromium takes any
	// certificate whose chain has one of them, whatever else is wrong with it.
	CA string
	// StartAfter passes before the first attempt.
	StartAfter time.Duration
	// Watch is how long the client is watched, counted from the first attempt; then
	// the log ends with a Left. Zero is until the end that the others describe.
	Watch time.Duration

	// Send is sent, one text message each, when the socket has opened: all at once,
	// or one every SendEvery, beginning that long after the opening.
	Send      []string
	SendEvery time.Duration
	// Repeat are texts that are sent again and again while the socket is open.
	Repeat []Repeat
	// PingEvery is the interval of protocol pings with the payload "beat"; zero
	// sends none. A browser's page has no way to send one and ignores it.
	PingEvery time.Duration

	// CloseAfter calls close(CloseCode, CloseReason) that long after the opening;
	// zero never does.
	CloseAfter  time.Duration
	CloseCode   int
	CloseReason string

	// Attempts is how often the client tries to open the socket; zero is once.
	// A new attempt follows a failed one at once.
	Attempts int
	// KeepAlive makes all attempts through one HTTP agent that reuses TCP
	// connections. Node only; a browser decides by itself.
	KeepAlive bool
}

// Repeat is a text that is sent every so often, first one interval after the
// socket has opened.
type Repeat struct {
	Text  string
	Every time.Duration
}

// The types of an Event.
const (
	Connecting = "connecting" // the client begins an attempt
	Open       = "open"
	Message    = "message"
	Sent       = "sent"   // Data was handed to the socket
	Ping       = "ping"   // the client sent a protocol ping
	Pong       = "pong"   // a protocol pong arrived
	Pinged     = "pinged" // a protocol ping arrived; a page does not see it
	Failed     = "error"
	// Refused: the handshake was answered with Status. Only ws says so, and only of
	// a Scenario with several Attempts; else it reports an error, as ever.
	Refused = "refused"
	Close   = "close"
	// Left: the Watch is over. Data is the state of the socket: connecting, open or
	// closing.
	Left = "left"
)

// Event is one thing a client saw, in its own words.
type Event struct {
	// At is the client's own clock; only differences mean anything. Both
	// JavaScript clients take it from performance.now().
	At         time.Duration
	Type       string
	Attempt    int    // counted from 1
	Data       string // of a message
	Extensions string // of an open: what was negotiated
	LocalPort  int    // of a refused or open: the client's TCP port, 0 if unknown
	Status     int    // of a refused: the HTTP status

	// Of a close: what the CloseEvent said.
	Code     int
	Reason   string
	WasClean bool
}

// Log is what a client saw of one scenario, in order.
type Log []Event

// Of returns the events of one type.
func (l Log) Of(typ string) []Event {
	var of []Event
	for _, e := range l {
		if e.Type == typ {
			of = append(of, e)
		}
	}
	return of
}

// Texts returns the data of the events of one type.
func (l Log) Texts(typ string) []string {
	var texts []string
	for _, e := range l.Of(typ) {
		texts = append(texts, e.Data)
	}
	return texts
}

// String lists the events, one a line, with times from the first.
func (l Log) String() string {
	var s strings.Builder
	for _, e := range l {
		fmt.Fprintf(&s, "%9.1f ms  #%d %-10s", float64(e.At-l[0].At)/float64(time.Millisecond), e.Attempt, e.Type)
		switch e.Type {
		case Close:
			fmt.Fprintf(&s, " %d %q wasClean=%t", e.Code, e.Reason, e.WasClean)
		case Open:
			fmt.Fprintf(&s, " extensions %q, from port %d", e.Extensions, e.LocalPort)
		case Refused:
			fmt.Fprintf(&s, " %d, from port %d", e.Status, e.LocalPort)
		default:
			fmt.Fprintf(&s, " %q", e.Data)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// The forms the JavaScript clients speak: names in camelCase, times as
// milliseconds.

func (s Scenario) MarshalJSON() ([]byte, error) {
	type repeat struct {
		Text  string  `json:"text"`
		Every float64 `json:"every"`
	}
	repeats := []repeat{}
	for _, r := range s.Repeat {
		repeats = append(repeats, repeat{r.Text, milliseconds(r.Every)})
	}
	return json.Marshal(map[string]any{
		"url": s.URL, "ca": s.CA, "startAfter": milliseconds(s.StartAfter), "watch": milliseconds(s.Watch),
		"send": append([]string{}, s.Send...), "sendEvery": milliseconds(s.SendEvery), "repeat": repeats,
		"pingEvery": milliseconds(s.PingEvery), "closeAfter": milliseconds(s.CloseAfter),
		"closeCode": s.CloseCode, "closeReason": s.CloseReason,
		"attempts": max(s.Attempts, 1), "keepAlive": s.KeepAlive,
	})
}

func (e *Event) UnmarshalJSON(b []byte) error {
	var in struct {
		At         float64
		Type       string
		Attempt    int
		Data       string
		Extensions string
		LocalPort  int
		Status     int
		Code       int
		Reason     string
		WasClean   bool
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*e = Event{
		At:   time.Duration(in.At * float64(time.Millisecond)),
		Type: in.Type, Attempt: in.Attempt, Data: in.Data, Extensions: in.Extensions,
		LocalPort: in.LocalPort, Status: in.Status,
		Code: in.Code, Reason: in.Reason, WasClean: in.WasClean,
	}
	return nil
}

// longest is how long the longest scenario is watched, at least.
func longest(scenarios []Scenario) (d time.Duration) {
	for _, s := range scenarios {
		d = max(d, s.StartAfter+s.Watch)
	}
	return d
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
