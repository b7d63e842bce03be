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
	answers [][]answer // none: the beat was left unanswered
}

type answer struct {
	after    time.Duration
	event    int // the recorded one
	frame    frame.Frame
	inflated bool
}

// of returns the answers to the n-th beat, counted from 1. A beat that the recording
// does not have is answered as its last one was; one of a kind that it never has is
// left to the protocol: a ping is answered at once.
func (b *beats) of(n int) []answer {
	switch {
	case n <= len(b.answers):
		return b.answers[n-1]
	case len(b.answers) > 0:
		return b.answers[len(b.answers)-1]
	case b.isProtocol():
		return []answer{{frame: frame.Pong(nil)}}
	}
	return nil
}

func (b *beats) isProtocol() bool { return b.dialect.Correlate.By == heartbeat.ByPayload }

// to returns the answer to a beat of the new client: with what ties it to that.
func (a answer) to(beat frame.View, d heartbeat.Dialect) frame.Frame {
	if d.Correlate.By == heartbeat.ByOrder {
		return a.frame
	}
	if own, ok := d.AnswerTo(beat); ok {
		return own
	}
	return a.frame
}

// findBeats finds the beats of the client and their answers. It returns the events that
// are such answers.
func (c *Conn) findBeats(events []timeline.Event) map[int]bool {
	answers, taken := map[int]bool{}, map[int]bool{}
	for _, d := range dialects {
		b := &beats{dialect: d}
		c.beats = append(c.beats, b)
		tracker, byTag := heartbeat.NewTracker(d, heartbeat.Client), map[int]timeline.Event{}
		for _, e := range events {
			if e.Kind == timeline.KindFrame && e.OfClient() && !taken[e.Seq] {
				tracker.See(e.At, e.Seq, e.View())
				byTag[e.Seq] = e
			}
		}
		for _, beat := range tracker.Beats() {
			taken[beat.Tag] = true
			var list []answer
			if beat.Answered && !beat.Covered {
				taken[beat.AnswerTag], answers[beat.AnswerTag] = true, true
				list = append(list, answerOf(beat, byTag[beat.AnswerTag]))
			}
			b.answers = append(b.answers, list)
		}
		if b.isProtocol() {
			b.addCopies(events, tracker.Beats(), answers)
		}
	}
	return answers
}

func answerOf(beat heartbeat.Beat, e timeline.Event) answer {
	f := e.Header.Frame(e.Payload)
	if e.Inflated {
		f.RSV, f.LengthBytes = f.RSV&^frame.RSV1, 0
	}
	return answer{after: e.At - beat.At, event: e.Seq, frame: f, inflated: e.Inflated}
}

// addCopies finds the pongs that answer a ping once more. One without a payload could
// belong to any ping, and is left to the clock.
func (b *beats) addCopies(events []timeline.Event, list []heartbeat.Beat, answers map[int]bool) {
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
		if e.Dir != frame.ToClient || e.Header.Opcode != frame.OpPong || answers[e.Seq] {
			continue
		}
		if i, ok := latest[string(e.Payload)]; ok {
			answers[e.Seq] = true
			b.answers[i] = append(b.answers[i], answerOf(list[i], e))
		}
	}
}
