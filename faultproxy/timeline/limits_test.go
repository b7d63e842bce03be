package timeline_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func count(events []timeline.Event, kind timeline.Kind) int {
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestFramesOfEndedConnectionsGoFirst(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Events: 160})
	add := func(conn, n int) {
		for range n {
			tl.Append(record(tl.Now(), conn, frame.ToServer, timeline.Passed, frame.Text("x")))
		}
	}
	tl.Append(lifecycle(0, 1, timeline.KindRequest))
	tl.Append(lifecycle(0, 2, timeline.KindRequest))
	add(1, 40) // older, and lives
	add(2, 40)
	tl.Append(lifecycle(0, 2, timeline.KindEnded))
	add(1, 90)
	if got := tl.Conn(1).Lost(); got != 0 {
		t.Errorf("the live connection lost %d events while there were frames of an ended one", got)
	}
	if got := tl.Conn(2).Lost(); got == 0 {
		t.Error("the ended connection lost nothing")
	}
	add(1, 200)
	events := tl.Conn(2).Events()
	if count(events, timeline.KindFrame) != 0 || tl.Conn(2).Lost() != 40 {
		t.Errorf("the ended connection still has %d frames and lost %d", count(events, timeline.KindFrame), tl.Conn(2).Lost())
	}
	if count(events, timeline.KindRequest) != 1 || count(events, timeline.KindEnded) != 1 || count(events, timeline.KindLost) != 1 {
		t.Errorf("what is left of the ended connection:\n%v", events)
	}
	if lost := tl.Conn(1).Lost(); lost == 0 {
		t.Error("the live connection lost nothing in the end")
	}
	if tl.Len() > 160*9/8 {
		t.Errorf("%d events are kept, with a limit of 160", tl.Len())
	}
}

func TestOldestFramesGoFirst(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Events: 100})
	for i := range 1000 {
		tl.Append(record(time.Duration(i), 1, frame.ToServer, timeline.Passed, frame.Text("x")))
	}
	events := tl.Events()
	if events[0].Kind != timeline.KindLost || events[0].Seq != 1 || events[0].Count != tl.Lost() {
		t.Fatalf("begins with %+v, lost %d", events[0], tl.Lost())
	}
	for i, e := range events[1:] {
		if e.Seq != events[0].Count+1+i {
			t.Fatalf("event %d has number %d", i, e.Seq)
		}
	}
	if n := tl.Len(); n < 80 || n > 112 || events[len(events)-1].Seq != 1000 {
		t.Errorf("%d events are kept", n)
	}
	if got := tl.From(990).Lost(); got != 0 {
		t.Errorf("the view from 990 lost %d", got)
	}
	if got := tl.From(500).Events()[0]; got.Kind != timeline.KindLost || got.Seq != 500 || got.Count != events[0].Count-499 {
		t.Errorf("the view from 500 begins with %+v", got)
	}
}

func TestLifecycleEventsNeverGo(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Events: 100, Bytes: 4096})
	for i := range 1000 {
		tl.Append(lifecycle(0, i+1, timeline.KindRequest, "target", "/ws"))
		tl.Append(record(0, i+1, frame.ToServer, timeline.Passed, frame.Text("payload")))
		tl.Append(timeline.Record{Conn: i + 1, Kind: timeline.KindBytes, Dir: frame.ToServer, Bytes: 3})
		tl.Append(lifecycle(0, i+1, timeline.KindEnded))
	}
	events := tl.Events()
	for _, kind := range []timeline.Kind{timeline.KindRequest, timeline.KindEnded} {
		if got := count(events, kind); got != 1000 {
			t.Errorf("%d events %v, want all 1000", got, kind)
		}
	}
	if got := count(events, timeline.KindFrame) + count(events, timeline.KindBytes); got > 40 {
		t.Errorf("%d frames are left", got)
	}
	for _, e := range events {
		if e.Kind == timeline.KindRequest && e.Field("target") != "/ws" {
			t.Fatalf("lost its field: %+v", e)
		}
	}
	if tl.Lost()+tl.Len() != tl.Last() {
		t.Errorf("lost %d, kept %d, recorded %d", tl.Lost(), tl.Len(), tl.Last())
	}
}

