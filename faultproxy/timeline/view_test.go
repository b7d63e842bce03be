package timeline_test

import (
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func seqs(events []timeline.Event) []int {
	var s []int
	for _, e := range events {
		s = append(s, e.Seq)
	}
	return s
}

// three connections, a note of none, and a number beyond every table.
func threeConns() *timeline.Timeline {
	tl := timeline.New()
	tl.Append(lifecycle(1, 1, timeline.KindRequest)) // 1
	tl.Append(lifecycle(2, 7, timeline.KindRequest)) // 2
	tl.Append(lifecycle(3, 0, timeline.KindNote))    // 3
	tl.Append(record(4, 1, frame.ToClient, timeline.Passed, frame.Text("a")))
	tl.Append(lifecycle(5, 1, timeline.KindEnded))         // 5
	tl.Append(lifecycle(6, 2e9, timeline.KindRequest))     // 6
	tl.Append(lifecycle(7, 7, timeline.KindEnded))         // 7
	tl.Append(lifecycle(8, 2_000_000, timeline.KindEnded)) // 8
	return tl
}

func TestViews(t *testing.T) {
	tl := threeConns()
	for _, c := range []struct {
		name  string
		src   timeline.Source
		seqs  []int
		conns []int
	}{
		{"all", tl, []int{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 7, 2_000_000, 2e9}},
		{"conn 1", tl.Conn(1), []int{1, 4, 5}, []int{1}},
		{"conn 7", tl.Conn(7), []int{2, 7}, []int{7}},
		{"far conn", tl.Conn(2e9), []int{6}, []int{2e9}},
		{"no conn", tl.Conn(0), []int{3}, nil},
		{"unknown conn", tl.Conn(99), nil, nil},
		{"from 5", tl.From(5), []int{5, 6, 7, 8}, []int{1, 7, 2_000_000, 2e9}},
		{"from 7", tl.From(7), []int{7, 8}, []int{7, 2_000_000}},
		{"conn 1 from 4", tl.Conn(1).From(4), []int{4, 5}, []int{1}},
		{"from 4 conn 1", tl.From(4).Conn(1), []int{4, 5}, []int{1}},
		{"from the end", tl.From(tl.Last() + 1), nil, nil},
		{"from 0", tl.From(-1), []int{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 7, 2_000_000, 2e9}},
	} {
		if got := seqs(c.src.Events()); !slices.Equal(got, c.seqs) {
			t.Errorf("%s: events %v, want %v", c.name, got, c.seqs)
		}
		if got := c.src.Len(); got != len(c.seqs) {
			t.Errorf("%s: Len %d, want %d", c.name, got, len(c.seqs))
		}
		if got := c.src.Conns(); !slices.Equal(got, c.conns) {
			t.Errorf("%s: Conns %v, want %v", c.name, got, c.conns)
		}
		if c.src.Lost() != 0 {
			t.Errorf("%s: Lost %d", c.name, c.src.Lost())
		}
	}
	if n, ok := tl.Conn(7).ConnNumber(); n != 7 || !ok {
		t.Errorf("ConnNumber %d, %t", n, ok)
	}
	if _, ok := tl.From(2).ConnNumber(); ok {
		t.Error("a view of all has a number")
	}
	if tl.Conn(7).Timeline() != tl {
		t.Error("a view does not know its timeline")
	}
}

func TestAllStops(t *testing.T) {
	tl := threeConns()
	n := 0
	for range tl.All() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d events", n)
	}
}

func TestAllEndsWhereItBegan(t *testing.T) {
	tl := threeConns()
	n := 0
	for range tl.All() {
		tl.Note("more") // would never end if All went on to what came since
		n++
	}
	if n != 8 {
		t.Errorf("%d events, want the 8 there were", n)
	}
}

func TestViewsAreLive(t *testing.T) {
	tl := timeline.New()
	v := tl.Conn(2)
	if v.Len() != 0 {
		t.Fatal("not empty")
	}
	tl.Append(lifecycle(0, 2, timeline.KindOpened))
	if v.Len() != 1 {
		t.Error("the view does not show what came since")
	}
}

func TestManyEventsInManyChunks(t *testing.T) {
	tl := timeline.New()
	const n = 20_000
	for i := range n {
		tl.Append(record(time.Duration(i), 1+i%3, frame.ToServer, timeline.Passed, frame.Text(string(rune('a'+i%26)))))
	}
	i := 0
	for e := range tl.All() {
		if e.Seq != i+1 || e.At != time.Duration(i) || e.Conn != 1+i%3 || string(e.Payload) != string(rune('a'+i%26)) {
			t.Fatalf("event %d is %+v", i, e)
		}
		i++
	}
	if i != n || tl.Len() != n || tl.Last() != n {
		t.Errorf("read %d, Len %d, Last %d, want %d", i, tl.Len(), tl.Last(), n)
	}
	if got := tl.Conn(2).Len(); got != n/3+1 {
		t.Errorf("connection 2 has %d", got)
	}
	if got := tl.From(15_000).Events()[0].Seq; got != 15_000 {
		t.Errorf("From(15000) begins with %d", got)
	}
}

// Events that were read stay what they were, whatever is recorded and thrown out
// afterwards.
func TestEventsNeverChange(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Events: 64})
	for i := range 32 {
		tl.Append(record(time.Duration(i), 1, frame.ToServer, timeline.Passed, frame.Text("before")))
	}
	early := tl.Events()
	want := slices.Clone(early)
	for i := range want {
		want[i].Payload = []byte("before")
	}
	for range 1000 {
		tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text("after!")))
	}
	if !reflect.DeepEqual(early, want) {
		t.Error("events changed")
	}
}

func TestConcurrentUse(t *testing.T) {
	const writers, each = 4, 2000
	tl := timeline.New()
	var readers, appenders sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			next := 1
			for e := range tl.Follow(t.Context()) {
				if e.Seq != next {
					t.Errorf("followed %d after %d", e.Seq, next-1)
					return
				}
				next++
			}
			if next != writers*each+1 {
				t.Errorf("follower saw %d events, want %d", next-1, writers*each)
			}
		})
	}
	for w := range writers {
		readers.Go(func() {
			e, err := tl.Wait(t.Context(), timeline.Ended(w+1))
			if err != nil || e.Conn != w+1 {
				t.Errorf("waited for the end of %d: %+v, %v", w+1, e, err)
			}
		})
		readers.Go(func() {
			for tl.Last() < writers*each {
				for e := range tl.Conn(w + 1).All() {
					if e.Conn != w+1 {
						t.Errorf("view of %d shows %d", w+1, e.Conn)
					}
				}
				tl.Conns()
				tl.Lost()
			}
		})
	}
	for w := range writers {
		appenders.Go(func() {
			for i := range each - 1 {
				r := record(tl.Now(), w+1, frame.ToServer, timeline.Passed, frame.Text("abcd"))
				if i%100 == 0 {
					r = lifecycle(tl.Now(), w+1, timeline.KindFault, "does", "nothing")
					r.Rule = tl.Intern("rule")
				}
				tl.Append(r)
			}
			tl.Append(lifecycle(tl.Now(), w+1, timeline.KindEnded))
		})
	}
	appenders.Wait()
	if err := tl.Close(); err != nil {
		t.Error(err)
	}
	readers.Wait()
}
