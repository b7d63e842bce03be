// Package heartbeat says how protocols keep their connections alive: what counts
// as a beat, what as its answer, and how a protocol opens. A [Dialect] is data, so
// the same value tells a rule which frames to drop, a fake server what to answer
// and a diagnosis which beats went unanswered, and it can be written in YAML or
// JSON.
//
// The built-in dialects, with the interval at which implementations beat unless
// they are told otherwise:
//
//	name                  function             who beats  every  answer
//	protocol              Protocol             either            pong, same payload
//	text:BEAT/ANSWER      Text                 either            the text ANSWER
//	json:KEY=BEAT/ANSWER  JSON                 either            KEY is ANSWER
//	engine.io             EngineIO             server     25 s   text 3
//	graphql-transport-ws  GraphQLTransportWS   either            JSON pong
//	phoenix               Phoenix              client     30 s   phx_reply, same ref
//	signalr               SignalR              either     15 s   none
//	mqtt                  MQTT                 client     60 s   PINGRESP
//	stomp                 STOMP                either     10 s   none
//	actioncable           ActionCable          server     3 s    none
//
// Where beats are not answered, each side only expects those of the other. The
// functions name the specifications; [Parse] knows the names.
package heartbeat

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Dialect is how a protocol beats and opens. It is a value: copy it, change fields
// and use it; nothing in this package changes one that it was given. The zero value
// never beats.
type Dialect struct {
	// Name is what messages call it, such as "protocol" or "phoenix".
	Name string
	// Source is where the protocol is specified: an RFC section, or the address of
	// a document.
	Source string
	// By is who beats. With Either, both sides may, each on its own schedule.
	By Role
	// Interval is how often implementations beat unless they are told otherwise. 0:
	// they have no default, or do not beat then. It changes nothing that the dialect
	// sends or matches.
	Interval time.Duration
	// Beat is what a beat looks like.
	Beat Form
	// Answer is what the other side answers a beat with. Its zero value means that
	// beats are not answered, as in STOMP, SignalR and Action Cable.
	Answer Form
	// Correlate says which beat an answer belongs to. The zero value is by order.
	Correlate Correlation
	// Subprotocol is the Sec-WebSocket-Protocol that goes with it; empty if none.
	Subprotocol string
	// Greeting is what the server sends as soon as the connection is open; {n} is the
	// number of the connection. See [Dialect.Greet].
	Greeting []Template
	// Session is what is exchanged besides beats so that a connection of the
	// protocol opens and stays usable, such as graphql-transport-ws's
	// connection_init and connection_ack.
	// A [Player] plays it.
	Session []Exchange
	// Packets says how what the session is about lies in messages. The zero value is
	// one packet in each.
	Packets Packets
	// HTTP is what the protocol fetches over plain HTTP beside the connection.
	HTTP []Endpoint
}

// Form is the look of a beat or of an answer. The zero value is no frame at all.
type Form struct {
	// Match selects the frames that have this form, whichever way they travel.
	Match frame.Match
	// Send is how such a frame is made.
	Send Template
}

// Exchange is one question and what is sent back.
type Exchange struct {
	// On selects the question.
	On frame.Match
	// By is who asks; the other side replies. The zero value is the client.
	By Role
	// Reply is sent in this order. Placeholders refer to the question.
	Reply []Template
}

// Endpoint is a plain HTTP resource.
type Endpoint struct {
	// Path is the path of the URL, such as "/negotiate".
	Path string
	// Answers are given one request each, in order; the last is given for ever.
	Answers []HTTPAnswer
}

// HTTPAnswer is one answer of an [Endpoint].
type HTTPAnswer struct {
	Status      int    // 0 is 200
	ContentType string // empty is application/json
	Body        string // may hold {ws} and {http}, the address the client used
}

// String returns the name.
func (d Dialect) String() string { return d.Name }

// Answered reports whether beats of the dialect are answered at all.
func (d Dialect) Answered() bool { return d.Answer.Match != nil }

// Beats selects the beats, in the directions in which they can travel. A dialect
// without beats selects nothing.
func (d Dialect) Beats() frame.Match { return toward(d.By.Sends(), d.Beat.Match) }

// Answers selects the answers, in the directions in which they can travel. It
// selects nothing if the dialect has no answers. A frame is selected by its look
// alone: an unsolicited pong looks like any other, see [Tracker].
func (d Dialect) Answers() frame.Match { return toward(d.By.Peer().Sends(), d.Answer.Match) }

func toward(dir frame.Direction, m frame.Match) frame.Match {
	switch {
	case m == nil || dir == 0:
		return frame.Not(frame.Any)
	case dir == frame.Both:
		return m
	}
	return frame.AllOf(frame.Toward(dir), m)
}

// AnswerTo returns the answer to a beat, unmasked, as the other side would send
// it. It is not ok if the frame is no beat, if beats are not answered, if the
// beat's payload cannot be read, or if the answer lacks a template.
func (d Dialect) AnswerTo(beat frame.View) (answer frame.Frame, ok bool) {
	if !d.Answered() || !d.Beats().Match(beat) {
		return frame.Frame{}, false
	}
	if d.Correlate.By == ByPayload {
		if beat.Opaque {
			return frame.Frame{}, false
		}
		return d.Answer.Send.frame(slices.Clone(beat.Payload)), true
	}
	return d.Answer.Send.Render(0, beat)
}

// NewBeat returns the n-th beat of one side on one connection, unmasked; n counts
// from 1 and replaces the placeholder {n}. It is not ok if the beat lacks a
// template.
func (d Dialect) NewBeat(n int) (beat frame.Frame, ok bool) {
	return d.Beat.Send.Render(n, frame.View{})
}

// IsAnswer reports whether answer can be the answer to beat: both look right, they
// travel in opposite directions, and what the dialect correlates by agrees. Under
// ByOrder every answer can belong to every beat; only a [Tracker] knows the order.
// A pong may answer several pings at once (RFC 6455 section 5.5.3), which is also
// the tracker's business.
func (d Dialect) IsAnswer(beat, answer frame.View) bool {
	if !d.Answered() || beat.Dir == answer.Dir || !d.Beats().Match(beat) || !d.Answers().Match(answer) {
		return false
	}
	want, wantOK := d.Correlate.key(beat, false)
	got, gotOK := d.Correlate.key(answer, true)
	return wantOK && gotOK && want == got
}

// Validate reports everything that makes the dialect unusable, or nil.
func (d Dialect) Validate() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if d.Name == "" {
		complain("a dialect needs a name")
	}
	if d.By == 0 || d.By > Either {
		complain("dialect %q: by is %s: say who beats, client, server or either", d.Name, d.By)
	}
	if d.Beat.Match == nil {
		complain("dialect %q: beat has no match, so nothing would ever count as a beat", d.Name)
	}
	if d.Answer.Match == nil && d.Answer.Send != (Template{}) {
		complain("dialect %q: answer has something to send but no match, so it would never be recognised", d.Name)
	}
	if d.Interval < 0 {
		complain("dialect %q: interval is %v: it cannot be negative", d.Name, d.Interval)
	}
	if d.Packets > MQTTPackets {
		complain("dialect %q: %s is unknown: use message or mqtt", d.Name, d.Packets)
	}
	for where, t := range d.templates() {
		if err := t.Validate(); err != nil {
			complain("dialect %q: %s: %w", d.Name, where, err)
		}
	}
	if err := d.Correlate.validate(); err != nil {
		complain("dialect %q: correlate: %w", d.Name, err)
	}
	return errors.Join(errs...)
}
