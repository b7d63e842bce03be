package fakeserver

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Step is one thing that a [Script] does. Steps are values that print as the call
// that made them; the same one may stand in many scripts. Those that wait are
// [Expect], [WaitFor] and [Pause]; the others return at once.
type Step interface {
	String() string
	step() step
}

// step is what a script knows of its steps.
type step struct {
	text   string
	source source // the call that made it
	kind   kind
	inner  []Step // what it consists of, or runs
	// do plays the step. nil: the script goes on. errOver: it ends, and nothing is
	// wrong. Any other error is a failure.
	do func(r *run) error
	// wrong is what is wrong with its arguments.
	wrong error
}

func (s step) String() string { return s.text }
func (s step) step() step     { return s }

// kind says what a step needs and what it leaves, for the check of a script.
type kind uint8

const (
	_           kind = iota
	sends            // returns at once, and needs that the server can still send
	hears            // waits for a frame of the client
	hearsClose       // answers a Close of the client
	answers          // answers a frame that was heard
	waits            // waits for something else, or may
	passes           // returns at once, and does nothing
	orders           // gives a standing order
	sendsOrders      // gives one that sends
	loops            // runs inner again and again, without end
	nests            // runs inner
	ends             // an Ending
)

// errOver ends a script: the connection is over, or past sending.
var errOver = errors.New("over")

// run is a script under way on a connection, or one of its orders'.
type run struct {
	c       *Conn
	order   bool         // it is that of a standing order
	rank    int          // of those that wake at the same time, the lowest is first
	awake   *sleeper     // whose turn it is
	last    *frame.Frame // what the last Expect, WaitFor or On was about
	heard   int          // frames up to this one came before where the script is
	seq     int          // events before this one no longer count for WaitFor
	between bool         // between two rounds of a Repeat without end
	moved   bool         // it has waited or heard something
}

// newScript is the run of a connection's script, which begins.
func (c *Conn) newScript() run {
	return run{c: c, rank: math.MaxInt, seq: c.s.Timeline.Last() + 1}
}

// newOrder gives a standing order its rank.
func (c *Conn) newOrder() int { return int(c.ordered.Add(1)) }

// play plays steps until one ends the script.
func (r *run) play(steps []Step) error {
	for _, s := range steps {
		st := s.step()
		if err := st.do(r); err != nil {
			if !errors.Is(err, errOver) && !isFailed(err) {
				err = stepFailed{st, err}
			}
			return err
		}
	}
	return nil
}

// finish plays the steps of an order, or what is left of a script, and judges how
// it went. false means that it ended before its end.
func (r *run) finish(steps []Step) bool {
	defer r.rest()
	err := r.play(steps)
	r.c.judge(err)
	return err == nil
}

// stepFailed is the failure of a step.
type stepFailed struct {
	step step
	err  error
}

func (f stepFailed) Error() string { return f.step.text + ": " + f.err.Error() }

func isFailed(err error) bool {
	var f stepFailed
	return errors.As(err, &f)
}

// judge collects the failure of a step and ends its connection.
func (c *Conn) judge(err error) {
	if err == nil || errors.Is(err, errOver) {
		return
	}
	at := c.handler.source
	var failed stepFailed
	if errors.As(err, &failed) && failed.step.source != (source{}) {
		at = failed.step.source
	}
	c.s.failed(Failure{Conn: c.num, Text: err.Error(), unfinished: errors.Is(err, errUnfinished)}.from(at))
	_ = c.SendClose(1011, "the script failed")
}

// join joins what steps or other values print as.
func join[T fmt.Stringer](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = show(v)
	}
	return strings.Join(words, ", ")
}

// show is what a value prints as that may be nil.
func show(v any) string {
	if isNil(v) {
		return "nil"
	}
	return fmt.Sprint(v)
}
