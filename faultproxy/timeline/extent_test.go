package timeline_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestAViewSaysWhenAndWithWhatItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		since := tl.Since(timeline.Ended(1), time.Second)
		time.Sleep(time.Second)
		mark := tl.Mark("halfway")
		time.Sleep(time.Second)
		if got := since.BeganAt(); got != 0 {
			t.Errorf("a view that has not begun began at %v", got)
		}
		tl.Append(timeline.Record{At: tl.Now(), Conn: 1, Kind: timeline.KindEnded})
		time.Sleep(2 * time.Second)
		late := tl.From(tl.Last() + 1)
		tl.Note("later")

		for _, c := range []struct {
			name  string
			v     *timeline.View
			at    time.Duration
			begin string
		}{
			{"everything", tl.View(), 0, ""},
			{"since the end, with grace", since, 3 * time.Second, "1s after the end of connection 1"},
			{"marked", mark, time.Second, `a note "halfway"`},
			{"from a number", tl.From(3), 2 * time.Second, "event 3"},
			{"from the newest on", late, 2 * time.Second, "event 3"},
			{"from beyond the newest", tl.From(99), 4 * time.Second, "event 99"},
			{"marked and since", mark.Since(timeline.Ended(1)), 2 * time.Second, "the end of connection 1"},
			{"the whole of a part", since.Whole(), 0, ""},
		} {
			if at, begin := c.v.BeganAt(), c.v.Beginning(); at != c.at || begin != c.begin {
				t.Errorf("%s: began at %v with %q, want %v and %q", c.name, at, begin, c.at, c.begin)
			}
		}
		if got := notes(since.Whole()); got != "halfway later" {
			t.Errorf("the whole of a part shows %q", got)
		}
	})
}

func TestTheTimeOfAnEventThatIsGone(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Events: 16})
	for i := range 200 {
		tl.Append(timeline.Record{At: time.Duration(i+1) * time.Second, Conn: 1, Kind: timeline.KindFrame})
		if i%50 == 0 {
			tl.Append(timeline.Record{At: time.Duration(i+1) * time.Second, Conn: 1, Kind: timeline.KindNote})
		}
	}
	if tl.Lost() == 0 {
		t.Fatal("nothing is gone")
	}
	for seq := 2; seq < tl.Last(); seq++ {
		kept := time.Duration(0)
		for e := range tl.All() {
			if e.Kind != timeline.KindLost && e.Seq < seq {
				kept = e.At
			}
		}
		if got := tl.From(seq).BeganAt(); got != kept {
			t.Fatalf("event %d begins at %v, want %v", seq, got, kept)
		}
	}
}

func TestATimelineSaysThatItIsClosed(t *testing.T) {
	tl := timeline.New()
	tl.Append(timeline.Record{At: time.Minute, Conn: 1, Kind: timeline.KindOpened})
	if tl.Closed() || tl.Recorded() || tl.Newest() != time.Minute {
		t.Errorf("closed %v, recorded %v, newest %v", tl.Closed(), tl.Recorded(), tl.Newest())
	}
	if err := tl.Close(); err != nil || !tl.Closed() {
		t.Errorf("closed %v after Close, %v", tl.Closed(), err)
	}
	loaded, err := timeline.ReadJSONL(strings.NewReader(`{"event":"opened","t":1,"conn":1}`))
	if err != nil || !loaded.Closed() || !loaded.Recorded() {
		t.Errorf("a recording: closed %v, recorded %v, %v", loaded.Closed(), loaded.Recorded(), err)
	}
}

func TestALifecycleHasNoData(t *testing.T) {
	tl := timeline.New()
	add := func(conn int, k timeline.Kind, op frame.Opcode) {
		tl.Append(timeline.Record{Conn: conn, Kind: k, Header: frame.Header{Fin: true, Opcode: op}})
	}
	add(1, timeline.KindRequest, 0)
	add(1, timeline.KindOpened, 0)
	add(2, timeline.KindFrameStart, frame.OpText)
	add(2, timeline.KindFrame, frame.OpText)
	add(1, timeline.KindFrame, frame.OpPing)
	add(1, timeline.KindBytes, 0)
	add(1, timeline.KindFrameStart, frame.OpClose)
	add(1, timeline.KindFrame, frame.OpClose)
	tl.Append(timeline.Record{Kind: timeline.KindLost, Bytes: 2})
	add(1, timeline.KindFIN, 0)
	add(1, timeline.KindEnded, 0)
	var got []string
	for e := range tl.View().Lifecycle().All() {
		got = append(got, e.Kind.String())
	}
	if want := "request opened frame lost fin ended"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if conns := tl.View().Lifecycle().Conns(); len(conns) != 1 || conns[0] != 1 {
		t.Errorf("connections %v", conns)
	}
	if n := tl.Conn(1).Lifecycle().Whole().Len(); n != 5 {
		t.Errorf("%d events of connection 1", n)
	}
}

func TestAViewKnowsItsVantagePoint(t *testing.T) {
	tl := timeline.New()
	if _, ok := tl.View().Vantage(); ok {
		t.Error("a view of everything has a vantage point")
	}
	for _, want := range []timeline.Vantage{timeline.AtProxy, timeline.AtServer} {
		if got, ok := tl.At(want).Conn(1).Whole().Vantage(); !ok || got != want {
			t.Errorf("%v, %v, want %v", got, ok, want)
		}
	}
}
