package fakeserver_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// What one script does at the same instant it does in the order in which it says it,
// every time.
func TestOneScriptOneTimeline(t *testing.T) {
	text := func(s string) fake.Step { return fake.Send(frame.Text(s)) }
	for name, test := range map[string]struct {
		script fake.Handler
		want   string // in part
	}{
		"orders and a pause": {fake.Script(fake.Beat(heartbeat.Text("beat", ""), time.Second), fake.Every(time.Second, text("every")), fake.Pause(3*time.Second), text("script")),
			`3s s1 to-client left frame text 4 B "beat"
3s s1 to-client left frame text 5 B "every"
3s s1 to-client left frame text 6 B "script"`},
		"the end comes last": {fake.Script(fake.Every(time.Second, text("t")), fake.Pause(3*time.Second), fake.Fin()),
			`3s s1 to-client left frame text 1 B "t"
3s s1 to-client fault`},
		"two queues": {fake.Script(fake.On(frame.Any, fake.Pause(time.Second), text("first")), fake.On(frame.Any, fake.Pause(time.Second), text("second"))),
			`1s s1 to-client left frame text 5 B "first"
1s s1 to-client left frame text 6 B "second"`},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]int{}
			for range 300 {
				synctest.Test(t, func(t *testing.T) {
					srv := fake.InMemory(t, test.script)
					c := dial(t, srv)
					c.send(frame.Text("hello"))
					time.Sleep(4500 * time.Millisecond)
					seen[srv.Timeline.CanonicalText()]++
				})
			}
			for got := range seen {
				if len(seen) > 1 || !strings.Contains(got, test.want) {
					t.Fatalf("%s; one of them:\n%s\nwant:\n%s", fmt.Sprint(len(seen), " timelines in 300 runs"), got, test.want)
				}
			}
		})
	}
}
