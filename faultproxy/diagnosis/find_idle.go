package diagnosis

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// commonIdle is the idle timeout to expect where the policy knows none: nginx's
// proxy_read_timeout, which is also that of AWS ALB and others.
const commonIdle = 60 * time.Second

// idleTimeout: the connection is never silent for as long as the shortest timeout on
// the path. One that fires early (nginx by up to 300 ms) may fire first when both are
// equal.
func (e *exam) idleTimeout() {
	p := e.policy
	limit := p.IdleTimeout
	whose := "the shortest idle timeout on its path, as the policy says"
	if limit == 0 {
		limit, whose = commonIdle, "the usual idle timeout of nginx, AWS ALB and others"
	}
	if p.IdleTimeout > 0 && p.Beats() && p.Interval > limit-lazy {
		text := "the promised interval is too long for the shortest idle timeout on the path"
		if near(p.Interval, limit, lazy) {
			text = "the promised interval is as long as the shortest idle timeout on the path: which timer is first is left to chance"
		}
		e.fault(nil, nil, Finding{Text: text, Measured: "an interval of " + limitWords(p.Interval), Expected: "well below " + limitWords(limit)})
	}
	n, longest := 0, time.Duration(0)
	e.opened(func(c *client, t *track, until time.Duration) {
		if why := t.blind(until); why != "" {
			e.blindTo(c, t, why)
			until = max(t.sight(), t.opened.At)
		}
		s := t.quiet(e.dialects(), until)
		if s.idle < limit-lazy {
			if until-t.opened.At >= limit {
				n++
				longest = max(longest, s.idle)
			}
			return
		}
		e.fault(c, t, Finding{Text: "the connection was silent in both directions for as long as " + whose,
			Measured: "no bytes for " + span(s.idle) + " from " + seconds(s.from) + " on", Expected: "less than " + limitWords(limit)}, s.begin)
	})
	e.kept(n, "connection", "%s open for longer than "+limitWords(limit)+", silent for "+span(longest)+" at most")
	e.nothing("no connection was open for as long as an idle timeout of %s", limitWords(limit))
}

// dialects are the heartbeats to look for: the policy's, or the usual ones.
func (e *exam) dialects() []heartbeat.Dialect {
	if e.policy.Dialect.Beat.Match != nil {
		return []heartbeat.Dialect{e.policy.Dialect}
	}
	return []heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")}
}

// quietTime is a time without bytes.
type quietTime struct {
	from, idle time.Duration
	begin      *timeline.Event // the bytes before it, or the opening
}

// quiet is the longest time without bytes from either side, up to a time. A time in
// which the client waits for the answer to a beat does not count: it has done its
// part.
func (t *track) quiet(dialects []heartbeat.Dialect, until time.Duration) quietTime {
	waiting := map[int]bool{} // the events with which a beat was sent that was not answered before the next bytes
	for _, d := range dialects {
		if d.Answered() {
			for _, b := range t.ownBeats(d) {
				waiting[b.Tag] = true
			}
		}
	}
	longest := quietTime{from: t.opened.At, begin: t.opened}
	begin, beginEvent, beat := t.opened.At, t.opened, false
	take := func(at time.Duration) {
		if idle := at - begin; !beat && idle > longest.idle {
			longest = quietTime{begin, idle, beginEvent}
		}
	}
	for i := range t.events {
		ev := &t.events[i]
		switch ev.Kind {
		case timeline.KindFrame, timeline.KindFrameStart, timeline.KindBytes:
		default:
			continue
		}
		if ev.Seen&timeline.Arrived == 0 || ev.At < begin || ev.At > until {
			continue
		}
		take(ev.At)
		begin, beginEvent, beat = ev.At, ev, ev.Dir == frame.ToServer && waiting[i]
	}
	take(until)
	return longest
}

// deadWait is how long a beat may go unanswered before a client that promises nothing
// is warned: longer than any client whose timeout is known waits.
const deadWait = 60 * time.Second

// unansweredFor is how long the client has waited for an answer to a beat at a time, in
// which it received nothing else either; 0 if it does not wait.
func (t *track) unansweredFor(dialects []heartbeat.Dialect, at time.Duration) (wait time.Duration, beat *timeline.Event) {
	heard := t.heardLast(at)
	for _, d := range dialects {
		if !d.Answered() {
			continue
		}
		for _, b := range t.ownBeats(d) {
			answered := b.Answered && b.AnsweredAt <= at && !precedes(t.acted, &t.events[b.AnswerTag])
			if b.At >= heard && b.At <= at && !answered && at-b.At > wait {
				wait, beat = at-b.At, &t.events[b.Tag]
			}
		}
	}
	return wait, beat
}

// silentText says what was expected of a client whose peer is silent.
func (p Policy) silentText() string {
	return fmt.Sprintf("the end within %s: an interval of %s and %s for an answer", limitWords(p.DetectWithin()), limitWords(p.Interval), limitWords(p.AnswerTimeout))
}
