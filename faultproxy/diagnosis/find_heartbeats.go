package diagnosis

import (
	"fmt"
	"slices"
	"time"
)

// mostBeats is how many beats one timer can have made up to the last one, the one at
// the opening included; 0 if the tolerance is too wide to say.
func (e *exam) mostBeats(t *track, until time.Duration, p pulse) int {
	least := e.policy.Interval - e.tolerance
	if least <= 0 {
		return 0
	}
	return int((p.last(until)-t.opened.At)/least) + 2
}

// last is when the last beat was; until if there was none.
func (p pulse) last(until time.Duration) time.Duration {
	if len(p.beats) == 0 {
		return until
	}
	return p.beats[len(p.beats)-1].At
}

// spacing is the usual time between two beats, and whether nearly all of them are that
// far apart: the beats of one timer are, those of several that began at different times
// are not.
func (p pulse) spacing() (usual time.Duration, even bool) {
	if len(p.beats) < 3 {
		return 0, false
	}
	var gaps []time.Duration
	for i := 1; i < len(p.beats); i++ {
		gaps = append(gaps, p.beats[i].At-p.beats[i-1].At)
	}
	slices.Sort(gaps)
	usual = gaps[len(gaps)/2]
	odd := 0
	for _, g := range gaps {
		if 3*g < 2*usual || 2*g > 3*usual {
			odd++
		}
	}
	return usual, usual > 0 && 10*odd <= len(gaps)
}

// oneHeartbeat: no more beats than one timer makes. Beats that are evenly spaced are one
// timer's, and the business of interval.
func (e *exam) oneHeartbeat() {
	n, fast := 0, 0
	e.pulses(func(c *client, t *track, until time.Duration, p pulse) {
		most := e.mostBeats(t, until, p)
		_, even := p.spacing()
		switch {
		case most == 0:
		case len(p.beats) > most && even:
			fast++
		case len(p.beats) > most:
			e.fault(c, t, Finding{Text: "the client beats too often and at uneven times, as if several heartbeats ran",
				Measured: fmt.Sprintf("%s in %s", count(len(p.beats), "beat"), span(p.last(until)-t.opened.At)),
				Expected: fmt.Sprintf("no more than %d, one every %s", most, limitWords(e.policy.Interval))},
				&t.events[p.beats[0].Tag], &t.events[p.beats[len(p.beats)-1].Tag])
		case len(p.beats) > 2:
			n++
		}
	})
	e.kept(fast, "connection", "%s with beats that are too fast but evenly spaced, as one heartbeat makes them")
	e.kept(n, "connection", "%s with one heartbeat")
	e.nothing("no connection had beats enough to tell one heartbeat from two")
}
