//go:build unix

package resilience_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func TestASignalEndsAProgramAndIsNamed(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("wait"))
	awaits(t, srv, 1, timeline.Reported("ready"))
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	want := resilience.Exit{Code: -1, Signal: "SIGHUP"}
	if got := exits(t, s); got != want || got.String() != "was ended by SIGHUP" {
		t.Errorf("%v, want %+v", got, want)
	}
	tells(t, srv, "started client=resilience.test", "report name=ready", "exit client=resilience.test signal=SIGHUP")
	if err := s.Signal(syscall.SIGHUP); err == nil || err.Error() != "os: process already finished" {
		t.Errorf("a signal after the exit: %v", err)
	}
}

func TestStopAsksAndThenKills(t *testing.T) {
	for _, c := range []struct{ role, signal string }{{"wait", "SIGTERM"}, {"stubborn", "SIGKILL"}} {
		t.Run(c.role, func(t *testing.T) {
			srv := fake.Start(t)
			s := resilience.Start(t, srv, program(c.role))
			awaits(t, srv, 1, timeline.Reported("ready"))
			for range 2 {
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}
			tells(t, srv, "started client=resilience.test", "report name=ready", "exit client=resilience.test signal="+c.signal+" by Session.Stop")
		})
	}
}

// A program that a test has stopped, as a suspended laptop is, is not waited for.
func TestStopWakesAStoppedProgram(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("wait"))
	awaits(t, srv, 1, timeline.Reported("ready"))
	if err := s.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if exit := exits(t, s); exit.Signal != "SIGTERM" {
		t.Errorf("it %v", exit)
	}
}

func TestWhatAProgramLeavesBehindEndsWithIt(t *testing.T) {
	srv := fake.Start(t)
	start := time.Now()
	s := resilience.Start(t, srv, program("leave"))
	if exit := exits(t, s); exit.Code != 3 {
		t.Errorf("it %v", exit)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("the exit took %v", took)
	}
	awaits(t, srv, 1, timeline.Reported("open"))
	awaits(t, srv, 1, timeline.Ended(1))
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("keep"))
	awaits(t, srv, 1, timeline.Reported("kept"))
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if exit := exits(t, s); exit.Signal != "SIGTERM" {
		t.Errorf("it %v", exit)
	}
	awaits(t, srv, 1, timeline.Ended(1))
}

func TestASignalReachesTheWholeGroup(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("keep"))
	awaits(t, srv, 1, timeline.Reported("kept"))
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	awaits(t, srv, 1, timeline.Reported("hung up")) // the program handles it
	awaits(t, srv, 1, timeline.Ended(1))            // what it started does not
}

func TestAProcessThatEscapedAndHoldsTheOutputIsNotWaitedFor(t *testing.T) {
	srv := fake.Start(t)
	start := time.Now()
	s := resilience.Start(t, srv, program("escape"))
	if exit := exits(t, s); exit.Code != 3 {
		t.Errorf("it %v", exit)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("the exit took %v", took)
	}
	if !strings.Contains(awaits(t, srv, 1, timeline.Reported("open")).String(), "report open") {
		t.Error("what it said before was not recorded")
	}
	if err := srv.Conn(1).Fin(); err != nil { // its end
		t.Errorf("the process that escaped is gone: %v", err)
	}
	awaits(t, srv, 1, timeline.Ended(1))
}
