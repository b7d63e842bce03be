package fakeserver

import (
	"errors"
	"fmt"
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
	source string // file:line of the call that made it; may be empty
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
	waits            // waits for something else
	orders           // gives a standing order
	sendsOrders      // gives one that sends without being asked
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
	last    *frame.Frame // what the last Expect, WaitFor or On was about
	seq     int          // events before this one no longer count for WaitFor
	between bool         // between two rounds of a Repeat without end
}

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
	f := Failure{Conn: c.num, Source: c.handler.source, Text: err.Error()}
	var failed stepFailed
	if errors.As(err, &failed) && failed.step.source != "" {
		f.Source = failed.step.source
	}
	c.s.failed(f)
	_ = c.SendClose(1011, "the script failed")
}

// join joins what steps or other values print as.
func join[T fmt.Stringer](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = v.String()
	}
	return strings.Join(words, ", ")
}
