package zoo_test

import (
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestOnlyARightRedAndAGreenAreRight(t *testing.T) {
	b := bug{red: "connections: 2"}
	green := &trial{release: "green"}
	red := &trial{failures: []string{"Failed after 7 s.\nconnections: 2, expected 1"}}
	other := &trial{failures: []string{"connections: 0, expected 1"}, log: []string{"it could not start"}}
	for _, c := range []struct {
		buggy, fixed *trial
		want         []string
	}{
		{red, green, nil},
		{green, green, []string{"does not see the bug"}},
		{other, green, []string{"it could not start"}},
		{red, other, []string{"connections: 0"}},
		{green, red, []string{"does not see the bug", "connections: 2"}},
	} {
		got := objections(b, c.buggy, c.fixed)
		if len(got) != len(c.want) {
			t.Errorf("objections %q, want %q", got, c.want)
			continue
		}
		for i, o := range got {
			if !strings.Contains(o, c.want[i]) {
				t.Errorf("objection %q, want %q in it", o, c.want[i])
			}
		}
	}
}

func TestCounts(t *testing.T) {
	tl := timeline.New()
	happens := func(conn int, kind timeline.Kind, dir frame.Direction) {
		tl.Append(timeline.Record{Conn: conn, Kind: kind, Dir: dir, Seen: timeline.Arrived})
	}
	beat := frame.Ping([]byte("1"))
	for conn := range 4 {
		happens(conn+1, timeline.KindOpened, 0)
	}
	for i, dir := range []frame.Direction{frame.ToServer, frame.ToClient, frame.ToClient} {
		tl.Append(timeline.Record{Conn: i + 1, Kind: timeline.KindFrame, Dir: dir, Seen: timeline.Passed, Header: beat.Header(), Payload: beat.Payload})
	}
	happens(1, timeline.KindFIN, frame.ToClient) // the client may still be there
	happens(2, timeline.KindFIN, frame.ToServer)
	happens(3, timeline.KindRST, frame.ToClient)
	tl.Report("ready")

	for _, c := range []struct {
		count *count
		want  string
	}{
		{haveConnected(5), "connections: 4, expected 5"},
		{haveLive(3), "live connections: 2, expected 3"},
		{haveSent(beat).between(2, 3), "sent ping \"1\": 1, expected 2 to 3"},
		{haveReceived(beat).between(3, many), "received ping \"1\": 2, expected at least 3"},
		{haveHeartbeats(heartbeat.Protocol()).between(0, 0), "heartbeats: 1, expected 0"},
		{haveReported("gone"), "reports of gone: 0, expected at least 1"},
		{haveReported("ready"), ""},
	} {
		got := ""
		ok, err := c.count.Match(tl)
		if !ok {
			got = c.count.FailureMessage(tl)
		}
		if err != nil || got != c.want {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
	if ok, _ := haveConnected(0).Match(tl.Since(timeline.Noted("never"))); ok {
		t.Error("a view that has not begun satisfied a count")
	}
}
