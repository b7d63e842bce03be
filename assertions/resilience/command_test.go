package resilience_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

func TestReportsStandInTheirOrderBeforeTheExit(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("say",
		`{"event":"open","attempt":1}`, "connected!", `{"event":"close","code":1006,"clean":false,"why":"no \"pong\"","more":{ "a": [1, null] }}`).Named("app"))
	if exit := exits(t, s); exit != (resilience.Exit{}) || exit.String() != "exited with code 0" {
		t.Errorf("it %v", exit)
	}
	tells(t, srv,
		"started client=app",
		"report name=open client=app attempt=1",
		`report name=close client=app code=1006 clean=false why=no "pong" more={"a":[1,null]}`,
		"exit client=app code=0")
	if got := s.Stdout(); got != "connected!\n" {
		t.Errorf("the rest of its output is %q", got)
	}
	last := srv.View().Events()[srv.View().Len()-1]
	if last.Field("pid") == "" || s.PID() == 0 {
		t.Errorf("no pid: %v", last)
	}
}

func TestAThousandReportsAreReadBeforeTheExit(t *testing.T) {
	srv := fake.Start(t)
	exits(t, resilience.Start(t, srv, program("write", `{\"event\":\"tick\"}\n`, "1000")))
	var ticks int
	for e := range srv.View().All() {
		switch e.Kind {
		case timeline.KindReport:
			ticks++
		case timeline.KindExit:
			if ticks != 1000 {
				t.Errorf("%d of 1000 reports before the exit", ticks)
			}
			return
		}
	}
	t.Error("no exit")
}

func TestAProgramLearnsWhereToConnect(t *testing.T) {
	t.Setenv("MINE", "the test's")
	for name, start := range map[string]func(*testing.T) resilience.Target{
		"server": func(t *testing.T) resilience.Target { return fake.Start(t) },
		"secure": func(t *testing.T) resilience.Target { return fake.StartTLS(t) },
		"proxy":  func(t *testing.T) resilience.Target { return faultproxy.Start(t, fake.Start(t).URL) },
	} {
		t.Run(name, func(t *testing.T) {
			target := start(t)
			dir := t.TempDir()
			client := program("show", "{url}/chat?x={y}", "--at={http}", "{host}").Env("MINE={url}!").Dir(dir)
			exits(t, resilience.Start(t, target, client))
			scheme, host, _ := strings.Cut(target.Address(), "://")
			web := "http" + strings.TrimPrefix(scheme, "ws") + "://" + host
			e := awaits(t, target, 1, timeline.Reported("show"))
			for field, want := range map[string]string{
				"args":   `["` + target.Address() + `/chat?x={y}","--at=` + web + `","` + host + `"]`,
				"WS_URL": target.Address(), "HTTP_URL": web, "HOST": host, "MINE": target.Address() + "!", "stdin": "0",
			} {
				if got := e.Field(field); got != want {
					t.Errorf("%s is %q, want %q", field, got, want)
				}
			}
			if got, _ := filepath.EvalSymlinks(e.Field("dir")); !sameFolder(t, got, dir) {
				t.Errorf("it ran in %s, want %s", got, dir)
			}
		})
	}
}

func sameFolder(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}

func TestTheEnvironmentIsTheTestsUnlessEnvSaysOtherwise(t *testing.T) {
	t.Setenv("MINE", "the test's")
	srv := fake.Start(t)
	exits(t, resilience.Start(t, srv, program("show")))
	exits(t, resilience.Start(t, srv, program("show").Env("MINE=first").Env("MINE=last", "HOST=elsewhere")))
	for i, want := range []string{"the test's", "last"} {
		if got := awaits(t, srv, i+1, timeline.Reported("show")).Field("MINE"); got != want {
			t.Errorf("MINE is %q, want %q", got, want)
		}
	}
	if got := awaits(t, srv, 2, timeline.Reported("show")).Field("HOST"); got != "elsewhere" {
		t.Errorf("HOST is %q", got)
	}
}

