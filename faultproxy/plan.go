package faultproxy

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Fault is what a rule does: a value that edits a [Plan] and returns. It does no
// I/O, does not sleep, starts no goroutine and has no state of its own, so one
// value may serve many rules and connections at once. The built-in faults are the
// structs of this package; users may write their own.
type Fault interface {
	// Stages says where the fault can act.
	Stages() Stage
	// Apply edits the plan.
	Apply(p *Plan)
	// String says what it does, such as "drop" or "close 1012 \"restart\"".
	String() string
}

// A Validator is a fault that can tell that its own fields make no sense.
type Validator interface{ Validate() error }

// Plan is what is about to happen at one moment of one connection: a frame and
// where it goes, or a handshake step, or nothing yet. Faults edit it; the proxy
// then carries it out. A Plan is only valid during Apply.
type Plan struct {
	stage Stage
	conn  int
	at    time.Duration
	dir   frame.Direction
	view  frame.View

	// Of the rule in hand.
	rule    ruleRef
	rand    func() *rand.Rand
	why     string // what edit was not possible: the rule is "not applied"
	changed bool

	frames   []delivery
	fixed    string  // why the frame must pass as it is; "" if it need not
	fragment bool    // the frame begins a message of several
	by       ruleRef // the first rule that edited the frame
	acts     []act
	delay    time.Duration
	answer   *Reject
	hang     bool
	refuse   bool
}

// run lets an admitted rule edit the plan and reports whether that changed
// anything. A fault of which a part is not possible does nothing at all.
func (p *Plan) run(a *armed, l *link) bool {
	before := *p
	if len(p.frames) > 0 {
		before.frames = append([]delivery(nil), p.frames...)
	}
	p.rule, p.why, p.changed = a.id, "", false
	p.rand = func() *rand.Rand { return l.chance(a.Name, p.dir) }
	a.Do.Apply(p)
	if p.why != "" {
		why := p.why
		*p = before
		p.why = why
	}
	if p.why != "" || !p.changed {
		l.giveBack(a)
		return false
	}
	for i := range p.acts[len(before.acts):] {
		p.acts[len(before.acts)+i].rule = a.id
	}
	return true
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

// untouched reports whether the frame goes on at once, as it came.
func (p *Plan) untouched() bool { return p.by == 0 }

// delivery is one frame on its way out of the frame stage.
type delivery struct {
	original bool        // the bytes as they arrived
	frame    frame.Frame // else this frame
	delay    time.Duration
	late     bool
	rule     ruleRef
}

// Stage is the stage the plan belongs to.
func (p *Plan) Stage() Stage { return p.stage }

// Conn is the connection's number, from 1; 0 at StageAccept.
func (p *Plan) Conn() int { return p.conn }

// At is the time since the start of the proxy's timeline.
func (p *Plan) At() time.Duration { return p.at }

// Direction is the way the frame travels at StageFrame and the bytes at
// StagePath; zero elsewhere.
func (p *Plan) Direction() frame.Direction { return p.dir }

// View is the frame at StageFrame.
func (p *Plan) View() frame.View { return p.view }

// Rand is the source of chance for this rule, connection and direction; it
// depends on the proxy's seed alone.
func (p *Plan) Rand() *rand.Rand { return p.rand() }

// Jitter returns d plus or minus a uniformly distributed share of jitter, never
// below zero.
func (p *Plan) Jitter(d, jitter time.Duration) time.Duration {
	if jitter > 0 {
		d += time.Duration(p.Rand().Int64N(int64(2*jitter)+1)) - jitter
	}
	return max(d, 0)
}

// NotApplied says why the fault could not do what it is for. That is recorded,
// nothing else it did to the plan counts, and the rule has not fired.
func (p *Plan) NotApplied(format string, args ...any) {
	if p.why == "" {
		p.why = fmt.Sprintf(format, args...)
	}
}

func (p *Plan) needs(s Stage, verb string) bool {
	if p.stage&s == 0 {
		p.NotApplied("%s needs one of: %v; this is %v", verb, s, p.stage)
		return false
	}
	return true
}

// edits reports whether the frame in hand may be changed or lost.
func (p *Plan) edits(verb string) bool {
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
	if p.edits("drop") {
		p.frames = p.frames[:0]
		p.edited()
	}
}

// Replace sends f in the frame's place.
func (p *Plan) Replace(f frame.Frame) {
	if p.edits("replace") {
		p.frames = append(p.frames[:0], delivery{frame: f, delay: p.frames[0].delay, late: p.frames[0].late})
		p.edited()
	}
}

// Duplicate sends the frame n more times, right behind itself.
func (p *Plan) Duplicate(n int) {
	if !p.edits("duplicate") {
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

// Delay holds the frame, and everything behind it, for d. At StageRequest and
// StageResponse it holds the handshake; at StagePath whatever is on its way.
func (p *Plan) Delay(d time.Duration) {
	if !p.needs(StageFrame|StageRequest|StageResponse|StagePath, "delay") {
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
	if p.edits("late") {
		for i := range p.frames {
			p.frames[i].late = true
			p.frames[i].delay += d
		}
		p.edited()
	}
}

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

// Reject answers the upgrade request in the upstream's place.
func (p *Plan) Reject(status int, header http.Header, body string) {
	if p.needs(StageRequest|StageResponse, "reject") {
		p.changed = true
		p.answer = &Reject{Status: status, Header: header, Body: body}
	}
}

// Hang leaves the handshake unanswered until the client goes.
func (p *Plan) Hang() {
	if p.needs(StageAccept|StageRequest|StageResponse, "hang") {
		p.changed = true
		p.hang = true
	}
}

// Refuse resets the TCP connection that was just accepted.
func (p *Plan) Refuse() {
	if p.needs(StageAccept, "refuse") {
		p.changed = true
		p.refuse = true
	}
}
