package resilience

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// errStopped is the cause of the end of a Func's context.
var errStopped = errors.New("the client was stopped")

// function is a client that runs in the test's process.
type function struct {
	s      *Session
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (f *function) start(s *Session) error {
	f.s = s
	f.ctx, f.cancel = context.WithCancelCause(context.Background())
	s.begins()
	go f.serve()
	return nil
}

// serve is the client's goroutine. Its last act is to record the exit.
func (f *function) serve() {
	exit := Exit{Code: 2}
	returned := false
	defer func() {
		switch why := recover(); {
		case returned:
		case why != nil:
			exit.Err = fmt.Errorf("panic: %v", why)
			f.s.fail(fmt.Sprintf("%v panicked: %v\n%s", f.s.client, why, debug.Stack()))
		default:
			exit.Err = errors.New("it ended its goroutine")
			f.s.fail(fmt.Sprintf("%v ended its goroutine (t.FailNow, t.Fatal or runtime.Goexit): only the test's own goroutine may; return an error instead", f.s.client))
		}
		f.s.ended(exit)
		f.cancel(nil)
	}()
	err := f.s.client.run(f.ctx, f.s)
	returned = true
	exit = Exit{}
	if err != nil && !f.onlyStopped(err) {
		exit = Exit{Code: 1, Err: err}
	}
}

// onlyStopped reports whether an error says no more than that the context ended.
func (f *function) onlyStopped(err error) bool {
	return f.ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, errStopped))
}

func (f *function) signal(os.Signal) error {
	return fmt.Errorf("%v takes no signals: it runs in the test's own process", f.s.client)
}

func (f *function) ask() { f.cancel(errStopped) }

func (f *function) insist() {}

func (f *function) waitedFor() string { return "its function has to return when its context is done" }

func (f *function) fields() []timeline.Field { return nil }

func (f *function) printed() string { return "" }
