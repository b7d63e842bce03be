package thirdparty

import (
	"slices"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// reconnectingClient is a client library that connects again by itself.
type reconnectingClient struct {
	name string
	// serve plays the server of the library's protocol.
	serve fake.Handler
	// start connects a client with the library's defaults and a dialer of ours, and
	// stops it when the test ends. It returns whether the client says it is connected.
	start func(t *testing.T, srv *fake.Server) (up func() bool)
	// wait is how long the client waits before its n-th attempt, after a loss (n = 1)
	// or after an attempt that failed, as the library documents it.
	wait func(n int) time.Duration
	// notices is when the client takes a server for dead that goes silent at
	// untilFault after the start, by the library's own heartbeat.
	notices time.Duration
}

var reconnectingClients = []reconnectingClient{discord, slackClient, paho, natsClient}

// fault is what happens to a client that has been connected for a while.
type fault struct {
	name     string
	do       func(srv *fake.Server)
	handlers []fake.Handler // for the attempts that follow
	refused  int            // how many of them fail
	outage   time.Duration  // for how long all fail
	silent   bool           // the client has to find out by itself
}

const (
	untilFault = 65 * time.Second             // no client's heartbeat is due then
	outage     = 10*time.Minute + time.Second // no client dials just then
	healthy    = 20 * time.Minute             // after the fault, in all
)

var faults = []fault{
	{name: "FIN", do: func(srv *fake.Server) { srv.DropAll(fake.Fin()) }},
	{name: "RST", do: func(srv *fake.Server) { srv.DropAll(fake.Reset()) }},
	{name: "Close 1012", do: func(srv *fake.Server) { srv.DropAll(fake.Close(1012, "restart")) }},
	{name: "503 twice", do: func(srv *fake.Server) { srv.DropAll(fake.Fin()) },
		handlers: []fake.Handler{fake.RejectWith(503).Times(2)}, refused: 2},
	{name: "port closed for 10 min", outage: outage, do: func(srv *fake.Server) {
		_ = srv.Stop()
		srv.DropAll(fake.Fin())
		time.AfterFunc(outage, func() { _ = srv.Resume() })
	}},
	{name: "silence", silent: true, do: func(srv *fake.Server) { srv.DropAll(fake.GoDark()) }},
}

func TestReconnectingClients(t *testing.T) {
	for _, client := range reconnectingClients {
		t.Run(client.name, func(t *testing.T) {
			for _, f := range faults {
				t.Run(f.name, func(t *testing.T) {
					inVirtualTime(t, healthy, func(t *testing.T) { comesBack(t, client, f) })
				})
			}
		})
	}
}

// comesBack: after a fault the client dials when its documentation says so, stops
// dialling once it is connected, and stays connected.
func comesBack(t *testing.T, client reconnectingClient, f fault) {
	handlers := append([]fake.Handler{client.serve.Times(1)}, f.handlers...)
	srv := fake.InMemory(t, append(handlers, client.serve)...)
	up := client.start(t, srv)
	time.Sleep(untilFault)
	if !up() || len(srv.Conns()) != 1 {
		t.Fatalf("before the fault: connected is %v after %d attempts, want true after 1", up(), len(srv.Conns()))
	}

	since := srv.Mark("fault")
	f.do(srv)
	time.Sleep(healthy)

	want := schedule(client, f)
	if got := dials(since); !slices.Equal(got, want) {
		t.Errorf("after the fault the client dialled at\n\t%v, want\n\t%v", got, want)
	}
	if !up() {
		t.Errorf("%v after the fault the client is not connected", healthy)
	}
	if n := opened(since); n != 1 {
		t.Errorf("the client connected %d times after the fault, want once", n)
	}
}

// schedule is when the client has to dial, from the fault on.
func schedule(client reconnectingClient, f fault) []time.Duration {
	var at time.Duration
	if f.silent {
		at = client.notices
	}
	var want []time.Duration
	for n := 1; ; n++ {
		at += client.wait(n)
		want = append(want, at)
		if n > f.refused && at >= f.outage {
			return want
		}
	}
}

func opened(v *timeline.View) int {
	n := 0
	for e := range v.All() {
		if timeline.Opened.Is(e) {
			n++
		}
	}
	return n
}

// doubling is a wait of first before the second attempt, twice as long before each
// that follows, and never longer than most.
func doubling(n int, first, most time.Duration) time.Duration {
	wait := first
	for ; n > 2 && wait < most; n-- {
		wait *= 2
	}
	return min(wait, most)
}
