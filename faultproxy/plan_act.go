package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// What a plan can do to the connection.

// Inject sends f toward a peer: behind the frame in hand if that goes the same
// way, else at the next frame boundary (message boundary, for data).
func (p *Plan) Inject(f frame.Frame, toward frame.Direction) {
	if !p.needs(StageFrame|StageTime, "inject") {
		return
	}
	p.changed = true
	for _, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		if toward.Has(d) {
			p.acts = append(p.acts, act{kind: actInject, dir: d, frame: f})
		}
	}
}

// InjectBytes sends bytes that are no frame toward a peer: behind the frame in hand if
// that goes the same way, else at the next frame boundary. At StageResponse it sends
// them right behind the 101.
func (p *Plan) InjectBytes(b []byte, toward frame.Direction) {
	if !p.needs(StageResponse|StageFrame|StageTime, "inject-bytes") {
		return
	}
	p.changed = true
	if p.stage == StageResponse {
		p.behind, p.behindBy = append(p.behind, b...), p.rule
		return
	}
	for _, d := range [2]frame.Direction{frame.ToServer, frame.ToClient} {
		if toward.Has(d) {
			p.acts = append(p.acts, act{kind: actInject, dir: d, bytes: b})
		}
	}
}

// Close starts a closing handshake that the other peer does not know of.
func (p *Plan) Close(c Close) {
	if p.needs(StageFrame|StageTime, "close") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actClose, close: c})
	}
}

// End ends one or both sides of the connection.
func (p *Plan) End(e End) {
	if p.needs(StageFrame|StageTime, "end") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actEnd, end: e})
	}
}

// Forget makes the path forget the connection.
func (p *Plan) Forget(f Forget) {
	if p.needs(StageFrame|StageTime, "forget") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actForget, forget: f})
	}
}

// Silence holds a direction until it is healed, for d if d is above zero.
func (p *Plan) Silence(dir frame.Direction, d time.Duration) {
	if p.needs(StageFrame|StageTime, "silence") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actSilence, dir: dir, d: d})
	}
}

// Discard swallows the frames of a direction from the next one on.
func (p *Plan) Discard(dir frame.Direction, d time.Duration) {
	if p.needs(StageFrame|StageTime, "discard") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actDiscard, dir: dir, d: d})
	}
}

// Freeze stops reading what travels in a direction, for d if d is above zero.
func (p *Plan) Freeze(dir frame.Direction, d time.Duration) {
	if p.needs(StageFrame|StageTime, "freeze") {
		p.changed = true
		p.acts = append(p.acts, act{kind: actFreeze, dir: dir, d: d})
	}
}