func TestAnExitCodeIsRecordedAndFailsNothing(t *testing.T) {
	tb := &recorder{T: t}
	srv := fake.Start(t)
	s := resilience.Start(tb, srv, program("exit", "7"))
	<-s.Exited()
	if exit := exits(t, s); exit.Code != 7 || exit.String() != "exited with code 7" {
		t.Errorf("it %v", exit)
	}
	tells(t, srv, "started client=resilience.test", "exit client=resilience.test code=7")
	if !srv.View().ClientsLeft() {
		t.Error("the timeline does not know that its client has left")
	}
	if errors, log := tb.finish(); errors != "" || log != "" {
		t.Errorf("errors %q, log %q", errors, log)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("wait"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err := s.Wait(ctx)
	if err == nil || !strings.HasSuffix(err.Error(), "has not exited: enough") {
		t.Error(err)
	}
	if srv.View().ClientsLeft() {
		t.Error("the timeline says that the client has left")
	}
}

func TestAnExitIsKnownWhateverBecameOfTheContext(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("exit", "7"))
	exits(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if exit, err := s.Wait(ctx); err != nil || exit.Code != 7 {
			t.Fatalf("it %v, %v", exit, err)
		}
	}
}

func TestTheEndOfTheTestEndsTheClient(t *testing.T) {
	tb := &recorder{T: t}
	srv := fake.Start(t)
	s := resilience.Start(tb, srv, program("dial"))
	awaits(t, srv, 1, timeline.Opened)
	tb.finish()
	select {
	case <-s.Exited():
	default:
		t.Error("the client still runs")
	}
	awaits(t, srv, 1, timeline.Ended(1))
}

func TestAFailedTestLogsWhatTheClientPrinted(t *testing.T) {
	tb := &recorder{T: t}
	srv := fake.Start(t)
	s := resilience.Start(tb, srv, program("say", "!cannot connect to ws://x/?token=hunter2", "!\x1b[31mred\xff", `{"event":"open"}`, "plain"))
	exits(t, s)
	if got, want := s.Stderr(), "cannot connect to ws://x/?token=hunter2\n\x1b[31mred\xff\n"; got != want {
		t.Errorf("Stderr is %q, want %q", got, want)
	}
	tb.Errorf("the test fails")
	errors, log := tb.finish()
	if errors != "the test fails" {
		t.Errorf("errors: %s", errors)
	}
	contains(t, "the log", log, "client resilience.test (pid ", `Command("`, "exited with code 0",
		"what client resilience.test printed on standard error:\ncannot connect to ws://x/?token=[redacted]\n\\x1b[31mred\uFFFD\n",
		"what client resilience.test printed on standard output, without reports:\nplain")
}

func TestTwoClientsAreToldApart(t *testing.T) {
	srv := fake.Start(t)
	first := resilience.Start(t, srv, program("say", `{"event":"open"}`))
	exits(t, first)
	second := resilience.Start(t, srv, program("say", `{"event":"open","client":"mine"}`).Named("b"))
	exits(t, second)
	first.Report("afterwards")
	tells(t, srv,
		"started client=resilience.test", "report name=open", "exit client=resilience.test code=0",
		"started client=b", "report name=open client=b client=mine", "exit client=b code=0",
		"report name=afterwards client=resilience.test")
	if got := awaits(t, srv, 2, timeline.Reported("open")).Field("client"); got != "b" {
		t.Errorf("the report is of %q", got)
	}
}

func TestClientsRunSideBySide(t *testing.T) {
	srv := fake.Start(t)
	a := resilience.Start(t, srv, program("dial").Named("a"))
	b := resilience.Start(t, srv, program("dial").Named("b"))
	awaits(t, srv, 2, timeline.Reported("open"))
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
	if srv.View().ClientsLeft() {
		t.Error("the timeline says that all clients have left")
	}
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if !srv.View().ClientsLeft() {
		t.Error("the timeline says that a client is still there")
	}
}

func TestStopIsQuick(t *testing.T) {
	srv := fake.Start(t)
	s := resilience.Start(t, srv, program("wait"))
	awaits(t, srv, 1, timeline.Reported("ready"))
	start := time.Now()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took >= 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
