package faultproxy

import (
	"fmt"
	"math/rand/v2"
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
	proxy *Proxy // at StageAccept and StageProxy
	conn  int
	at    time.Duration
	dir   frame.Direction
	view  frame.View

	ending bool // at StagePath: it is the end that leaves

	// Of the rule in hand.
	rule    ruleRef
	rand    func() *rand.Rand
	why     string // what edit was not possible: the rule is "not applied"
	changed bool

	frames   []delivery
	raw      []byte  // the frame as it arrived
	fixed    string  // why the frame must pass whole, in its place and once; "" if it need not
	context  string  // why its payload must stay as it is; "" if it need not
	fragment bool    // the frame begins a message of several
	split    bool    // it was split
	by       ruleRef // the first rule that edited the frame, or the handshake
	acts     []act
	delay    time.Duration
	answer   *Reject
	edits    []headEdit
	cut      *Cut
	behind   []byte // to go right behind the 101
	behindBy ruleRef
	hang     bool
	refuse   bool
	cert     *CertificateProblem
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

// untouched reports whether the frame goes on at once, as it came.
func (p *Plan) untouched() bool { return p.by == 0 }

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

// Ending reports, at StagePath, whether what leaves is a peer's end (FIN or RST), not
// bytes.
func (p *Plan) Ending() bool { return p.ending }

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
