package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// pulse is the client's own heartbeat on a connection.
type pulse struct {
	beats []heartbeat.Beat
	// gaps are the times in which a beat was due and did not come.
	gaps []pulseGap
	due  int    // how many beats were due and came, or nearly were
	dim  string // why beats cannot be told from other frames; empty if they can
}

// pulseGap is the time since what started the beat's timer.
type pulseGap struct {
	from, to time.Duration
	busy     bool // messages flowed meanwhile
	begin    *timeline.Event
}

// ownBeats finds the client's beats and their answers, each as the client saw them.
func (t *track) ownBeats(d heartbeat.Dialect) []heartbeat.Beat {
	if beats, known := t.beats[d.Name]; known {
		return beats
	}
	tracker := heartbeat.NewTracker(d, heartbeat.Client)
	assembler := timeline.Assembler{}
	for i := range t.events {
		if m, ok := assembler.See(t.events[i]); ok {
			tracker.See(m.DoneAt, i, m.View())
		}
	}
	if t.beats == nil {
		t.beats = map[string][]heartbeat.Beat{}
	}
	t.beats[d.Name] = tracker.Beats()
	return t.beats[d.Name]
}

// moves reports whether bytes passed the client's side with an event, and which way.
func moves(ev *timeline.Event) (frame.Direction, bool) {
	switch ev.Kind {
	case timeline.KindFrame, timeline.KindFrameStart, timeline.KindBytes:
		return ev.Dir, ev.OfClient()
	}
	return 0, false
}

// hears reports whether something came to the client with an event. The browser of a
// page keeps pings and pongs to itself.
func (t *track) hears(ev *timeline.Event) bool {
	dir, moved := moves(ev)
	op := ev.Header.Opcode
	return moved && dir == frame.ToClient && !(t.page && ev.Kind == timeline.KindFrame && (op == frame.OpPing || op == frame.OpPong))
}

// unreadable reports whether frames of the client cannot be told from beats, because
// they are compressed and the beat is known by its payload.
func (t *track) unreadable(d heartbeat.Dialect) bool {
	if d.Beat.Match == nil || !d.Beat.Match.Needs().Payload {
		return false
	}
	found := false
	t.frames(frame.ToServer, func(ev *timeline.Event) { found = found || ev.Opaque })
	return found
}

// pulse measures the heartbeat against the policy, up to a time. A client that waits
// for an answer may let the next beat wait with it.
func (e *exam) pulse(t *track, until time.Duration) pulse {
	p := e.policy
	if t.unreadable(p.Dialect) {
		return pulse{dim: "its messages are compressed and cannot be told from beats"}
	}
	found := pulse{beats: t.ownBeats(p.Dialect)}
	isBeat := map[int]heartbeat.Beat{}
	for _, b := range found.beats {
		isBeat[b.Tag] = b
	}
	opens := len(p.Dialect.Session) > 0 || len(p.Dialect.Greeting) > 0
	last := pulseGap{from: t.opened.At, begin: t.opened}
	due := sum(last.from, p.Interval)
	close := func(at time.Duration) {
		if last.to = at; at > sum(due, e.tolerance) {
			found.gaps = append(found.gaps, last)
		}
	}
	for i := range t.events {
		ev := &t.events[i]
		dir, moved := moves(ev)
		beat, beats := isBeat[i]
		if !moved || ev.At < last.from || ev.At > until {
			continue
		}
		rearms := beats || opens && len(found.beats) > 0 && ev.At < found.beats[0].At ||
			(p.Rearm == RearmReceived || p.Rearm == RearmAny) && t.hears(ev) ||
			(p.Rearm == RearmSent || p.Rearm == RearmAny) && dir == frame.ToServer
		if !rearms {
			last.busy = last.busy || !ev.Header.Opcode.IsControl() && !isAnswer(p.Dialect, ev)
			continue
		}
		close(ev.At)
		if beats && ev.At+e.tolerance >= due {
			found.due++
		}
		last = pulseGap{from: ev.At, begin: ev}
		due = sum(max(ev.At, due-p.Interval), p.Interval)
		if beats && p.AnswerTimeout > 0 && p.Dialect.Answered() {
			due = sum(min(answeredAt(beat), sum(ev.At, p.AnswerTimeout)), p.Interval)
		}
	}
	close(until)
	return found
}

