package faultproxy

import (
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// Forge turns the answer to a heartbeat into one that does not belong to its beat:
// with another payload, another reference, another text; see
// [heartbeat.Dialect.WrongAnswer]. Hang it on the dialect's Answers, as [WrongPongs]
// does. A message that is compressed with context takeover is left alone, since
// later ones depend on it, and one in fragments.
type Forge struct {
	// Dialect is the heartbeat's. Zero: the protocol's own, so that a pong has another
	// payload than its ping.
	Dialect heartbeat.Dialect
}

// Stages of Forge: a frame.
func (Forge) Stages() Stage { return StageFrame }

// Apply forges the frame in hand.
func (f Forge) Apply(p *Plan) { p.Forge(f.dialect()) }

// Validate refuses a dialect without answers, or one that is no good.
func (f Forge) Validate() error {
	d := f.dialect()
	if err := d.Validate(); err != nil {
		return fmt.Errorf("forge: %w", err)
	}
	if !d.Answered() {
		return fmt.Errorf("forge: beats of %s are not answered, so there is nothing to forge", d)
	}
	return nil
}

func (f Forge) dialect() heartbeat.Dialect {
	if f.Dialect.Name == "" {
		return heartbeat.Protocol()
	}
	return f.Dialect
}

func (f Forge) String() string { return "forge " + f.dialect().String() }

// Forge puts a wrong answer of the dialect in the frame's place.
func (p *Plan) Forge(d heartbeat.Dialect) {
	if !p.editable("forge") {
		return
	}
	for i := range p.frames {
		del := &p.frames[i]
		f := del.frame
		if del.original {
			var ok bool
			if f, ok = p.readable(); !ok {
				p.NotApplied("forge is not possible: the payload does not inflate")
				return
			}
		}
		del.frame, del.original, del.exact = d.WrongAnswer(f), false, false
	}
	p.edited()
}

// readable is the frame in hand, inflated, without its mask.
func (p *Plan) readable() (f frame.Frame, ok bool) {
	f = p.arrived()
	f.Masked, f.LengthBytes = false, 0
	if f.RSV&frame.RSV1 == 0 || f.Opcode.IsControl() {
		return f, true
	}
	f.RSV &^= frame.RSV1
	f.Payload, ok = frame.Inflate(f.Payload, maxInflated)
	return f, ok
}
