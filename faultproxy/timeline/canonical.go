package timeline

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Canonical returns the events in an order that does not depend on how
// goroutines were scheduled: by time, vantage point, connection, direction, and
// within one direction of a connection as recorded, what left from a queue last. What happens at one instant to one
// connection begins with its handshake and finishes with its end, whatever the
// direction. Equal seeds give equal canonical timelines in virtual time.
func (t *Timeline) Canonical() []Event { return t.whole().Canonical() }

// Canonical is [Timeline.Canonical] for the events of the view.
func (v *View) Canonical() []Event {
	events := v.Events()
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(
			cmp.Compare(a.At, b.At),
			cmp.Compare(a.Vantage, b.Vantage),
			cmp.Compare(a.Conn, b.Conn),
			cmp.Compare(phase(a.Kind), phase(b.Kind)),
			cmp.Compare(a.Dir, b.Dir),
			cmp.Compare(queued(a), queued(b)),
		)
	})
	return events
}

// queued orders what left from a queue behind what else one direction saw at that
// instant: two goroutines wrote it down.
func queued(e Event) int {
	if e.Queued {
		return 1
	}
	return 0
}

// phase orders what one goroutine does before and after the two directions run.
func phase(k Kind) int {
	switch k {
	case KindAccepted, KindHTTP, KindMute, KindRequest, KindDialed, KindResponse, KindOpened:
		return 0
	case KindEnded:
		return 2
	}
	return 1
}

// CanonicalText returns the canonical events as text, one a line, for comparison
// with a golden file or another run: with exact times and without what differs
// from run to run by accident (ports, addresses, handshake keys, masking keys,
// process numbers, the date).
func (t *Timeline) CanonicalText() string { return t.whole().CanonicalText() }

// CanonicalText is [Timeline.CanonicalText] for the events of the view.
func (v *View) CanonicalText() string {
	var b strings.Builder
	for _, e := range v.Canonical() {
		b.WriteString(e.canonicalLine())
		b.WriteByte('\n')
	}
	return b.String()
}

// accidents are the fields that differ from run to run.
var accidents = map[string]bool{
	"remote": true, "local": true, "address": true, "pid": true, "start": true, "date": true,
	"sec-websocket-key": true, "sec-websocket-accept": true,
}

var port = regexp.MustCompile(`([\w\]]):\d{2,5}\b`)

func (e Event) canonicalLine() string {
	parts := []string{e.At.String(), e.connName(true)}
	if e.Dir != 0 {
		parts = append(parts, e.Dir.String())
	}
	if e.Seen != 0 {
		parts = append(parts, e.Seen.String())
	}
	switch {
	case e.Kind.isFrame():
		parts = append(parts, e.Kind.String(), e.frameText())
		if len(e.Payload) > 24 { // what the text may have cut
			parts = append(parts, fmt.Sprintf("crc32=%08x", crc32.ChecksumIEEE(e.Payload)))
		}
	case e.Count != 0:
		parts = append(parts, e.Kind.String(), plural(e.Count, unit(e.Kind)))
	default:
		parts = append(parts, e.Kind.String())
	}
	for _, f := range e.Fields {
		if !accidents[strings.ToLower(f.Name)] {
			parts = append(parts, f.Name+"="+quote(port.ReplaceAllString(f.Value, "$1:PORT")))
		}
	}
	if e.Rule != "" {
		parts = append(parts, "rule="+quote(e.Rule))
	}
	return strings.Join(parts, " ")
}

func unit(k Kind) string {
	if k == KindLost {
		return "event"
	}
	return "byte"
}

// String returns "arrived", "left", "passed", or "" for none.
func (s Seen) String() string {
	switch s {
	case Arrived:
		return "arrived"
	case Left:
		return "left"
	case Passed:
		return "passed"
	}
	return ""
}

// ParseSeen reads the names that String writes.
func ParseSeen(s string) (Seen, bool) {
	for _, seen := range []Seen{0, Arrived, Left, Passed} {
		if s == seen.String() {
			return seen, true
		}
	}
	return 0, false
}

// arrow points the way the event travels.
func arrow(d frame.Direction) string {
	switch d {
	case frame.ToServer:
		return "→"
	case frame.ToClient:
		return "←"
	case frame.Both:
		return "↔"
	}
	return " "
}