// answeredAt is when a beat was answered, for ever if it was not.
func answeredAt(b heartbeat.Beat) time.Duration {
	if b.Answered {
		return max(b.AnsweredAt, b.At)
	}
	return forEver
}

func isAnswer(d heartbeat.Dialect, ev *timeline.Event) bool {
	return d.Answered() && ev.Kind == timeline.KindFrame && d.Answer.Match.Match(ev.View())
}

// pulses calls f for every connection on which the client promises to beat. What
// cannot be seen of it is left out of the time.
func (e *exam) pulses(f func(c *client, t *track, until time.Duration, p pulse)) {
	if !e.policy.Beats() {
		e.nothing("the policy promises no beats of the client's")
		return
	}
	e.opened(func(c *client, t *track, until time.Duration) {
		if why := t.blind(until); why != "" {
			e.blindTo(c, t, why)
			until = max(t.sight(), t.opened.At)
		}
		if next := e.nextRequest(c, t); e.policy.MaxLive == 1 && next != nil {
			until = min(until, max(next.At, t.opened.At)) // what comes of the old one is the business of oneLive
		}
		p, known := e.pulsed[t]
		if !known {
			p = e.pulse(t, until)
			e.pulsed[t] = p
		}
		if p.dim != "" {
			e.blindTo(c, t, p.dim)
			return
		}
		f(c, t, until, p)
	})
}

// sight is until when all is known of what the client did.
func (t *track) sight() time.Duration {
	at := forEver
	for _, ev := range []*timeline.Event{t.lost, t.deaf, t.opaque} {
		if ev != nil {
			at = min(at, ev.At)
		}
	}
	return at
}

// beatsSent: a connection that is open for longer than the interval has a beat.
func (e *exam) beatsSent() {
	n := 0
	e.pulses(func(c *client, t *track, until time.Duration, p pulse) {
		switch {
		case len(p.beats) > 0:
			n++
		case len(p.gaps) > 0:
			g := p.gaps[0]
			e.fault(c, t, Finding{Text: "the client sent no beat at all", Measured: "none in " + span(until-t.opened.At),
				Expected: fmt.Sprintf("a %s beat every %s", e.policy.Dialect.Name, limitWords(e.policy.Interval))}, g.begin)
		}
	})
	e.kept(n, "connection", "%s with beats")
	e.nothing("no connection was open for long enough to need a beat")
}

// interval: while the line is quiet, every beat comes in time, and one timer makes no
// more of them than promised.
func (e *exam) interval() {
	e.pulses(func(c *client, t *track, until time.Duration, p pulse) {
		most := e.mostBeats(t, until, p)
		if usual, even := p.spacing(); most > 0 && len(p.beats) > most && even {
			e.fault(c, t, Finding{Text: "the client beats more often than promised", Measured: "a beat every " + span(usual),
				Expected: "one every " + limitWords(e.policy.Interval), Advice: "set the timer of the beat to what is promised, or promise what it is set to"},
				&t.events[p.beats[0].Tag], &t.events[p.beats[len(p.beats)-1].Tag])
		}
	})
	e.late(false)
}

// underLoad: so it does while messages flow. Where they restart its timer it need not
// come.
func (e *exam) underLoad() {
	if e.policy.Beats() && e.policy.Rearm != RearmNone {
		e.nothing("messages restart the timer of the beat, as the policy says")
		return
	}
	e.late(true)
}

// late judges the gaps between beats in which messages flowed, or did not.
func (e *exam) late(busy bool) {
	n := 0
	e.pulses(func(c *client, t *track, _ time.Duration, p pulse) {
		if len(p.beats) == 0 {
			return // the business of beatsSent
		}
		n += p.due
		if p.due == 0 && len(p.gaps) == 0 {
			e.nothing("every beat came before it was due")
		}
		for _, g := range p.gaps {
			if g.busy != busy {
				continue
			}
			text := "a beat was late or did not come"
			if busy {
				text = "no beat went out while messages flowed"
			}
			e.fault(c, t, Finding{Text: text, Measured: span(g.to-g.from) + " without one from " + seconds(g.from) + " on",
				Expected: fmt.Sprintf("one every %s, + %s", limitWords(e.policy.Interval), span(e.tolerance))}, g.begin)
		}
	})
	e.kept(n, "beat", "%s in time")
	e.nothing("no connection was open for long enough to need a beat")
}
