package resilience

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// How long Stop waits.
const (
	killAfter = time.Second     // after asking a client to end, before it is killed
	stopLimit = 5 * time.Second // in all
)

// Session is a client that was started. Its methods may be called from any goroutine.
type Session struct {
	client  Client
	at      place
	tl      *timeline.Timeline
	running running
	exited  chan struct{} // closed once the exit is on the timeline
	stopped chan struct{} // closed once Stop knows what it returns

	mu       sync.Mutex // never held while waiting
	exit     Exit
	failure  string // what fails the test, at its end
	stopping bool
	stopErr  error
}

// running is a client's program or function. Its methods do not wait.
type running interface {
	start(s *Session) error
	signal(sig os.Signal) error
	ask()    // to end
	insist() // on it
	fields() []timeline.Field
	waitedFor() string // what Stop waits for
	printed() string   // for the log of a test that failed
}

// Start runs the client against the target, and stops it when the test ends; see
// [Session.Stop]. What the client printed is then in the log of a test that failed.
// The test fails at once if the client cannot be started.
//
// Start it after its target, so that it is stopped before. In a testing/synctest
// bubble only a [Func] can be started.
func Start(tb TB, target Target, c Client) *Session {
	tb.Helper()
	s, err := start(target, c)
	if err != nil {
		tb.Fatalf("resilience: cannot start %v: %v", c, err)
	}
	tb.Cleanup(func() {
		tb.Helper()
		failed := s.Stop()
		s.mu.Lock()
		if s.failure != "" {
			failed = errors.Join(errors.New(s.failure), failed)
		}
		s.mu.Unlock()
		if failed != nil || tb.Failed() {
			tb.Logf("%s", s.account())
		}
		if failed != nil {
			tb.Errorf("resilience: %v", failed)
		}
	})
	return s
}

func start(target Target, c Client) (*Session, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	at, err := placeOf(target)
	if err != nil {
		return nil, err
	}
	s := &Session{client: c, at: at, tl: target.View().Timeline(), exited: make(chan struct{}), stopped: make(chan struct{})}
	if err := s.tl.CheckBubble(); err != nil {
		return nil, fmt.Errorf("it cannot report to the timeline of its target: %w", err)
	}
	if c.isFunc() {
		s.running = &function{}
	} else {
		if s.tl.InBubble() {
			return nil, errors.New("a program cannot run in virtual time: the clock of a synctest bubble stands still while it does; " +
				"start it outside of the bubble, or make the client a Func")
		}
		if isVirtual(target) {
			return nil, errors.New("its target is on a virtual network, which another process cannot reach; " +
				"start the target on loopback, or make the client a Func")
		}
		s.running = &process{}
	}
	if err := s.running.start(s); err != nil {
		return nil, err
	}
	return s, nil
}

// Client returns what was started.
func (s *Session) Client() Client { return s.client }

// URL returns where the client connects to, such as ws://127.0.0.1:41234.
func (s *Session) URL() string { return s.at.ws }

// HTTP returns URL as an http or https URL.
func (s *Session) HTTP() string { return s.at.http }

// Host returns the host and port of URL.
func (s *Session) Host() string { return s.at.host }

// Report records what the client says about itself: a KindReport event of that name.
// A function that is the client calls it, but so may the test. It does not wait.
func (s *Session) Report(name string, fields ...timeline.Field) {
	if started, _ := s.tl.Clients(); s.client.name != "" || started > 1 {
		fields = append([]timeline.Field{s.who()}, fields...)
	}
	s.tl.Report(name, fields...)
}

// Exited returns a channel that is closed when the client has exited and that is on
// the timeline. It belongs to the bubble of Start.
func (s *Session) Exited() <-chan struct{} { return s.exited }

// Wait waits for the client to exit and says how it did. The error says that it had
// not when ctx ended, or that Wait was called from another bubble than Start.
func (s *Session) Wait(ctx context.Context) (Exit, error) {
	if err := s.tl.CheckBubble(); err != nil {
		return Exit{}, fmt.Errorf("cannot wait for %v to exit: %w", s, err)
	}
	select {
	case <-s.exited:
	case <-ctx.Done():
		select {
		case <-s.exited: // both
		default:
			return Exit{}, fmt.Errorf("%v has not exited: %w", s, context.Cause(ctx))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exit, nil
}

// Signal sends a signal to a program: on Unix to its whole process group, elsewhere
// only os.Kill works. It returns os.ErrProcessDone once the program has exited, and
// an error for a Func, which takes no signals.
func (s *Session) Signal(sig os.Signal) error { return s.running.signal(sig) }

// Stop ends the client and waits until it has exited and that is on the timeline. The
// context of a Func ends. On Unix a program gets SIGTERM and after 1 s SIGKILL, and
// its process group with it; elsewhere it is killed at once. After 5 s Stop gives up,
// and the error says what it was waiting for. Stopping again returns the same, and
// stopping a client that has exited does nothing. A Func must not call it.
func (s *Session) Stop() error {
	if err := s.tl.CheckBubble(); err != nil {
		return fmt.Errorf("cannot stop %v: %w", s, err)
	}
	s.mu.Lock()
	first := !s.stopping
	s.stopping = true
	s.mu.Unlock()
	if first {
		s.stopErr = s.stop()
		close(s.stopped)
	}
	<-s.stopped
	return s.stopErr
}

func (s *Session) stop() error {
	select {
	case <-s.exited:
		return nil
	default:
	}
	limit, grace := time.NewTimer(stopLimit), time.NewTimer(killAfter)
	defer limit.Stop()
	defer grace.Stop()
	s.running.ask()
	select {
	case <-s.exited:
		return nil
	case <-grace.C:
	}
	s.running.insist()
	select {
	case <-s.exited:
		return nil
	case <-limit.C:
		return fmt.Errorf("after %v still waiting for %v: %s", stopLimit, s, s.running.waitedFor())
	}
}

// String returns `client node` or, of a program, `client node (pid 4711)`.
func (s *Session) String() string {
	name := "client " + s.client.Name()
	if pid := s.PID(); pid != 0 {
		name += fmt.Sprintf(" (pid %d)", pid)
	}
	return name
}

// who tells this client from others on the timeline.
func (s *Session) who() timeline.Field {
	return timeline.Field{Name: "client", Value: s.client.Name()}
}

// record appends an event about the client.
func (s *Session) record(k timeline.Kind, by string, fields ...timeline.Field) {
	s.tl.Append(timeline.Record{At: s.tl.Now(), Kind: k, Rule: s.tl.Intern(by), Fields: fields})
}

// begins records that the client is about to run.
func (s *Session) begins() { s.record(timeline.KindStarted, "", s.who()) }

// ended records how the client ended. It is called once, after all it said.
func (s *Session) ended(e Exit) {
	s.mu.Lock()
	s.exit = e
	by := ""
	if s.stopping {
		by = "Session.Stop"
	}
	s.mu.Unlock()
	fields := append([]timeline.Field{s.who()}, e.fields()...)
	s.record(timeline.KindExit, by, append(fields, s.running.fields()...)...)
	close(s.exited)
}

// fail collects what is to fail the test at its end.
func (s *Session) fail(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = what
}

// account is what the log of a failed test should hold.
func (s *Session) account() string {
	how := "has not exited"
	if s.hasExited() {
		s.mu.Lock()
		how = s.exit.String()
		s.mu.Unlock()
	}
	return strings.TrimRight(fmt.Sprintf("%v, %v, %s\n%s", s, s.client, how, s.running.printed()), "\n")
}

func (s *Session) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}
