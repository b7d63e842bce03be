package diagnosis

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Attempts returns the attempts of src to connect, in the order in which they were
// made, all as one client's; see [Policy.Attempts] for several. It takes what a proxy
// saw, or what a server saw if no proxy did.
func Attempts(src Source) []Attempt {
	clients := Policy{}.clients(readRecording(src))
	if len(clients) == 0 {
		return nil
	}
	return clients[0].attempts
}

// Attempts returns the attempts of each client, in the order of the clients' first
// ones.
func (p Policy) Attempts(src Source) [][]Attempt {
	var all [][]Attempt
	for _, c := range p.clients(readRecording(src)) {
		all = append(all, c.attempts)
	}
	return all
}

// client is what is known of one client.
type client struct {
	key      string // empty if clients are not told apart
	tracks   []*track
	attempts []Attempt // one for each track, in the same order
	unsure   string    // why its attempts may be several clients'; empty if they are its own
}

// makeAttempt says what became of a track.
func makeAttempt(t *track, kind ClientKind, now time.Duration) Attempt {
	a := Attempt{Conn: t.conn, ReportedAt: -1, Opened: t.opened != nil, mute: !t.spoke, code: closeCode(t.heard)}
	if len(t.events) > 0 {
		a.RequestedAt = t.events[0].At
	}
	if t.request != nil {
		a.Request, a.RequestedAt = *t.request, t.request.At
	}
	if t.opened != nil {
		a.OpenedAt = t.opened.At
	}
	if t.response != nil {
		a.Status, _ = strconv.Atoi(t.status())
		a.RetryAfter, a.HasRetryAfter = retryAfter(*t.response)
	}
	if t.conn == 0 {
		return makeLoose(a, t)
	}
	at, ending, over := t.over()
	if !over {
		return a
	}
	a.Ended, a.KnownAt = true, max(at, a.RequestedAt)
	if t.tcp != nil {
		a.ReportedAt = max(t.tcp.At, a.KnownAt)
	}
	a.By, a.How = beginsEnd(*ending)
	switch {
	case !a.Opened:
		a.How = NeverOpened
		if ending.Kind == timeline.KindResponse {
			a.By = Server
		}
	case a.How == StillOpen:
		a.How = NotSeen
	}
	if event, reported := closeEvent(kind, t.events, now); reported {
		a.CloseEvent = event
	}
	return a
}

// makeLoose says what became of a TCP connection that brought no request.
func makeLoose(a Attempt, t *track) Attempt {
	last := t.events[len(t.events)-1]
	a.How = NeverOpened
	switch {
	case last.Kind == timeline.KindMute:
		a.By = Client
	case strings.Contains(last.Field("does"), "refuse"):
		a.By = Network
	default: // kept waiting, and nobody saw the end
		return a
	}
	a.Ended, a.KnownAt, a.ReportedAt = true, last.At, last.At
	a.CloseEvent = failed
	return a
}

// retryAfter reads the Retry-After of an answer (RFC 9110 section 10.2.3): seconds, or
// a date, which is counted from the answer's Date.
func retryAfter(answer timeline.Event) (time.Duration, bool) {
	value := field(answer, "retry-after")
	if value == "" {
		return 0, false
	}
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	sent, err := http.ParseTime(field(answer, "date"))
	if err != nil {
		return 0, false
	}
	return max(until.Sub(sent), 0), true
}

// link measures the delays between the attempts of one client.
func (c *client) link(r *recording) {
	for i := range c.attempts {
		a := &c.attempts[i]
		a.Client = c.key
		if i == 0 {
			if r.partial {
				a.Before = DelayNotSeen
			}
			continue
		}
		before := c.attempts[i-1]
		if !before.Ended || before.KnownAt > a.RequestedAt {
			a.Before = DelayOverlaps
			continue
		}
		a.Before = DelayMeasured
		a.Delay = a.RequestedAt - before.KnownAt
		if before.ReportedAt >= 0 && before.ReportedAt < a.RequestedAt {
			a.DelayLeast = a.RequestedAt - before.ReportedAt
		}
		a.Hidden = r.hides(before.KnownAt, a.RequestedAt)
		if t := c.tracks[i-1]; a.Hidden == "" && t.sight() <= before.KnownAt {
			a.Hidden = "the client may have ended " + t.name() + " earlier: " + t.blind(before.KnownAt)
		}
	}
}

// closeCode is the code of a Close frame; 0 if the event is none.
func closeCode(ev *timeline.Event) frame.CloseCode {
	if ev == nil || ev.Kind != timeline.KindFrame || ev.Header.Opcode != frame.OpClose {
		return 0
	}
	code, _, ok := frame.ParseClose(ev.Payload)
	if !ok {
		return 0
	}
	return code
}
