package diagnosis

import (
	"iter"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// AsOf makes src known to be complete until now, on its own clock. What did not
// happen by then did not happen: without it [Findings] knows only of the time up to
// the last event. Give it the Now of a timeline that is still recording.
func AsOf(src Source, now time.Duration) Source { return asOf{src, now} }

type asOf struct {
	Source
	now time.Duration
}

// recording is a Source, sorted by what it means for the behaviour of clients.
type recording struct {
	tracks []*track // the connections, in the order of their first events
	loose  []*track // TCP connections that were refused or left before a request
	now    time.Duration
	hidden []hiding         // when attempts may have been made unseen
	runs   []run            // client programs
	said   []timeline.Event // reports
	gaps   bool             // events are missing

	partial bool // attempts were made before what is looked at
	alone   bool // only one connection is looked at
}

// hiding is a time in which attempts could be made that nobody saw.
type hiding struct {
	from, to time.Duration
	why      string
}

// run is a client program from its start to its exit.
type run struct {
	name string
	from time.Duration
	exit *timeline.Event // nil while it runs
}

// forEver is the end of what has not ended.
const forEver = time.Duration(1<<63 - 1)

// readRecording sorts a Source. It takes what a proxy saw, or what a server saw if
// no proxy did.
func readRecording(src Source) *recording {
	r := &recording{partial: beganBefore(src), alone: isAlone(src)}
	if known, ok := src.(asOf); ok {
		r.now = known.now
	}
	reader := recordingReader{r: r, tracks: map[int]*track{}, accepted: map[string]*track{}}
	for ev := range watched(src) {
		r.now = max(r.now, ev.At)
		reader.see(ev)
	}
	for _, t := range r.tracks {
		t.finish()
	}
	return r
}

// watched yields what a proxy saw, or a server if no proxy did. To a server all that
// arrives has passed.
func watched(src Source) iter.Seq[timeline.Event] {
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

// isAlone reports whether src shows one connection only, as its view does.
func isAlone(src Source) bool {
	if known, ok := src.(asOf); ok {
		src = known.Source
	}
	view, ok := src.(interface{ ConnNumber() (int, bool) })
	if !ok {
		return false
	}
	_, alone := view.ConnNumber()
	return alone
}

// beganBefore reports whether attempts were made before what src shows.
func beganBefore(src Source) bool {
	var first, conn timeline.Event
	for ev := range src.All() {
		if first.Kind == 0 {
			first = ev
		}
		if ev.Conn > 0 {
			conn = ev
			break
		}
	}
	if known, ok := src.(asOf); ok {
		src = known.Source
	}
	view, ok := src.(interface{ Timeline() *timeline.Timeline })
	if !ok {
		return first.Seq > 1
	}
	for ev := range view.Timeline().All() {
		if ev.Seq >= first.Seq {
			break
		}
		if ev.Kind == timeline.KindRequest && ev.Vantage == conn.Vantage {
			return true
		}
	}
	return false
}

// recordingReader takes events one by one.
type recordingReader struct {
	r        *recording
	tracks   map[int]*track
	accepted map[string]*track // TCP connections of which no more is known yet, by their address
	newest   *track            // the last of them
	shut     int               // index into r.hidden of the closed port, plus 1
}

func (p *recordingReader) see(ev timeline.Event) {
	if ev.Conn > 0 {
		t := p.tracks[ev.Conn]
		if t == nil {
			t = newTrack(ev)
			p.tracks[ev.Conn] = t
			p.r.tracks = append(p.r.tracks, t)
		}
		t.events = append(t.events, ev)
		p.r.gaps = p.r.gaps || ev.Kind == timeline.KindLost
		return
	}
	switch ev.Kind {
	case timeline.KindLost:
		p.r.gaps = true
		for _, t := range p.r.tracks {
			if len(t.events) > 0 && t.events[len(t.events)-1].Kind != timeline.KindEnded {
				t.events = append(t.events, ev)
			}
		}
	case timeline.KindAccepted:
		t := newTrack(ev)
		t.events = append(t.events, ev)
		p.accepted[ev.Field("remote")], p.newest = t, t
	case timeline.KindMute:
		p.left(ev)
	case timeline.KindFault:
		p.fault(ev)
	case timeline.KindHTTP:
		p.r.hidden = append(p.r.hidden, hiding{ev.At, ev.At, "it spoke plain HTTP in between, which may have been an attempt of its own"})
	case timeline.KindReport:
		p.r.said = append(p.r.said, ev)
	case timeline.KindStarted:
		p.r.runs = append(p.r.runs, run{name: ev.Field("client"), from: ev.At})
	case timeline.KindExit:
		p.exited(ev)
	}
}

// fault takes what the kit did before a connection had its number, or to the port.
func (p *recordingReader) fault(ev timeline.Event) {
	isPort, open := ev.Rule == "port" && ev.Vantage == timeline.AtServer, ev.Field("does") == "listening"
	switch {
	case isPort && p.shut > 0 && open:
		p.r.hidden[p.shut-1].to = ev.At
		p.shut = 0
	case isPort && p.shut == 0 && !open:
		p.r.hidden = append(p.r.hidden, hiding{ev.At, forEver, "the port was closed in between, where attempts are not seen"})
		p.shut = len(p.r.hidden)
	case !isPort && p.newest != nil:
		if t := p.newest; t.events[0].At == ev.At && len(t.events) == 1 {
			t.events = append(t.events, ev)
			p.r.loose = append(p.r.loose, t)
		}
	}
}

// left takes the end of a TCP connection that brought no request.
func (p *recordingReader) left(ev timeline.Event) {
	t := p.accepted[ev.Field("remote")]
	if t == nil {
		return
	}
	delete(p.accepted, ev.Field("remote"))
	met := len(t.events) > 1 // a fault
	t.events = append(t.events, ev)
	switch {
	case met:
	case strings.Contains(ev.Field("error"), "TLS"):
		p.r.loose = append(p.r.loose, t)
	default: // a probe, a spare connection of a browser's, or an attempt given up early
		p.r.hidden = append(p.r.hidden, hiding{t.events[0].At, ev.At, "a TCP connection came and went without a request in between"})
	}
}

func (p *recordingReader) exited(ev timeline.Event) {
	for i := range p.r.runs {
		if run := &p.r.runs[i]; run.exit == nil && run.name == ev.Field("client") {
			run.exit = &ev
			return
		}
	}
}

// hides returns why attempts may have been made unseen between two times; empty if
// they would have been seen.
func (r *recording) hides(from, to time.Duration) string {
	for _, h := range r.hidden {
		if h.from < to && h.to > from || h.from == h.to && from <= h.from && h.from <= to {
			return h.why
		}
	}
	return ""
}
