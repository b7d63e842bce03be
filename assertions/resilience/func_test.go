package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

// beater connects, and pings every 25 s until it is stopped.
func beater(srv *fake.Server) resilience.Client {
	return resilience.Func("beater", func(ctx context.Context, s *resilience.Session) error {
		ws, _, err := srv.Dialer().DialContext(ctx, s.URL(), nil)
		if err != nil {
			return err
		}
		defer ws.Close()
		s.Report("open", timeline.Field{Name: "url", Value: s.URL()})
		go func() { _, _, _ = ws.ReadMessage() }()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(25 * time.Second):
				if err := ws.WriteControl(websocket.PingMessage, nil, time.Time{}); err != nil {
					return err
				}
			}
		}
	})
}

// failing is a client that ends as the function does.
func failing(run func() error) resilience.Client {
	return resilience.Func("app", func(context.Context, *resilience.Session) error { return run() })
}

func TestAFuncRunsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		start := time.Now()
		s := resilience.Start(t, srv, beater(srv))
		e := awaits(t, srv, 1, timeline.Reported("open"))
		if e.Field("url") != srv.URL || s.HTTP() != "http"+strings.TrimPrefix(srv.URL, "ws") || "ws://"+s.Host() != srv.URL {
			t.Errorf("%v; HTTP %s, host %s", e, s.HTTP(), s.Host())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		if _, err := srv.View().WaitN(ctx, 144, frame.Op(frame.OpPing)); err != nil || time.Since(start) != time.Hour {
			t.Errorf("144 pings took %v, %v", time.Since(start), err)
		}
		if err := s.Stop(); err != nil || time.Since(start) != time.Hour {
			t.Errorf("stopped after %v, %v", time.Since(start), err)
		}
		tells(t, srv, "started client=beater", "report name=open url="+srv.URL, "exit client=beater code=0 by Session.Stop")
		if !srv.View().ClientsLeft() {
			t.Error("the timeline does not know that its client has left")
		}
	})
}

func TestTheEndOfTheTestEndsAFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		srv := fake.InMemory(t)
		var cause error
		s := resilience.Start(tb, srv, resilience.Func("app", func(ctx context.Context, _ *resilience.Session) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return cause
		}))
		if errors, log := tb.finish(); errors != "" || log != "" {
			t.Errorf("errors %q, log %q", errors, log)
		}
		if exit := exits(t, s); exit != (resilience.Exit{}) || cause == nil || cause.Error() != "the client was stopped" {
			t.Errorf("it %v; the cause is %v", exit, cause)
		}
	})
}

func TestWhatAFuncReturnsIsItsExit(t *testing.T) {
	gone := errors.New("gone")
	for name, c := range map[string]struct {
		err  error
		want resilience.Exit
		text string
		tale string
	}{
		"nil":       {nil, resilience.Exit{}, "exited with code 0", "code=0"},
		"an error":  {gone, resilience.Exit{Code: 1, Err: gone}, "exited with code 1: gone", "code=1 error=gone"},
		"cancelled": {context.Canceled, resilience.Exit{Code: 1, Err: context.Canceled}, "exited with code 1: context canceled", "code=1 error=context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			tb := &recorder{T: t}
			srv := fake.Start(t)
			s := resilience.Start(tb, srv, failing(func() error { return c.err }))
			if exit := exits(t, s); exit != c.want || exit.String() != c.text {
				t.Errorf("it %v, want %v", exit, c.want)
			}
			tells(t, srv, "started client=app", "exit client=app "+c.tale)
			if errors, _ := tb.finish(); errors != "" {
				t.Errorf("errors %q", errors)
			}
		})
	}
}

func TestAFuncThatPanicsFailsTheTestAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		srv := fake.InMemory(t)
		s := resilience.Start(tb, srv, failing(func() error { panic("oh no") }))
		if exit := exits(t, s); exit.Code != 2 || exit.String() != "exited with code 2: panic: oh no" {
			t.Errorf("it %v", exit)
		}
		tells(t, srv, "started client=app", "exit client=app code=2 error=panic: oh no")
		errors, log := tb.finish()
		contains(t, "the error", errors, "resilience: Func(app) panicked: oh no", "TestAFuncThatPanicsFailsTheTestAndNoMore")
		contains(t, "the log", log, "client app, Func(app), exited with code 2: panic: oh no")
	})
}

func TestAFuncThatEndsItsGoroutineIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		srv := fake.InMemory(t)
		s := resilience.Start(tb, srv, failing(func() error { tb.Fatalf("no"); return nil }))
		if exit := exits(t, s); exit.Code != 2 || exit.Err == nil {
			t.Errorf("it %v", exit)
		}
		errors, _ := tb.finish()
		contains(t, "the error", errors, "Func(app) ended its goroutine", "return an error instead")
	})
}

func TestStopSaysWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := &recorder{T: t}
		srv := fake.InMemory(t)
		s := resilience.Start(tb, srv, failing(func() error { time.Sleep(time.Minute); return nil }))
		start := time.Now()
		err := s.Stop()
		want := "after 5s still waiting for client app: its function has to return when its context is done"
		if err == nil || err.Error() != want || time.Since(start) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if again := s.Stop(); again != err {
			t.Errorf("the second Stop: %v", again)
		}
		errors, log := tb.finish()
		if errors != "resilience: "+want {
			t.Errorf("errors: %s", errors)
		}
		contains(t, "the log", log, "client app, Func(app), has not exited")
		time.Sleep(time.Minute)
	})
}

func TestManyMayStopAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		s := resilience.Start(t, srv, resilience.Func("slow", func(ctx context.Context, _ *resilience.Session) error {
			<-ctx.Done()
			time.Sleep(3 * time.Second)
			return nil
		}))
		start := time.Now()
		errs := make(chan error)
		for range 3 {
			go func() { errs <- s.Stop() }()
		}
		for range 3 {
			if err := <-errs; err != nil || time.Since(start) != 3*time.Second {
				t.Errorf("stopped after %v, %v", time.Since(start), err)
			}
		}
	})
}

func TestASessionOfAnotherBubbleIsNotWaitedFor(t *testing.T) {
	var s *resilience.Session
	synctest.Test(t, func(t *testing.T) {
		s = resilience.Start(t, fake.InMemory(t), failing(func() error { return nil }))
	})
	_, err := s.Wait(t.Context())
	for what, err := range map[string]error{"Wait": err, "Stop": s.Stop()} {
		if !errors.Is(err, timeline.ErrOtherBubble) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAFuncHasNoProcess(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, failing(func() error { return nil }))
	if err := s.Signal(os.Kill); err == nil || err.Error() != "Func(app) takes no signals: it runs in the test's own process" {
		t.Errorf("Signal: %v", err)
	}
	if s.PID() != 0 || s.Stderr() != "" || s.Stdout() != "" || fmt.Sprint(s) != "client app" {
		t.Errorf("%v has pid %d, printed %q and %q", s, s.PID(), s.Stderr(), s.Stdout())
	}
}

func TestAFuncThatCannotBeStarted(t *testing.T) {
	srv := fake.Start(t)
	contains(t, "the error", refusal(t, srv, resilience.Func("app", nil)), "cannot start Func(app): its function is nil")
	contains(t, "the error", refusal(t, srv, failing(nil).Env("A=1")), "Env and Dir are of a Command")
	contains(t, "the error", refusal(t, srv, failing(nil).Dir("d")), "Env and Dir are of a Command")
	contains(t, "the error", refusal(t, srv, resilience.Func("", func(context.Context, *resilience.Session) error { return nil })), "it has no name")
	tells(t, srv)
}
