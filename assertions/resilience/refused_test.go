package resilience_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

func TestAProgramThatCannotBeStarted(t *testing.T) {
	srv := fake.Start(t)
	notExecutable := filepath.Join(t.TempDir(), "client")
	if err := os.WriteFile(notExecutable, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		client resilience.Client
		want   []string
	}{
		"not in PATH":    {resilience.Command("no-such-client", "{url}"), []string{`cannot start Command("no-such-client", "{url}")`, `"no-such-client" in the folders of PATH`, os.Getenv("PATH"), "install it"}},
		"no file":        {resilience.Command("./no/such").Dir("testdata"), []string{"there is no file ", filepath.Join("testdata", "no", "such"), "build it first"}},
		"no folder":      {program("wait").Dir("no-such-folder"), []string{"its Dir no-such-folder is not a folder", "starts at "}},
		"not executable": {resilience.Command(notExecutable), []string{notExecutable, "cannot be run", "permission"}},
		"no program":     {resilience.Client{}, []string{"cannot start Client{}", "make it with Command or Func"}},
		"no KEY=value":   {program("wait").Env("A=1", "B"), []string{"variable 4 of Env is not written KEY=value"}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "no file" {
				t.Chdir(t.TempDir())
				if err := os.Mkdir("testdata", 0o700); err != nil {
					t.Fatal(err)
				}
			}
			contains(t, "the error", refusal(t, srv, c.client), append(c.want, "resilience: ")...)
		})
	}
	tells(t, srv)
}

func TestAProgramThatTheSystemRefusesHasLeft(t *testing.T) {
	srv := fake.Start(t)
	contains(t, "the error", refusal(t, srv, program("wait", "a\x00b")), "invalid argument")
	tells(t, srv, "started client=resilience.test", "exit client=resilience.test code=-1 error="+srvExitError(srv))
	if !srv.View().ClientsLeft() {
		t.Error("the timeline waits for it")
	}
}

func srvExitError(srv *fake.Server) string {
	events := srv.View().Events()
	return events[len(events)-1].Field("error")
}

func TestATargetHasToBeStarted(t *testing.T) {
	for name, target := range map[string]resilience.Target{
		"server": &fake.Server{}, "proxy": &faultproxy.Proxy{}, "no URL": elsewhere("localhost:80"),
	} {
		t.Run(name, func(t *testing.T) {
			want := "start the server or the proxy first"
			if name == "no URL" {
				want = `the address of its target is "localhost:80", and not a ws or wss URL`
			}
			contains(t, "the error", refusal(t, target, program("wait")), want)
		})
	}
}

func TestAProgramIsRefusedInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t)
		contains(t, "the error", refusal(t, srv, program("wait")), "a program cannot run in virtual time", "make the client a Func")
		tells(t, srv)
	})
}

func TestATargetOfAnotherBubbleIsRefused(t *testing.T) {
	srv := fake.Start(t)
	client := resilience.Func("idle", func(context.Context, *resilience.Session) error { return nil })
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []resilience.Client{program("wait"), client} {
			contains(t, "the error", refusal(t, srv, c), "timeline of another synctest bubble")
		}
	})
}

func TestAProgramIsRefusedOnAVirtualNetwork(t *testing.T) {
	network := memnet.New()
	srv := (&fake.Server{}).On(t, network).StartIn(t)
	for name, target := range map[string]resilience.Target{"server": srv, "proxy": faultproxy.InMemory(t, network, srv.URL)} {
		t.Run(name, func(t *testing.T) {
			contains(t, "the error", refusal(t, target, program("wait")), "another process cannot reach", "start the target on loopback")
		})
	}
}
