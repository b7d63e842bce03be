package timeline_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Records of several links at the same instants, appended in any order that keeps
// each link's own, are canonically the same.
func TestCanonicalOrderDoesNotDependOnScheduling(t *testing.T) {
	var links [][]timeline.Record
	for conn := 1; conn <= 3; conn++ {
		var shake []timeline.Record
		for _, k := range []timeline.Kind{timeline.KindRequest, timeline.KindDialed, timeline.KindResponse, timeline.KindOpened} {
			shake = append(shake, lifecycle(0, conn, k))
		}
		links = append(links, shake)
	}
	for conn := 1; conn <= 3; conn++ {
		for _, dir := range []frame.Direction{frame.ToServer, frame.ToClient} {
			var link []timeline.Record
			for i := range 20 {
				link = append(link, record(time.Duration(i/4)*time.Second, conn, dir, timeline.Passed, frame.Text(string(rune('a'+i)))))
			}
			link = append(link, travelling(lifecycle(4*time.Second, conn, timeline.KindFIN), dir, timeline.Passed))
			links = append(links, link)
		}
	}
	var want string
	var order []timeline.Event
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		tl := timeline.New()
		left := make([][]timeline.Record, len(links))
		copy(left, links)
		for _, shake := range left[:3] {
			for _, r := range shake {
				tl.Append(r)
			}
		}
		left = left[3:]
		for at := time.Duration(0); at <= 4*time.Second; at += time.Second {
			for {
				var ready []int
				for i, l := range left {
					if len(l) > 0 && l[0].At == at {
						ready = append(ready, i)
					}
				}
				if len(ready) == 0 {
					break
				}
				i := ready[rng.IntN(len(ready))]
				tl.Append(left[i][0])
				left[i] = left[i][1:]
			}
		}
		for _, conn := range rng.Perm(3) {
			tl.Append(lifecycle(4*time.Second, conn+1, timeline.KindEnded))
		}
		got := tl.CanonicalText()
		if want == "" {
			want, order = got, tl.Canonical()
		}
		if got != want {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, got, want)
		}
	}
	ends, kinds := 0, map[timeline.Kind]int{}
	for _, e := range order {
		if kinds[timeline.KindFrame] > 0 && e.Conn == 1 && e.Kind == timeline.KindOpened {
			t.Error("a frame comes before its connection is open")
		}
		if e.Kind == timeline.KindEnded {
			ends++
		}
		kinds[e.Kind]++
	}
	if ends != 3 || order[len(order)-1].Kind != timeline.KindEnded {
		t.Errorf("the end is not last: %v", order[len(order)-1])
	}
}

func TestCanonicalTextLeavesAccidentsOut(t *testing.T) {
	of := func(port, key string, mask byte, payload string) string {
		tl := timeline.New()
		tl.Append(lifecycle(0, 0, timeline.KindAccepted, "remote", "127.0.0.1:"+port, "local", "127.0.0.1:80"))
		tl.Append(travelling(lifecycle(1, 1, timeline.KindRequest, "target", "/ws", "host", "localhost:"+port, "sec-websocket-key", key), frame.ToServer, timeline.Arrived))
		r := record(2, 1, frame.ToServer, timeline.Passed, frame.Text(payload).WithMask([4]byte{mask}))
		r.Rule = tl.Intern("r")
		tl.Append(r)
		tl.Append(timeline.Record{At: 3, Conn: 1, Kind: timeline.KindHeld, Dir: frame.ToClient, Bytes: 4})
		tl.Append(timeline.Record{Kind: timeline.KindLost, Bytes: 2})
		return tl.CanonicalText()
	}
	long := strings.Repeat("x", 100)
	a := of("4711", "aaaa", 1, long)
	if b := of("12345", "bbbb", 2, long); a != b {
		t.Errorf("differ by accident:\n%s\n%s", a, b)
	}
	if b := of("4711", "aaaa", 1, long+"y"); a == b {
		t.Error("a difference is left out")
	}
	if b := of("4711", "aaaa", 1, long[1:]+"y"); a == b {
		t.Error("a difference where the text is cut is left out")
	}
	sameLines(t, strings.Split(strings.TrimSpace(of("1000", "k", 1, "hi")), "\n"), `
0s - accepted
1ns #1 to-server arrived request target="/ws" host="localhost:PORT"
2ns #1 to-server passed frame text 2 B "hi" rule="r"
3ns - lost 2 events
3ns #1 to-client held 4 bytes
`)
}

func TestCanonicalOfAView(t *testing.T) {
	tl := threeConns()
	if got := tl.Conn(1).Canonical(); !reflect.DeepEqual(got, tl.Conn(1).Events()) {
		t.Errorf("got %v", got)
	}
}
