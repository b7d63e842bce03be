package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// What a plan can do to the frame in hand.

// delivery is one frame on its way out of the frame stage.
type delivery struct {
	original bool        // the bytes as they arrived
	frame    frame.Frame // else this frame
	exact    bool        // which stands as it is: no mask is added
	declares uint64      // the length that its header declares, if that is not its own
	delay    time.Duration
	late     bool
	behind   int           // goes out behind so many others, or when it is due
	together int           // goes out in one write with so many of its rule's frames
	hold     time.Duration // or when it was held so long
	yields   bool          // lets pings and pongs go before it
	rule     ruleRef
}

// edited notes that the rule in hand changed what becomes of the frame.
func (p *Plan) edited() {
	p.changed = true
	if p.by == 0 {
		p.by = p.rule
	}
	for i := range p.frames {
		p.frames[i].rule = p.rule
	}
}

// editable reports whether the frame in hand may be changed or lost.
func (p *Plan) editable(verb string) bool {
	if !p.needs(StageFrame, verb) {
		return false
	}
	if p.fixed != "" {
		p.NotApplied("%s is not possible: %s", verb, p.fixed)
		return false
	}
	if p.fragment && verb != "drop" {
		p.NotApplied("%s is not possible: the message comes in fragments", verb)
		return false
	}
	return len(p.frames) > 0
}

// Drop keeps the frame from going on.
func (p *Plan) Drop() {
	if p.editable("drop") {
		p.frames = p.frames[:0]
		p.edited()
	}
}

// Replace sends f in the frame's place.
func (p *Plan) Replace(f frame.Frame) {
	if p.editable("replace") {
		p.frames = append(p.frames[:0], delivery{frame: f, delay: p.frames[0].delay, late: p.frames[0].late})
		p.edited()
	}
}

// Duplicate sends the frame n more times, right behind itself.
func (p *Plan) Duplicate(n int) {
	if !p.editable("duplicate") || !p.unsplit("duplicate") {
		return
	}
	for _, d := range p.frames[:len(p.frames):len(p.frames)] {
		for range n {
			p.frames = append(p.frames, d)
		}
	}
	if n > 0 {
		p.edited()
	}
}

// Delay holds the frame, and everything behind it, for d. At StageAccept, StageRequest
// and StageResponse it holds the handshake; at StagePath whatever is on its way.
func (p *Plan) Delay(d time.Duration) {
	if !p.needs(StageFrame|StageAccept|StageRequest|StageResponse|StagePath, "delay") {
		return
	}
	if p.stage != StageFrame {
		p.delay += d
		p.changed = true
		return
	}
	for i := range p.frames {
		p.frames[i].delay += d
	}
	if len(p.frames) > 0 {
		p.edited()
	}
}

// Late holds the frame alone for d; what comes behind it passes.
func (p *Plan) Late(d time.Duration) {
	if p.editable("late") && p.unsplit("late") {
		for i := range p.frames {
			p.frames[i].late = true
			p.frames[i].delay += d
		}
		p.edited()
	}
}

// Reorder holds the frame until n others have passed it, or d is over.
func (p *Plan) Reorder(n int, d time.Duration) {
	if p.editable("reorder") && p.unsplit("reorder") {
		for i := range p.frames {
			p.frames[i].late, p.frames[i].behind = true, n
			p.frames[i].delay += d
		}
		p.edited()
	}
}

// Coalesce holds the frame, and everything behind it, until n frames of this rule
// are held, or d is over for the first of them; all of it leaves in one write.
func (p *Plan) Coalesce(n int, d time.Duration) {
	if !p.needs(StageFrame, "coalesce") {
		return
	}
	for i := range p.frames {
		if p.frames[i].late {
			p.NotApplied("coalesce is not possible: another rule lets others pass the frame")
			return
		}
		p.frames[i].together, p.frames[i].hold = n, d
	}
	if len(p.frames) > 0 {
		p.edited()
	}
}

// unsplit reports whether the frame is still in one piece.
func (p *Plan) unsplit(verb string) bool {
	if p.split {
		p.NotApplied("%s is not possible: another rule split the frame", verb)
	}
	return !p.split
}
