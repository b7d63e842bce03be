package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// link is a beat and what became of it.
type link struct {
	by       heartbeat.Role
	beat     int // the number of its event
	answer   int // that of its answer; 0 if there was none
	latency  time.Duration
	answered bool
}

// links follows the heartbeats of both sides of a connection, each as that side saw it,
// in these dialects and those that are always looked for.
func links(events []timeline.Event, dialects []heartbeat.Dialect) []link {
	var all []link
	dialects = append([]heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")}, dialects...)
	taken := map[int]bool{} // beats that several dialects know
	for _, d := range dialects {
		if !d.Answered() {
			continue
		}
		client, server := heartbeat.NewTracker(d, heartbeat.Client), heartbeat.NewTracker(d, heartbeat.Server)
		near, far := timeline.Assembler{}, timeline.Assembler{Far: true}
		for _, e := range events {
			if e.Vantage == timeline.AtServer && e.Kind.Travels() {
				e.Seen = timeline.Passed
			}
			if m, ok := near.See(e); ok {
				client.See(m.DoneAt, m.DoneSeq, m.View())
			}
			if m, ok := far.See(e); ok {
				server.See(m.DoneAt, m.DoneSeq, m.View())
			}
		}
		for _, b := range slices.Concat(client.Beats(), server.Beats()) {
			if !taken[b.Tag] {
				taken[b.Tag] = true
				all = append(all, link{by: b.By, beat: b.Tag, answer: b.AnswerTag, latency: b.Latency(), answered: b.Answered})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b link) int { return cmp.Compare(a.beat, b.beat) })
	return all
}