func TestBytesLimit(t *testing.T) {
	const limit = 1 << 20
	tl := timeline.NewWith(timeline.Limits{Bytes: limit})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	payload := make([]byte, 4096)
	for range 20_000 {
		tl.Append(record(0, 1, frame.ToClient, timeline.Passed, frame.Binary(payload)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > limit*3/2 {
		t.Errorf("%d bytes are kept, with a limit of %d", used, limit)
	}
	if n := tl.Len(); n < 150 || n > limit/4096*9/8 {
		t.Errorf("%d events are kept", n)
	}
	runtime.KeepAlive(tl)
}

// Whatever is recorded in whatever order, nothing is missing that is not counted,
// for the timeline and for each connection.
func TestEverythingIsKeptOrCounted(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		limits := timeline.Limits{Events: 20 + rng.IntN(400), Bytes: 2000 + rng.IntN(60_000), Payload: 1 + rng.IntN(300)}
		tl := timeline.NewWith(limits)
		recorded := map[int][]int{} // numbers, by connection
		lifecycles := 0
		for i := range 3000 {
			conn := 1 + rng.IntN(8) + i/400*8*rng.IntN(2)
			recorded[conn] = append(recorded[conn], i+1)
			switch rng.IntN(30) {
			case 0:
				tl.Append(lifecycle(0, conn, timeline.KindEnded))
				lifecycles++
			case 1:
				tl.Append(lifecycle(0, conn, timeline.KindFault, "does", "something"))
				lifecycles++
			default:
				tl.Append(record(0, conn, frame.ToServer, timeline.Passed, frame.Binary(make([]byte, rng.IntN(400)))))
			}
		}
		if tl.Len()+tl.Lost() != 3000 || tl.Last() != 3000 {
			t.Fatalf("seed %d: kept %d, lost %d of 3000", seed, tl.Len(), tl.Lost())
		}
		events := tl.Events()
		lost, kept, next := 0, 0, 1
		for _, e := range events {
			if e.Seq != next {
				t.Fatalf("seed %d: %d after %d", seed, e.Seq, next-1)
			}
			next++
			if e.Kind == timeline.KindLost {
				lost += e.Count
				next += e.Count - 1
			} else {
				kept++
			}
		}
		if kept != tl.Len() || lost != tl.Lost() {
			t.Fatalf("seed %d: read %d and %d lost, want %d and %d", seed, kept, lost, tl.Len(), tl.Lost())
		}
		if got := count(events, timeline.KindEnded) + count(events, timeline.KindFault); got != lifecycles {
			t.Fatalf("seed %d: %d of %d lifecycle events", seed, got, lifecycles)
		}
		for conn, own := range recorded {
			for e := range tl.Conn(conn).All() {
				if len(own) == 0 || e.Seq != own[0] || e.Conn != conn {
					t.Fatalf("seed %d: connection %d: %+v where %v should be", seed, conn, e, own)
				}
				own = own[max(e.Count, 1):]
			}
			if len(own) != 0 {
				t.Fatalf("seed %d: connection %d: %v are neither there nor lost", seed, conn, own)
			}
		}
		if tl.Len() > limits.Events*9/8+lifecycles+8 {
			t.Fatalf("seed %d: %d kept, limit %d, %d lifecycle events", seed, tl.Len(), limits.Events, lifecycles)
		}
	}
}

func TestLostBeforeTheyCame(t *testing.T) {
	tl := timeline.New()
	tl.Append(lifecycle(time.Second, 1, timeline.KindOpened))
	if seq := tl.Append(timeline.Record{Kind: timeline.KindLost, Bytes: 10}); seq != 11 {
		t.Errorf("number %d after ten lost, want 11", seq)
	}
	tl.Append(lifecycle(3*time.Second, 1, timeline.KindEnded))
	tl.Append(timeline.Record{Kind: timeline.KindLost})
	for _, src := range []timeline.Source{tl, tl.Conn(1)} {
		events := src.Events()
		if len(events) != 4 || src.Lost() != 11 || src.Len() != 2 {
			t.Fatalf("%d events, lost %d, Len %d", len(events), src.Lost(), src.Len())
		}
		if e := events[1]; e.Kind != timeline.KindLost || e.Seq != 2 || e.Count != 10 || e.At != time.Second {
			t.Errorf("gap is %+v", e)
		}
		if e := events[2]; e.Seq != 12 {
			t.Errorf("after the gap comes %+v", e)
		}
		if e := events[3]; e.Kind != timeline.KindLost || e.Seq != 13 || e.Count != 1 || e.At != 3*time.Second {
			t.Errorf("last is %+v", e)
		}
	}
}

func TestGapsHaveTheTimeOfTheEventBefore(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Events: 80})
	for i := range 500 {
		at := time.Duration(i + 1)
		if i%5 == 0 {
			tl.Append(lifecycle(at, 1, timeline.KindFault, "does", "nothing"))
		} else {
			tl.Append(record(at, 1, frame.ToServer, timeline.Passed, frame.Text("x")))
		}
	}
	for from := 2; from < 300; from++ {
		e := tl.From(from).Events()[0]
		kept := (from-1)/5*5 + 1 // the number, and time, of the last event that is no frame
		if kept == from {
			continue
		}
		if e.Kind != timeline.KindLost || e.Seq != from || e.Count != kept+5-from || e.At != time.Duration(kept) {
			t.Fatalf("from %d: %+v, want the gap after %d", from, e, kept)
		}
	}
}
