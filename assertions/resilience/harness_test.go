package resilience_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

var (
	_ resilience.Target = (*fake.Server)(nil)
	_ resilience.Target = (*faultproxy.Proxy)(nil)
)

// within is a context for waits that should not take long.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// awaits waits until a trigger has selected n events.
func awaits(t *testing.T, target resilience.Target, n int, trigger frame.Trigger) timeline.Event {
	t.Helper()
	e, err := target.View().WaitN(within(t, time.Minute), n, trigger)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// exits waits until a client has exited.
func exits(t *testing.T, s *resilience.Session) resilience.Exit {
	t.Helper()
	exit, err := s.Wait(within(t, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return exit
}

// tells fails the test unless these are the events about clients, without pids.
func tells(t *testing.T, target resilience.Target, want ...string) {
	t.Helper()
	var got []string
	for e := range target.View().All() {
		switch e.Kind {
		case timeline.KindStarted, timeline.KindReport, timeline.KindExit, timeline.KindNote:
			got = append(got, line(e))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the timeline tells:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// line is an event in short: its kind, its fields but the pid, and who caused it.
func line(e timeline.Event) string {
	words := []string{e.Kind.String()}
	for _, f := range e.Fields {
		if f.Name != "pid" {
			words = append(words, f.Name+"="+f.Value)
		}
	}
	if e.Rule != "" {
		words = append(words, "by "+e.Rule)
	}
	return strings.Join(words, " ")
}

func contains(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s does not say %q:\n%s", what, w, got)
		}
	}
}

// recorder is a TB that keeps what it is told instead of failing.
type recorder struct {
	*testing.T
	mu       sync.Mutex
	errors   []string
	logs     []string
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Failed() bool     { r.mu.Lock(); defer r.mu.Unlock(); return len(r.errors) > 0 }
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// finish ends the test that it stands for, and returns its errors and its log.
func (r *recorder) finish() (errors, log string) {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
	return strings.Join(r.errors, "\n"), strings.Join(r.logs, "\n")
}

// refusal starts a client that cannot be started, and returns why.
func refusal(t *testing.T, target resilience.Target, c resilience.Client) string {
	t.Helper()
	tb := &recorder{T: t}
	done := make(chan struct{})
	started := false
	go func() {
		defer close(done)
		resilience.Start(tb, target, c)
		started = true
	}()
	<-done
	errors, _ := tb.finish()
	if started {
		t.Errorf("%v was started", c)
	}
	return errors
}
