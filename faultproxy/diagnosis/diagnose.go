package diagnosis

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Diagnose is [Diagnose] with the options of a.
func (a Analyzer) Diagnose(src Source, conn int) Report {
	var events []timeline.Event
	var all comparison
	var now time.Duration
	for ev := range seen(src) {
		now = max(now, ev.At)
		all.see(ev)
		if ev.Conn == conn || concerns(ev, events) {
			events = append(events, ev)
		}
	}
	return a.report(conn, events, now, &all)
}

// All is [All] with the options of a.
func (a Analyzer) All(src Source) []Report {
	events := map[int][]timeline.Event{}
	var all comparison
	var now time.Duration
	for ev := range seen(src) {
		now = max(now, ev.At)
		all.see(ev)
		if ev.Conn > 0 {
			events[ev.Conn] = append(events[ev.Conn], ev)
			continue
		}
		for conn, own := range events {
			if concerns(ev, own) {
				events[conn] = append(own, ev)
			}
		}
	}
	reports := make([]Report, 0, len(events))
	for conn, own := range events {
		reports = append(reports, a.report(conn, own, now, &all))
	}
	slices.SortFunc(reports, func(a, b Report) int { return cmp.Compare(a.Conn, b.Conn) })
	return reports
}

// seen yields what a proxy saw, or what a server saw if no proxy did. What a server
// saw had travelled all the way, and what it sent had not been touched.
func seen(src Source) iter.Seq[timeline.Event] {
	proxied := false
	for ev := range src.All() {
		if proxied = ev.Conn > 0 && ev.Vantage == timeline.AtProxy; proxied {
			break
		}
	}
	return func(yield func(timeline.Event) bool) {
		for ev := range src.All() {
			if ev.Vantage == timeline.AtServer {
				if proxied {
					continue
				}
				if ev.Kind.Travels() {
					ev.Seen = timeline.Passed
				}
			}
			if !yield(ev) {
				return
			}
		}
	}
}

// concerns reports whether an event of no connection says that some of a
// connection's events may be missing: it was live then.
func concerns(ev timeline.Event, own []timeline.Event) bool {
	return ev.Kind == timeline.KindLost && ev.Conn == 0 &&
		len(own) > 0 && own[len(own)-1].Kind != timeline.KindEnded
}

func (a Analyzer) dialects() []heartbeat.Dialect {
	builtin := []heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")}
	return append(builtin, a.Dialects...)
}

// report puts together what is known of one connection.
func (a Analyzer) report(conn int, events []timeline.Event, now time.Duration, all *comparison) Report {
	h := newHistory(a.Client, events, now)
	r := Report{Conn: conn, Client: a.Client, Opened: h.opened != nil, Ended: h.ended != nil}
	if h.request != nil {
		r.RequestedAt = h.request.At
	}
	if h.opened != nil {
		r.OpenedAt = h.opened.At
	}
	if h.ended != nil {
		r.EndedAt = h.ended.At
	}
	if h.first.index >= 0 || h.ended != nil {
		_, r.EndingAt = h.until()
	}
	r.CloseEvent, r.Reported = closeEvent(a.Client, events, now)
	if h.flaw != nil && r.Reported {
		r.CloseEvent = failed // whatever order the events are in
	}
	r.Idle = Idle{
		ToServer: h.silent(frame.ToServer).idle,
		ToClient: h.silent(frame.ToClient).idle,
		Both:     h.silent(frame.Both).idle,
	}
	beats := h.beats(a.dialects())
	r.Unanswered = beats.unanswered

	r.EndedBy, r.How, r.Cause = h.explain(conn, beats, all)
	r.Deliberate, r.Injected = deliberate(h)
	return r
}

// explain finds the cause.
func (h *history) explain(conn int, beats beats, all *comparison) (Party, How, Cause) {
	if h.opened == nil {
		by, cause := h.handshake()
		how := NeverOpened
		if cause.ID == IDStillOpen {
			how = StillOpen
		}
		return by, how, h.doubt(cause)
	}
	by, how := h.first.by, h.first.how
	if how != CloseFrame && h.shown != nil && by == Network {
		how = endOf(*h.shown)
	}
	var cause Cause
	switch {
	case h.first.index < 0 && h.ended == nil:
		return Unknown, StillOpen, h.doubt(h.stillOpen(beats))
	case h.first.index < 0:
		return Unknown, NotSeen, h.doubt(h.notSeen())
	default:
		var found bool
		if cause, found = h.protocolError(); found {
			break
		}
		switch {
		case by == Client:
			cause = h.clientEnd(beats)
		case how == CloseFrame:
			cause = h.serverClose(conn, beats, all)
		default:
			cause = h.cutOff(conn, how, beats, all)
			if cause.ID == IDIdleTimeout || cause.ID == IDMaxLifetime {
				by = Network
			}
		}
	}
	return by, how, h.doubt(cause)
}

// doubt lowers the confidence of a cause when events are missing.
func (h *history) doubt(c Cause) Cause {
	if h.gaps && c.ID != IDUnknown {
		c.Text += "; events are missing from the recording"
		c.Confidence = max(c.Confidence-1, Low)
	}
	return c
}

// stillOpen describes a connection that has not ended.
func (h *history) stillOpen(beats beats) Cause {
	s := h.silent(frame.Both)
	c := Cause{
		ID: IDStillOpen, Confidence: Certain, Evidence: evidence(h.before(s), beats.client.event),
		Text: "open for " + span(h.age()),
	}
	if s.last != nil && s.idle > 0 {
		c.Text += ", the last bytes " + span(s.idle) + " ago"
	} else if s.last == nil {
		c.Text = "open for " + span(h.age()) + " without a byte in either direction"
	}
	if beats.client.waited(h.now) {
		c.Text += "; " + beats.client.words(h.now)
		c.Advice = "nothing ends a connection to a silent peer but the client itself: give the heartbeat an answer timeout"
	}
	return c
}

func (h *history) notSeen() Cause {
	return Cause{
		ID: IDUnknown, Confidence: Low, Evidence: evidence(h.opened, h.ended),
		Text: "ended after " + span(h.age()) + ", but no Close frame, FIN or RST is in the recording",
	}
}
