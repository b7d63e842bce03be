package heartbeat

import (
	"slices"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Beat is one beat that a [Tracker] saw, and what became of it.
type Beat struct {
	By  Role          // who beat
	At  time.Duration // when it was sent, on the caller's clock
	Tag int           // what the caller gave along with the frame

	// Answered says that an answer came. It came at AnsweredAt, with AnswerTag.
	Answered   bool
	AnsweredAt time.Duration
	AnswerTag  int
	// Covered says that the answer was that of a later ping, which RFC 6455 section
	// 5.5.3 permits to answer both.
	Covered bool
}

// Latency returns how long the answer took; 0 if there was none.
func (b Beat) Latency() time.Duration {
	if !b.Answered {
		return 0
	}
	return b.AnsweredAt - b.At
}

// Tracker matches the answers of one connection to its beats. It is given frames
// in the order in which one endpoint saw them: what that endpoint sent and what
// reached it. It has no clock and starts nothing. Not safe for concurrent use.
type Tracker struct {
	dialect     Dialect
	by          Role
	beats       []trackedBeat
	oldest      int // index of the first beat that may still be answered
	unsolicited int
	// settled is, for each beating role, how many beats had been seen when the last
	// answer to one of its beats came.
	settled [Either]int
}

type trackedBeat struct {
	Beat
	key   string
	known bool // key means something
}

// NewTracker returns a tracker of the beats that the given side sends, or both
// sides with Either, as far as the dialect lets them beat.
func NewTracker(d Dialect, by Role) *Tracker {
	return &Tracker{dialect: d, by: by & d.By}
}

// See is given the next frame. The tag is whatever the caller wants to find again
// in a Beat, such as the number of an event. A frame that can answer a beat not
// answered yet is that answer, and never a beat itself. A frame whose payload is
// needed but cannot be read (View.Opaque) is ignored, since it could be anything.
func (t *Tracker) See(at time.Duration, tag int, v frame.View) {
	side := sender(v.Dir)
	if side != Client && side != Server || v.Opaque && t.dialect.Correlate.By != ByOrder {
		return
	}
	if t.isAnswer(v) {
		if t.answer(at, tag, v) {
			return
		}
		if t.dialect.Beat.Match == nil || !t.dialect.Beat.Match.Match(v) {
			t.unsolicited++
			return
		}
	}
	if side&t.by == 0 || t.dialect.Beat.Match == nil || !t.dialect.Beat.Match.Match(v) {
		return
	}
	key, known := t.dialect.Correlate.key(v, false)
	t.beats = append(t.beats, trackedBeat{Beat: Beat{By: side, At: at, Tag: tag}, key: key, known: known})
}

func (t *Tracker) isAnswer(v frame.View) bool {
	return t.dialect.Answered() && t.by.Peer()&sender(v.Dir) != 0 && t.dialect.Answer.Match.Match(v)
}

// answer finds the beat of an answer.
func (t *Tracker) answer(at time.Duration, tag int, v frame.View) bool {
	by := sender(v.Dir).Peer()
	key, known := t.dialect.Correlate.key(v, true)
	found := slices.IndexFunc(t.beats[t.oldest:], func(b trackedBeat) bool {
		return b.By == by && !b.Answered && known && b.known && b.key == key
	})
	if found < 0 {
		return false
	}
	found += t.oldest
	t.beats[found].take(at, tag, false)
	if t.dialect.Correlate.By == ByPayload {
		for i := t.oldest; i < found; i++ {
			if b := &t.beats[i]; b.By == by && !b.Answered {
				b.take(at, tag, true)
			}
		}
	}
	for t.oldest < len(t.beats) && t.beats[t.oldest].Answered {
		t.oldest++
	}
	t.settled[by] = len(t.beats)
	return true
}

func (b *trackedBeat) take(at time.Duration, tag int, covered bool) {
	b.Answered, b.AnsweredAt, b.AnswerTag, b.Covered = true, at, tag, covered
}

// Beats returns the beats seen so far, in order.
func (t *Tracker) Beats() []Beat {
	beats := make([]Beat, len(t.beats))
	for i := range t.beats {
		beats[i] = t.beats[i].Beat
	}
	return beats
}

// Unanswered returns the beats that no answer was found for, in order. It is empty
// if the dialect does not answer beats.
func (t *Tracker) Unanswered() []Beat {
	if !t.dialect.Answered() {
		return nil
	}
	return slices.DeleteFunc(t.Beats(), func(b Beat) bool { return b.Answered })
}

// Waiting returns the beats sent since the last answer, in order: the ones whose
// silence a peer acts on. An answer lost long ago does not show here.
func (t *Tracker) Waiting() []Beat {
	if !t.dialect.Answered() {
		return nil
	}
	var waiting []Beat
	for i, b := range t.beats {
		if !b.Answered && i >= t.settled[b.By] {
			waiting = append(waiting, b.Beat)
		}
	}
	return waiting
}

// Unsolicited returns how many frames looked like an answer but belonged to no
// beat, such as the unsolicited pongs of RFC 6455 section 5.5.3.
func (t *Tracker) Unsolicited() int { return t.unsolicited }
