package fakeserver

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// order reads a standing order; nil if the word is none of theirs.
func (d *document) order(word string, v, n schema.Node) Step {
	switch word {
	case "session":
		return Session(heartbeat.Decode(v))
	case "beat":
		return decodeBeat(v)
	case "answer-beats":
		return decodeAnswerBeats(v)
	case "on":
		return On(d.event(v), d.does(n)...)
	case "every":
		return Every(v.Duration(), d.does(n)...)
	case "when-idle":
		counts := frame.Both
		if given := n.At("counts"); given.Exists() {
			counts, _ = frame.ParseDirection(given.Enum(frame.ToServer.String(), frame.ToClient.String(), frame.Both.String()))
		}
		return WhenIdle(v.Duration(), counts, d.does(n)...)
	case "ignore":
		return Ignore(d.match(v))
	}
	return nil
}

// does reads what an order does. An empty list is nothing, which is something where an
// automatic answer is replaced by it.
func (d *document) does(n schema.Node) []Step {
	do := n.Required("do")
	if list, ok := do.Value().([]any); ok && len(list) == 0 {
		return nil
	}
	return d.steps(do)
}

// decodeBeat reads a dialect, or {dialect, every}.
func decodeBeat(n schema.Node) Step {
	if !isMap(n) {
		d := heartbeat.Decode(n)
		if d.Interval == 0 && !n.Failed() {
			n.Fail("how often? implementations of %v have no interval of their own: want {dialect: %v, every: 5s}", d, d)
		}
		return Beat(d, d.Interval)
	}
	n.Only("dialect", "every")
	d := heartbeat.Decode(n.Required("dialect"))
	if d.Interval == 0 && !n.Failed() {
		n.Required("every")
	}
	if every := n.At("every"); every.Exists() {
		return Beat(d, every.Duration())
	}
	return Beat(d, d.Interval)
}

// decodeAnswerBeats reads a dialect, or {dialect, policy}.
func decodeAnswerBeats(n schema.Node) Step {
	if !isMap(n) {
		return AnswerBeats(heartbeat.Decode(n))
	}
	n.Only("dialect", "policy")
	var policies []AnswerPolicy
	for _, each := range n.At("policy").OneOrMany() {
		policies = append(policies, decodePolicy(each))
	}
	return AnswerBeats(heartbeat.Decode(n.Required("dialect")), policies...)
}

func decodePolicy(n schema.Node) AnswerPolicy {
	if !isMap(n) {
		switch n.Enum("never", "wrong", "twice") {
		case "never":
			return Never
		case "wrong":
			return Wrong
		}
		return Twice
	}
	switch word, v := n.OneOf("late", "every-nth", "stop-after"); word {
	case "late":
		return Late(v.Duration())
	case "every-nth":
		return EveryNth(v.IntIn(1, maxCount))
	case "stop-after":
		return StopAfter(v.IntIn(0, maxCount))
	}
	return Never
}

// match reads which frames are meant.
func (d *document) match(n schema.Node) frame.Match {
	if !isMap(n) {
		n.Fail(`want a match such as {op: text}, {equals: hello} or {beats: phoenix}`)
		return frame.Any
	}
	for _, word := range []string{"beats", "answers"} {
		if v := n.At(word); v.Exists() {
			n.Only(word)
			dialect := heartbeat.Decode(v)
			switch {
			case v.Failed():
				return frame.Any
			case word == "beats":
				return dialect.Beats()
			}
			return dialect.Answers()
		}
	}
	return frame.DecodeMatch(n)
}

// event reads what can be waited for: frames, or a moment.
func (d *document) event(n schema.Node) frame.Trigger {
	if _, text := n.Value().(string); text {
		switch n.Enum("opened", "next-conn") {
		case "opened":
			return timeline.Opened
		case "next-conn":
			return timeline.NextConn
		}
		return frame.Any
	}
	for _, word := range []string{"frame", "ended", "noted", "reported", "fired"} {
		v := n.At(word)
		if !v.Exists() {
			continue
		}
		n.Only(word)
		switch word {
		case "frame":
			return d.match(v)
		case "ended":
			return timeline.Ended(v.IntIn(1, maxCount))
		case "noted":
			return timeline.Noted(v.String())
		case "reported":
			return timeline.Reported(v.String())
		}
		return timeline.Fired(v.String())
	}
	return d.match(n)
}
