package replay

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// dialects are those whose answers are played to the beats of the new client. A frame
// that is a beat in several is one in the first of them.
var dialects = []heartbeat.Dialect{
	heartbeat.Protocol(), heartbeat.Text("ping", "pong"), heartbeat.JSON("type", "ping", "pong"),
	heartbeat.Phoenix(), heartbeat.MQTT(),
}

// beats are the client's beats of a dialect, in order, and what answered each.
type beats struct {
	dialect heartbeat.Dialect
	answers [][]*answer // none: the beat was left unanswered
}

type answer struct {
	after time.Duration
	event int // the recorded one
	sending
}

// of returns the answers to the n-th beat, counted from 1. A beat that the recording
// does not have is answered as its last one was; one of a kind that it never has is
// left to the protocol: a ping is answered at once.
func (b *beats) of(n int) []*answer {
	switch {
	case n <= len(b.answers):
		return b.answers[n-1]
	case len(b.answers) > 0:
		return b.answers[len(b.answers)-1]
	case b.isProtocol():
		return []*answer{{}} // what is sent is the pong
	}
	return nil
}

func (b *beats) isProtocol() bool { return b.dialect.Correlate.By == heartbeat.ByPayload }

// to returns the answer to a beat of the new client: with what ties it to that.
func (a *answer) to(beat frame.View, d heartbeat.Dialect) sending {
	if d.Correlate.By == heartbeat.ByOrder {
		return a.sending
	}
	if own, ok := d.AnswerTo(beat); ok {
		return sending{Frame: own}
	}
	return a.sending
}

// findBeats finds the beats of the client and their answers. It returns the answers by
// their events; what they look like is still to be told.
func (c *Conn) findBeats(events []timeline.Event) map[int]*answer {
	answers, taken := map[int]*answer{}, map[int]bool{}
	for _, d := range dialects {
		b := &beats{dialect: d}
		c.beats = append(c.beats, b)
		tracker := heartbeat.NewTracker(d, heartbeat.Client)
		for _, e := range events {
			if e.Kind == timeline.KindFrame && e.OfClient() && !taken[e.Seq] {
				tracker.See(e.At, e.Seq, e.View())
			}
		}
		for _, beat := range tracker.Beats() {
			taken[beat.Tag] = true
			var list []*answer
			if beat.Answered && !beat.Covered {
				a := &answer{after: beat.Latency(), event: beat.AnswerTag}
				taken[a.event], answers[a.event] = true, a
				list = append(list, a)
			}
			b.answers = append(b.answers, list)
		}
		if b.isProtocol() {
			b.addCopies(events, tracker.Beats(), answers)
		}
	}
	return answers
}

// addCopies finds the pongs that answer a ping once more. One without a payload could
// belong to any ping, and is left to the clock.
func (b *beats) addCopies(events []timeline.Event, list []heartbeat.Beat, answers map[int]*answer) {
	pings := map[int]int{} // the number of a ping, by its event
	for i, beat := range list {
		pings[beat.Tag] = i
	}
	latest := map[string]int{}
	for _, e := range events {
		if e.Kind != timeline.KindFrame || !e.OfClient() || len(e.Payload) == 0 {
			continue
		}
		if i, ok := pings[e.Seq]; ok {
			latest[string(e.Payload)] = i
			continue
		}
		if e.Dir != frame.ToClient || e.Header.Opcode != frame.OpPong || answers[e.Seq] != nil {
			continue
		}
		if i, ok := latest[string(e.Payload)]; ok {
			a := &answer{after: e.At - list[i].At, event: e.Seq}
			answers[e.Seq] = a
			b.answers[i] = append(b.answers[i], a)
		}
	}
}
