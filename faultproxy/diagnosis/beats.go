package diagnosis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// beats is the heartbeat of a connection up to its end, in every dialect.
type beats struct {
	unanswered     []Beat
	client, server waiting
}

// waiting is what one side still waits for: the beats it sent since the last
// answer, in the dialect in which it has waited longest.
type waiting struct {
	by      string
	dialect string
	count   int
	since   time.Duration   // when the first of them was sent
	event   *timeline.Event // the first of them
	usual   time.Duration   // how long answers took before; 0 if there were none
}

// The shortest wait for an answer that can be a timeout, at least and against the
// usual latency. What is shorter is a beat that happened to be on its way.
const (
	shortestWait = 100 * time.Millisecond
	usualFactor  = 4
)

// waited reports whether the wait, up to at, is long enough to act upon.
func (w waiting) waited(at time.Duration) bool {
	return w.count > 0 && at-w.since >= max(shortestWait, usualFactor*w.usual)
}

// words says "2 protocol beats of the client unanswered, the first for 6.0 s".
func (w waiting) words(at time.Duration) string {
	if w.count == 1 {
		return fmt.Sprintf("a %s beat of the %s unanswered for %s", w.dialect, w.by, span(at-w.since))
	}
	return fmt.Sprintf("%d %s beats of the %s unanswered, the first for %s", w.count, w.dialect, w.by, span(at-w.since))
}

// beats follows the heartbeats of both sides, each as that side saw it: a beat
// counts when it was sent, an answer when it reached the side that beat.
func (h *history) beats(dialects []heartbeat.Dialect) beats {
	b := beats{client: waiting{by: "client"}, server: waiting{by: "server"}}
	if h.opened == nil {
		return b
	}
	n, _ := h.until()
	for _, d := range dialects {
		if !d.Answered() {
			continue
		}
		client, server := heartbeat.NewTracker(d, heartbeat.Client), heartbeat.NewTracker(d, heartbeat.Server)
		near, far := timeline.Assembler{}, timeline.Assembler{Far: true}
		for i, ev := range h.events[:n] {
			if m, ok := near.See(ev); ok {
				client.See(m.DoneAt, i, m.View())
			}
			if m, ok := far.See(ev); ok {
				server.See(m.DoneAt, i, m.View())
			}
		}
		b.client.take(h, d, client)
		b.server.take(h, d, server)
		for _, t := range []*heartbeat.Tracker{client, server} {
			for _, beat := range t.Unanswered() {
				b.unanswered = append(b.unanswered, Beat{Dialect: d.Name, By: beat.By, At: beat.At})
			}
		}
	}
	slices.SortStableFunc(b.unanswered, func(a, b Beat) int { return cmp.Compare(a.At, b.At) })
	return b
}

// take keeps what the tracker waits for, if it waits longer than what was kept.
func (w *waiting) take(h *history, d heartbeat.Dialect, t *heartbeat.Tracker) {
	open := t.Waiting()
	if len(open) == 0 || w.count > 0 && w.since <= open[0].At {
		return
	}
	w.dialect, w.count, w.since = d.Name, len(open), open[0].At
	w.event = &h.events[open[0].Tag]
	w.usual = 0
	var latencies []time.Duration
	for _, b := range t.Beats() {
		if b.Answered {
			latencies = append(latencies, b.Latency())
		}
	}
	if len(latencies) > 0 {
		slices.Sort(latencies)
		w.usual = latencies[len(latencies)/2]
	}
}
