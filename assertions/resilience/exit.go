package resilience

import (
	"fmt"
	"strconv"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Exit says how a client ended.
type Exit struct {
	// Code is a program's exit status. Of a Func it is 0 if it returned nil, 1 if it
	// returned an error, and 2 if it panicked. -1: it was ended by a signal, or its
	// status is not known.
	Code int
	// Signal names what ended a program, such as "SIGKILL"; "" if it exited by itself.
	Signal string
	// Err is what a Func returned, or what it panicked with. Of a program it is nil,
	// unless its end could not be observed.
	Err error
}

// String returns "exited with code 1", "exited with code 1: …" if there is an error, or
// "was ended by SIGKILL".
func (e Exit) String() string {
	switch {
	case e.Signal != "":
		return "was ended by " + e.Signal
	case e.Err != nil:
		return fmt.Sprintf("exited with code %d: %v", e.Code, e.Err)
	}
	return "exited with code " + strconv.Itoa(e.Code)
}

// fields are those of the exit's event.
func (e Exit) fields() []timeline.Field {
	f := timeline.Field{Name: "code", Value: strconv.Itoa(e.Code)}
	if e.Signal != "" {
		f = timeline.Field{Name: "signal", Value: e.Signal}
	}
	fields := []timeline.Field{f}
	if e.Err != nil {
		fields = append(fields, timeline.Field{Name: "error", Value: e.Err.Error()})
	}
	return fields
}
