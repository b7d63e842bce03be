package fakeserver

import (
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// What URLs leave out.
const (
	slowness     = time.Second     // of /slow
	beatInterval = 5 * time.Second // of dialects that have none of their own
)

// echoes is /, and the paths that echo and then do something.
func (q *query) echoes(name string) Handler {
	if name == "echo" {
		name = ""
	}
	spare := time.Duration(0)
	if name == "slow" {
		spare = slowness
	}
	delay := q.duration("delay", spare)
	if name == "mute" {
		dialects := q.dialects()
		n := q.number("after", 0, maxCount, 0)
		return script(delay, answersBeats(dialects, StopAfter(n))...)
	}
	var steps []Step
	if q.has("mute") {
		steps = answersBeats(q.dialects(), q.policies()...)
	} else {
		steps = []Step{Echo}
	}
	return script(delay, append(steps, q.ends(name)...)...)
}

// speaks is /session and /beat.
func (q *query) speaks(name string, d heartbeat.Dialect) Handler {
	delay := q.duration("delay", 0)
	answers := d.By&heartbeat.Client != 0 && d.Answered()
	every := d.Interval
	if every == 0 {
		every = beatInterval
	}
	var steps []Step
	if name == "session" {
		q.others = theirs(d.Name)
		steps = append(steps, Session(d))
		if answers {
			steps = append(steps, AnswerBeats(d, q.policies()...))
		}
		if q.has("every") || d.By&heartbeat.Client == 0 || !d.Answered() && d.By&heartbeat.Server != 0 {
			steps = append(steps, Beat(d, q.duration("every", every)))
		}
	} else {
		every = q.duration("every", every)
		if answers {
			steps = answersBeats([]heartbeat.Dialect{d}, q.policies()...)
		} else {
			steps = []Step{echo(frame.AnyOf(d.Beats(), d.Answers()))}
		}
		steps = append(steps, Beat(d, every))
	}
	return script(delay, append(steps, q.ends("")...)...)
}

// script is a script behind a delay of the handshake.
func script(delay time.Duration, steps ...Step) Handler {
	if delay > 0 {
		steps = append([]Step{Handshake(Pause(delay))}, steps...)
	}
	return Script(steps...)
}

// dialects are those whose beats are meant.
func (q *query) dialects() []heartbeat.Dialect {
	if !q.has("dialect") {
		return []heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")}
	}
	d, err := heartbeat.Parse(q.text("dialect", ""))
	if err != nil {
		q.blame("dialect: %v", err)
		return nil
	}
	return []heartbeat.Dialect{d}
}

// policies are those of mute.
func (q *query) policies() []AnswerPolicy {
	if !q.has("mute") {
		return nil
	}
	return []AnswerPolicy{StopAfter(q.number("mute", 0, maxCount, 0))}
}

// answersBeats answers the beats of dialects, and echoes everything else.
func answersBeats(dialects []heartbeat.Dialect, policies ...AnswerPolicy) []Step {
	var beats []frame.Match
	var steps []Step
	for _, d := range dialects {
		beats = append(beats, d.Beats(), d.Answers())
		steps = append(steps, AnswerBeats(d, policies...))
	}
	if len(beats) == 0 {
		return nil
	}
	return append(steps, echo(frame.AnyOf(beats...)))
}

// echo sends messages back, but those of a kind.
func echo(but frame.Match) Step {
	return step{text: "Echo, but " + but.String(), kind: sendsOrders, do: func(r *run) error {
		r.c.addOrder(&order{match: frame.AllOf(frame.Op(frame.OpText, frame.OpBinary), frame.Not(but)), act: func(it *item) {
			f := it.frame
			f.Masked = false
			_ = r.c.Send(f) // a connection that is ending answers nothing
		}}, r.heard)
		return nil
	}}
}

// ends is what happens after a while: what the path or a parameter says.
func (q *query) ends(name string) []Step {
	var found []string
	var end Ending
	note := func(name string, e Ending) { found, end = append(found, name), e }
	if q.has("close") {
		note("close", Close(q.code("close"), q.text("reason", "")))
	}
	if q.has("drop") {
		note("drop", q.dropped("drop", q.text("drop", "")))
	}
	if q.flag("silent") {
		note("silent", GoDark())
	}
	switch name {
	case "close":
		note("/close", Close(q.code("code"), q.text("reason", "")))
	case "drop":
		note("/drop", q.dropped("how", q.text("how", "fin")))
	case "silent":
		note("/silent", GoDark())
	}
	switch after := q.duration("after", 0); {
	case len(found) > 1:
		q.blame("%s: one connection ends once; leave all but one out", strings.Join(found, " and "))
	case len(found) == 1:
		return []Step{Pause(after), end}
	case q.has("after"):
		q.blame("after says when, but not what: add close=1012, drop=rst or silent=true")
	}
	return nil
}
