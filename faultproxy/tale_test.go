package faultproxy_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// line is what a side notes.
func line(at time.Duration, what string) string { return at.String() + " " + what }

// tale returns the events of connection 1 of the given kinds, without times:
// "fault drop", "not-applied RULE: why", "silence to-client", "fin to-server arrived".
func tale(p *faultproxy.Proxy, kinds ...string) []string {
	var lines []string
	for _, e := range p.Timeline.Conn(1).Canonical() {
		if !slices.Contains(kinds, e.Kind.String()) {
			continue
		}
		words := []string{e.Kind.String()}
		if e.Rule != "" {
			words = append(words, e.Rule)
		}
		if e.Dir != 0 {
			words = append(words, e.Dir.String())
		}
		if e.Seen != 0 {
			words = append(words, e.Seen.String())
		}
		if why := e.Field("why"); why != "" {
			words = append(words, why)
		}
		if e.Kind.String() == "frame" {
			words = append(words, e.Header.Frame(e.Payload).String())
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// tells compares parts of the timeline of connection 1 with what it should say.
func (r *rig) tells(kinds string, want ...string) {
	r.t.Helper()
	settle()
	if got := tale(r.p, strings.Fields(kinds)...); !slices.Equal(got, want) {
		r.t.Errorf("the timeline tells:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// firings checks how often a rule fired.
func (r *rig) firings(rule string, want int) {
	r.t.Helper()
	settle()
	if got := fired(r.p, rule); got != want {
		r.t.Errorf("rule %q fired %d times, want %d", rule, got, want)
	}
}

// over checks that connection 1 has ended on both sides, or has not.
func (r *rig) over(want bool) {
	r.t.Helper()
	settle()
	if got := len(tale(r.p, "ended")) == 1; got != want {
		r.t.Errorf("connection ended: %v, want %v", got, want)
	}
}

// The moments of a connection.
const (
	opened     = timeline.KindOpened
	frameKind  = timeline.KindFrame
	ended      = timeline.KindEnded
	heldKind   = timeline.KindHeld
	closedKind = timeline.KindClosed
)

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
