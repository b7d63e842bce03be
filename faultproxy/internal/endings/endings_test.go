package endings

import (
	"fmt"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A cut that comes back at the same age is a lifetime, which one connection alone
// does not show: endings remembers those before.
func TestEndingsCompareConnections(t *testing.T) {
	tl := timeline.New()
	x := New(tl)
	var last diagnosis.Report
	text := frame.Text("x").Header()
	for n := 1; n <= 3*rememberedConns; n++ {
		start := time.Duration(n) * time.Hour
		record := func(at time.Duration, r timeline.Record) timeline.Event {
			r.At, r.Conn = start+at, n
			seq := tl.Append(r)
			for e := range tl.From(seq).All() {
				return e
			}
			t.Fatal("not recorded")
			return timeline.Event{}
		}
		x.See(record(0, timeline.Record{Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Arrived}))
		x.See(record(0, timeline.Record{Kind: timeline.KindOpened}))
		for i := range 50 + n { // the last bytes come at another time each
			x.See(record(time.Duration(i)*time.Second, timeline.Record{
				Kind: timeline.KindFrame, Dir: frame.ToClient, Seen: timeline.Passed, Header: text, Payload: []byte("x")}))
		}
		x.See(record(10*time.Minute, timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: timeline.Passed}))
		last = x.Diagnose(record(10*time.Minute, timeline.Record{Kind: timeline.KindEnded}))
	}
	if last.Cause.ID != diagnosis.IDMaxLifetime {
		t.Errorf("the cause is %v, want a maximum lifetime", last.Cause)
	}
	whole := diagnosis.Diagnose(tl, last.Conn)
	if whole.Cause.ID != last.Cause.ID || whole.CloseEvent != last.CloseEvent {
		t.Errorf("with the whole timeline it is %v, as it happened it was %v", whole.Cause, last.Cause)
	}
	if len(x.recent) != rememberedConns || len(x.live) != 0 {
		t.Errorf("%d ended and %d live connections are remembered, want %d and 0", len(x.recent), len(x.live), rememberedConns)
	}
	for _, o := range x.recent {
		if len(o.events) != rememberedEvents || o.events[0].Kind != timeline.KindOpened {
			t.Errorf("remembered %d events that begin with %v", len(o.events), o.events[0].Kind)
		}
	}
}

func BenchmarkDiagnoseAsTheyEnd(b *testing.B) {
	for _, live := range []int{1, 1000} {
		b.Run(fmt.Sprint(live, " connections"), func(b *testing.B) {
			tl := timeline.New()
			x := New(tl)
			for n := 1; b.Loop(); n++ {
				seq := tl.Append(timeline.Record{At: tl.Now(), Conn: n, Kind: timeline.KindOpened})
				x.See(timeline.Event{Seq: seq, Conn: n, Kind: timeline.KindOpened})
				if n > live {
					end := timeline.Event{Conn: n - live, Kind: timeline.KindEnded}
					tl.Append(timeline.Record{At: tl.Now(), Conn: end.Conn, Kind: end.Kind})
					x.Diagnose(end)
				}
			}
		})
	}
}
