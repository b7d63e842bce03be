package replay_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What is recorded here cannot be had from servers and proxies at exactly these times.
func TestWhatFollowsACloseOrASilence(t *testing.T) {
	closes := func(t int) string {
		return fmt.Sprintf(`{"event":"frame","t":%d,"conn":1,"dir":"to-server","seen":"arrived","op":"close","fin":true,"rsv":0,"masked":true,"key":"01020304","len":2,"base64":"A+g="}`, t)
	}
	beat := func(t int, op, dir, seen string) string {
		return fmt.Sprintf(`{"event":"frame","t":%d,"conn":1,"dir":%q,"seen":%q,"op":%q,"fin":true,"rsv":0,"masked":%v,"len":1,"text":"a"}`, t, dir, seen, op, op == "ping")
	}
	echoes := `{"event":"frame","t":8,"conn":1,"dir":"to-client","seen":"left","op":"close","fin":true,"rsv":0,"masked":false,"len":2,"base64":"A+g="}`
	for _, test := range []struct {
		name   string
		doc    []byte
		client client
		sees   string
	}{
		{"nothing comes by the clock between the echo and a late FIN",
			lines(ready, opens(1, 0), says(1, 6, "never seen"), closes(8), echoes, fins(1, 12)),
			client{sends: []send{at(4*sec, frame.Close(1000, ""))}}, `4.000002s close "\x03\xe8"; 8.000002s FIN`},
		{"the last pong before a silence is not lost to it",
			lines(ready, opens(1, 0), beat(4, "ping", "to-server", "arrived"), beat(5, "pong", "to-client", "left"), `{"event":"silence","t":5,"conn":1,"dir":"to-client"}`),
			client{sends: []send{at(4*sec+9*ms, frame.Ping([]byte("x"))), at(5*sec, frame.Ping([]byte("y")))}, stays: 9 * sec}, `5.009002s pong "x"; 9s still open`},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				srv := played(t, n, read(t, test.doc), 1, false)
				if saw := short(test.client.meets(t, n, srv.URL)); saw != test.sees {
					t.Errorf("it saw %s, want %s", saw, test.sees)
				}
			})
		})
	}
}

// A client that has closed and keeps TCP open does not keep the connection for ever,
// and one that sends to a dead server is told so when it does.
func TestAClientThatStays(t *testing.T) {
	for _, test := range []struct {
		name   string
		server fake.Handler
		frames []send
		over   time.Duration
	}{
		{"behind its Close", fake.Echo, []send{at(2*sec, frame.Close(1000, ""))}, 7 * sec},
		{"behind the death of the server", fake.Script(fake.Pause(sec), fake.Fin()), []send{at(6*sec, frame.Text("anyone?"))}, 6 * sec},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				_, doc := seenByServer(t, n, test.server, client{sends: []send{at(2*sec, frame.Text("a")), at(20*sec, frame.Text("b"))}, deaf: true, stays: 30 * sec})
				srv := played(t, n, read(t, doc), 1, false)
				client{sends: test.frames, deaf: true, stays: 30 * sec}.meets(t, n, srv.URL)
				opened, end := happened(t, srv, timeline.Opened), happened(t, srv, timeline.Ended(1))
				if took := (end - opened).Round(ms); took != test.over {
					t.Errorf("over after %v, want %v", took, test.over)
				}
			})
		})
	}
}

// Nothing is left out unseen for a client that does not read: it loses the connection.
func TestAClientThatDoesNotRead(t *testing.T) {
	long := strings.Replace(says(1, 1, "long"), `"len":4`, `"len":35000000,"truncated":true`, 1)
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r, err := replay.Read(lines(ready, opens(1, 0), long, long, long, long), replay.Options{Pad: true})
		if err != nil {
			t.Fatal(err)
		}
		srv := r.Server().On(t, n).StartIn(t)
		client{deaf: true, stays: 30 * sec}.meets(t, n, srv.URL)
		if took := happened(t, srv, timeline.KindRST) - happened(t, srv, timeline.Opened); took.Round(sec) != 2*sec { // an ending waits for 1 s
			t.Errorf("reset after %v, want 2s", took)
		}
		var story strings.Builder
		if err := srv.Timeline.WriteText(&story); err != nil || !strings.Contains(story.String(), "not played: fakeserver: connection 1: 64 MiB are waiting for the client") {
			t.Errorf("the timeline does not say it (%v):\n%s", err, story.String())
		}
	})
}

// An end does not overtake what a slow client has not read yet.
func TestAClientThatReadsLate(t *testing.T) {
	long := strings.Replace(says(1, 1, "long"), `"len":4`, `"len":400000,"truncated":true`, 1)
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r, err := replay.Read(lines(ready, opens(1, 0), long, long, fins(1, 1)), replay.Options{Pad: true})
		if err != nil {
			t.Fatal(err)
		}
		saw := client{late: 4 * sec}.meets(t, n, played(t, n, r, 1, false).URL)
		if got := strings.Count(saw, `text fin=true rsv=0 masked=false "long`); got != 2 || !strings.Contains(saw, "s FIN\n") {
			t.Errorf("it saw %d of 2 messages: %.400s", got, saw)
		}
	})
}

// happened says when something did, which must not be still to come.
func happened(t *testing.T, srv *fake.Server, what timeline.Moment) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), sec)
	defer cancel()
	e, err := srv.Timeline.Wait(ctx, what)
	if err != nil {
		t.Fatal(err)
	}
	return e.At
}
