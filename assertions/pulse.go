package assertions

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// pulse is the heartbeat of one side of a connection, as its client sees it.
type pulse struct {
	c     *conn
	beats []heartbeat.Beat // in what is looked at; Tag is the event's number
	from  time.Duration    // when it could begin: at the opening, or where what is looked at does
	to    time.Duration    // when it had to end, or now
	blind *blindness       // beats may have passed unseen
	other int              // what looked like an answer and was none
}

// blindness says why beats or answers may have passed unseen.
type blindness struct {
	why, advice string
	mark        mark
	conn        int
}

func (b *blindness) verdict() verdict {
	v := never(b.why, b.advice)
	v.marks = []mark{b.mark}
	return v.about(b.conn)
}

// pulses returns the heartbeats on the connections that opened.
func (s *scene) pulses(d heartbeat.Dialect, by heartbeat.Role) []*pulse {
	var pulses []*pulse
	for _, c := range s.conns() {
		if c.opened.happened {
			if p := s.pulse(c, d, by); p.to >= s.began {
				pulses = append(pulses, p)
			}
		}
	}
	return pulses
}

func (s *scene) pulse(c *conn, d heartbeat.Dialect, by heartbeat.Role) *pulse {
	p := &pulse{c: c, from: max(c.opened.At, s.began), to: c.endingAt(s.now)}
	if c.deaf.happened {
		p.to = min(p.to, c.deaf.At)
	}
	dirs := frame.ToServer
	if by == heartbeat.Server {
		dirs = frame.Both
	}
	either := pattern{match: frame.AnyOf(d.Beats(), d.Answers())}.inquiry(s.all)
	tracker := heartbeat.NewTracker(d, by)
	for e := range s.all.Conn(c.n).All() {
		switch {
		case e.Kind == timeline.KindLost:
			p.blind = &blindness{"events are missing from the recording", raise, at(e, "missing"), c.n}
		case unparsed(e, dirs):
			p.blind = &blindness{unread, lookAtBytes, at(e, ""), c.n}
		case e.Kind != timeline.KindFrame || !e.OfClient():
			continue
		}
		unit := timeline.Message{Event: e, Frames: 1}
		if _, blind := either.selects(unit); blind && e.At <= p.to {
			var sight sight
			sight.blind(unit)
			p.blind = &blindness{sight.why, sight.advice, sight.marks[0], c.n}
		}
		tracker.See(e.At, e.Seq, e.View())
	}
	for _, b := range tracker.Beats() {
		if b.Tag >= s.first && b.At <= p.to {
			p.beats = append(p.beats, b)
		}
	}
	p.other = tracker.Unsolicited()
	return p
}

// rhythm judges every gap between beats, the edges included.
func (s *scene) rhythm(d heartbeat.Dialect, every Interval) verdict {
	pulses := s.pulses(d, heartbeat.Client)
	if len(pulses) == 0 {
		return cannot("the client has not connected"+s.where()+", so it could not beat", "")
	}
	gaps, beats := 0, 0
	var shortest, longest time.Duration
	for _, p := range pulses {
		if p.blind != nil {
			return p.blind.verdict()
		}
		if v := p.rhythm(d, every, s.view.Beginning()); v.is == no {
			return v
		}
		for i, b := range p.beats[min(1, len(p.beats)):] {
			gap := b.At - p.beats[i].At
			if gaps == 0 || gap < shortest {
				shortest = gap
			}
			longest = max(longest, gap)
			gaps++
		}
		beats += len(p.beats)
	}
	if gaps == 0 {
		why := "two beats were seen on no connection" + s.where()
		if len(pulses) == 1 {
			p := pulses[0]
			why = fmt.Sprintf("%s in the %s that connection %d was open, which is no whole interval", plural(len(p.beats), "beat"), span(p.to-p.from), p.c.n)
		}
		return cannot(why, fmt.Sprintf("Let a connection live for more than two intervals of %s.", span(every.every)))
	}
	return verdict{is: yes, said: fmt.Sprintf("The client beat %s%s (%s), %s apart", times(beats), s.where(), d, fromTo(shortest, longest)),
		expected: "expected it " + every.text(), unexpected: "expected it not to beat " + every.text()}
}

// rhythm is the verdict on the first wrong gap, if there is one. What is looked at
// begins with what beginning says, if that is not the opening.
func (p *pulse) rhythm(d heartbeat.Dialect, every Interval, beginning string) verdict {
	low, high := every.bounds()
	wrong := func(said string, marks ...mark) verdict {
		return verdict{is: no, final: true, said: said, expected: "expected one " + every.text(),
			unexpected: "expected it not to beat " + every.text(), marks: marks}.about(p.c.n)
	}
	last, lastMark, since := p.from, at(p.c.opened.Event, "it opened"), "it opened"
	if p.from > p.c.opened.At {
		lastMark, since = missing(p.from, beginning), beginning
	}
	for i, b := range p.beats {
		gap := b.At - last
		here := mark{seq: b.Tag, at: b.At, text: exact(gap, low, high) + " later"}
		switch {
		case gap > high:
			return wrong(fmt.Sprintf("The client's %s heartbeat on connection %d came %s after %s", d, p.c.n, exact(gap, high), since), lastMark, here)
		case gap < low && i > 0:
			return wrong(fmt.Sprintf("The client's %s heartbeat on connection %d came only %s after %s", d, p.c.n, exact(gap, low), since), lastMark, here)
		}
		last, lastMark, since = b.At, mark{seq: b.Tag, at: b.At, text: "the last beat"}, "the one before"
	}
	if gap := p.to - last; gap > high {
		if len(p.beats) > 0 {
			since = "its last beat"
		}
		said := fmt.Sprintf("The client has not beaten (%s) on connection %d in the %s since %s", d, p.c.n, exact(gap, high), since)
		if p.c.ending.happened {
			if since == "it opened" {
				since = "when it opened"
			}
			said = fmt.Sprintf("The client did not beat (%s) on connection %d in the %s from %s until it ended", d, p.c.n, exact(gap, high), since)
		}
		return wrong(said, lastMark, missing(last+high, "no beat, which was due by now"))
	}
	return verdict{is: yes}
}
