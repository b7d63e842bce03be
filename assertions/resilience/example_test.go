package resilience_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/heartbreak-ws/heartbreak/assertions/resilience"
)

// An example is no test, so that it brings its own; a test passes its t.
type test struct{ cleanups []func() }

func (t *test) Helper()                           {}
func (t *test) Name() string                      { return "Example" }
func (t *test) Failed() bool                      { return false }
func (t *test) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (t *test) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (t *test) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (t *test) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }

func (t *test) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

// told prints the events about clients, without times and process numbers.
func told(srv *fake.Server) {
	for e := range srv.View().All() {
		if e.Kind == timeline.KindStarted || e.Kind == timeline.KindReport || e.Kind == timeline.KindExit {
			e.At = 0
			text, _, _ := strings.Cut(e.String(), "  pid=")
			_, text, _ = strings.Cut(text, "-      ")
			fmt.Println(text)
		}
	}
}

func ExampleCommand() {
	t := new(test)
	defer t.end()
	srv := fake.Start(t, fake.Script(fake.Close(4400, "fatal")))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	// In a test of yours this is Command("node", "client.mjs", "{url}").
	app := resilience.Command(testBinary(), "{url}/chat").Env(roleEnv + "=chat").Named("app")
	s := resilience.Start(t, srv, app)

	_, _ = srv.View().Wait(ctx, timeline.Reported("close"))
	exit, _ := s.Wait(ctx)
	fmt.Println("app", exit)
	told(srv)
	// Output:
	// app exited with code 3
	// client program started: app
	// report open  client=app
	// report close  client=app code=4400 reason=fatal
	// client program exited: app, code 3
}

func ExampleFunc() {
	t := new(test)
	defer t.end()
	srv := fake.InMemory(t, fake.Script(fake.Close(1012, "restart")))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	s := resilience.Start(t, srv, resilience.Func("reader", func(ctx context.Context, s *resilience.Session) error {
		ws, _, err := srv.Dialer().DialContext(ctx, s.URL(), nil)
		if err != nil {
			return err
		}
		defer ws.Close()
		s.Report("open")
		_, _, err = ws.ReadMessage()
		if websocket.IsCloseError(err, 1012) {
			s.Report("close", timeline.Field{Name: "code", Value: "1012"})
			return nil
		}
		return err
	}))

	exit, _ := s.Wait(ctx)
	fmt.Println("reader", exit)
	told(srv)
	// Output:
	// reader exited with code 0
	// client program started: reader
	// report open
	// report close  code=1012
	// client program exited: reader, code 0
}

func ExampleClient_String() {
	fmt.Println(resilience.Command("node", "client.mjs", "{url}").Env("HEARTBEAT_MS=500", "API_TOKEN=hunter2").Dir("app"))
	// Output: Command("node", "client.mjs", "{url}").Env("HEARTBEAT_MS=500", "API_TOKEN=[redacted]").Dir("app")
}
