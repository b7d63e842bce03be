package fakeserver

import (
	"encoding/hex"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

var (
	stepBare  = []string{"fin", "half-close", "reset", "freeze", "go-dark", "stop-reading", "echo-close", "echo", "silent"}
	stepWords = append([]string{"expect", "wait-for", "send", "send-raw", "reply", "pause", "repeat", "script", "handshake",
		"session", "beat", "answer-beats", "on", "every", "when-idle", "ignore", "close"}, stepBare...)
	stepBeside = map[string][]string{
		"expect": {"times"}, "wait-for": {"times"}, "repeat": {"times"},
		"on": {"do"}, "every": {"do"}, "when-idle": {"counts", "do"},
	}
)

// steps reads a list of steps, or one.
func (d *document) steps(n schema.Node) []Step {
	var list []Step
	for _, each := range n.OneOrMany() {
		list = append(list, d.from(d.step(each), each))
	}
	if n.Exists() && len(list) == 0 {
		n.Fail("want steps, such as [{pause: 2s}, fin], got nothing")
	}
	return list
}

// from says where a step comes from.
func (d *document) from(each Step, n schema.Node) Step {
	at := d.at(n)
	switch s := each.(type) {
	case step:
		s.source = at
		return s
	case onStep:
		s.played.source = at
		return s
	case sessionStep:
		s.played.source = at
		return s
	case Wait:
		s.source = at
		return s
	case PauseStep:
		s.source = at
		return s
	case Loop:
		s.source = at
		return s
	case Ending:
		s.source = at
		return s
	case Handler:
		s.source = at
		return s
	}
	return each
}

func (d *document) step(n schema.Node) Step {
	switch n.Value().(type) {
	case []any:
		return Script(d.steps(n)...)
	case string:
		return d.bareStep(n.Enum(stepBare...))
	case nil:
		n.Fail("want a step such as {pause: 2s} or fin, got nothing")
		return PauseStep{}
	}
	word, v := oneWord(n, stepWords, stepBeside)
	if s := d.order(word, v, n); s != nil {
		return s
	}
	switch word {
	case "":
	case "expect":
		return timed(Expect(d.match(v)), n)
	case "wait-for":
		return timed(WaitFor(d.event(v)), n)
	case "send":
		return Send(d.frames(v)...)
	case "send-raw":
		return SendRaw(decodeRaw(v))
	case "reply":
		return Reply(v.String())
	case "pause":
		return Pause(v.Duration())
	case "repeat":
		loop := Repeat(d.steps(v)...)
		if times := n.At("times"); times.Exists() {
			loop = loop.Times(times.IntIn(1, maxCount))
		}
		return loop
	case "script":
		return Script(d.steps(v)...)
	case "handshake":
		return Handshake(d.shakes(v)...)
	case "close":
		return decodeClose(v)
	default:
		nothingBehind(word, v)
		return d.bareStep(word)
	}
	return PauseStep{}
}

// timed is how often a step waits.
func timed(w Wait, n schema.Node) Wait {
	if times := n.At("times"); times.Exists() {
		w = w.Times(times.IntIn(1, maxCount))
	}
	return w
}

// bareStep is a step that needs nothing but its name.
func (d *document) bareStep(name string) Step {
	switch name {
	case "fin":
		return Fin()
	case "half-close":
		return HalfClose()
	case "reset":
		return Reset()
	case "freeze":
		return Freeze()
	case "go-dark":
		return GoDark()
	case "stop-reading":
		return StopReading()
	case "echo-close":
		return EchoClose()
	case "echo":
		return Echo
	case "silent":
		return Silent
	}
	return PauseStep{}
}

// frames reads a text, a frame, or a list of such.
func (d *document) frames(n schema.Node) []frame.Frame {
	var list []frame.Frame
	for _, each := range n.OneOrMany() {
		if text, ok := each.Value().(string); ok {
			list = append(list, frame.Text(text))
		} else {
			list = append(list, faultproxy.DecodeFrame(each))
		}
	}
	if len(list) == 0 {
		n.Fail("want a text, or a frame such as {op: ping}, got nothing")
	}
	return list
}

// decodeRaw reads bytes: a text, or {hex: "81"}.
func decodeRaw(n schema.Node) []byte {
	if !isMap(n) {
		return []byte(n.String())
	}
	n.Only("hex")
	digits := n.Required("hex")
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		digits.Fail("want an even number of hexadecimal digits such as 00ff, in quotes, got %q", digits.String())
	}
	return b
}

// decodeClose reads a code, or {code, reason}.
func decodeClose(n schema.Node) Ending {
	if !isMap(n) {
		return Close(frame.CloseCode(n.IntIn(0, 65535)), "")
	}
	n.Only("code", "reason")
	return Close(frame.CloseCode(n.Required("code").IntIn(0, 65535)), n.At("reason").String())
}
