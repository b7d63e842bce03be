package resilience_test

import (
	"runtime"
	"syscall"
	"testing"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

// To Linux the parent is a thread, and threads come and go.
func TestAProgramOutlivesTheThreadsOfTheTest(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("wait"))
	awaits(t, srv, 1, timeline.Reported("ready"))
	for range 5 {
		done := make(chan struct{})
		for range 20 {
			go func() {
				runtime.LockOSThread() // which ends with this goroutine
				done <- struct{}{}
			}()
		}
		for range 20 {
			<-done
		}
	}
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	if exit := exits(t, s); exit.Signal != "SIGHUP" {
		t.Errorf("it %v", exit)
	}
}

// The test's process may be killed before any cleanup, by a timeout of go test or by
// Ctrl-C.
func TestAProgramDiesWithTheTestThatStartedIt(t *testing.T) {
	srv := fake.Start(t)
	test := resilience.Start(t, srv, program("test"))
	awaits(t, srv, 1, timeline.Opened)
	if err := test.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaits(t, srv, 1, timeline.Ended(1))
}
