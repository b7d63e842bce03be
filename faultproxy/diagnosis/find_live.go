package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// oneLive: no more connections are live than promised, for longer than an old one
// needs to be replaced.
func (e *exam) oneLive() {
	limit := max(e.policy.MaxLive, 1)
	patience := sum(e.policy.Overlap, e.tolerance)
	n := 0
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		var live []*track
		before := n
		for _, t := range c.tracks {
			switch {
			case t.conn > 0 && t.partial():
				e.blindTo(c, t, t.blind(0))
				continue
			case t.opened == nil:
				continue
			}
			n++
			live = append(live, t)
			if len(live) <= limit {
				continue
			}
			// The longest time for which this one and limit others were live.
			from, until := t.opened.At, e.liveUntil(t)
			var still []*track
			for _, other := range live {
				if e.liveUntil(other) > from {
					still = append(still, other)
				}
			}
			live = still
			if len(live) <= limit {
				continue
			}
			for _, other := range longestLive(live, limit+1, e.liveUntil) {
				until = min(until, e.liveUntil(other))
			}
			if over := until - from; over > patience {
				oldest := live[0]
				text := fmt.Sprintf("%d connections were live at the same time, the oldest of them %s", len(live), oldest.name())
				if precedes(oldest.finned, t.opened) {
					text += ", which the client has not closed since the server's FIN"
				}
				e.fault(c, t, Finding{Text: text, Measured: "for " + span(over), Expected: fmt.Sprintf("%d, or more for up to %s", limit, span(patience))},
					oldest.opened, oldest.finned, t.opened)
			}
		}
		if n == before+1 {
			n = before // one alone shows nothing
		}
	}
	e.kept(n, "connection", "%s, never more live at a time than there may be")
	e.nothing("no client had more than one connection")
}

// liveUntil is until when a connection was its client's, as far as was seen: until the
// client ended TCP, or it was ended for the client by an RST. The server's FIN does not:
// a socket that is kept after it is leaked. A client that has sent its Close has done
// its part until that FIN comes; how long it waits for it is the business of closeTimeout.
func (e *exam) liveUntil(t *track) time.Duration {
	gone := min(e.r.now, t.sight())
	for _, ev := range []*timeline.Event{t.clientTCP, t.cut, t.ended} {
		if ev != nil {
			gone = min(gone, ev.At)
		}
	}
	leaked := t.finned != nil && gone > sum(t.finned.At, e.tolerance)
	if t.said != nil && !leaked {
		return min(gone, t.said.At)
	}
	return gone
}

// longestLive returns the n tracks that were live longest.
func longestLive(tracks []*track, n int, until func(*track) time.Duration) []*track {
	sorted := slices.SortedStableFunc(slices.Values(tracks), func(a, b *track) int { return cmp.Compare(until(b), until(a)) })
	return sorted[:min(n, len(sorted))]
}

// oneAttempt: no attempt is made while another one is under way (RFC 6455 section 4.1,
// step 2).
func (e *exam) oneAttempt() {
	n := 0
	for _, c := range e.clients {
		if c.unsure != "" {
			e.blindTo(c, nil, c.unsure)
			continue
		}
		if len(c.tracks) > 1 {
			n += len(c.tracks)
		}
		var earlier []*track // that are still under way
		for _, t := range c.tracks {
			earlier = slices.DeleteFunc(earlier, func(old *track) bool {
				until, _ := old.pending(e.r.now)
				return until <= t.events[0].At
			})
			for _, old := range earlier {
				until, what := old.pending(e.r.now)
				if old.conn > 0 && old.partial() || old.deaf != nil && old.deaf.At <= t.events[0].At {
					continue // its client may have given it up unseen
				}
				if both := until - t.events[0].At; both > e.tolerance {
					e.fault(c, t, Finding{Text: fmt.Sprintf("the client tried to connect while %s was still connecting", old.name()),
						Measured: "both for " + span(both), Expected: "one at a time"}, &old.events[0], &t.events[0], what)
				}
			}
			earlier = append(earlier, t)
		}
	}
	e.kept(n, "attempt", "%s, one at a time")
	e.nothing("no client made more than one attempt")
}

// pending is until when an attempt was under way: until it was answered or ended, or
// now, and with what.
func (t *track) pending(now time.Duration) (until time.Duration, what *timeline.Event) {
	until = now
	for _, ev := range []*timeline.Event{t.response, t.opened, t.acted, t.told, t.ended, t.looseEnd()} {
		if precedes(ev, what) {
			until, what = ev.At, ev
		}
	}
	return until, what
}

// looseEnd is with what a TCP connection ended that brought no request; nil if it did
// not end, or brought one.
func (t *track) looseEnd() *timeline.Event {
	if t.conn > 0 {
		return nil
	}
	last := &t.events[len(t.events)-1]
	if a := makeLoose(Attempt{}, t); !a.Ended {
		return nil
	}
	return last
}
