package timeline_test

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// record makes a record of a frame as it would be recorded off the wire.
func record(at time.Duration, conn int, dir frame.Direction, seen timeline.Seen, f frame.Frame) timeline.Record {
	if dir == frame.ToServer {
		f = f.WithMask([4]byte{0x11, 0x22, 0x33, 0x44})
	}
	wire := f.Append(nil)
	h, n := frame.ParseHeader(wire)
	return timeline.Record{At: at, Conn: conn, Kind: timeline.KindFrame, Dir: dir, Seen: seen, Header: h, Payload: wire[n:]}
}

func lifecycle(at time.Duration, conn int, kind timeline.Kind, pairs ...string) timeline.Record {
	r := timeline.Record{At: at, Conn: conn, Kind: kind}
	for i := 0; i < len(pairs); i += 2 {
		r.Fields = append(r.Fields, timeline.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return r
}

func TestAppendKeepsEverything(t *testing.T) {
	tl := timeline.New()
	rule := tl.Intern("drop-pongs")
	r := record(1500*time.Millisecond, 3, frame.ToServer, timeline.Arrived, frame.Frame{
		RSV: frame.RSV2, Opcode: frame.OpBinary, Payload: []byte{1, 2, 3}, LengthBytes: 8})
	r.Rule = rule
	r.Fields = []timeline.Field{{Name: "does", Value: "dropped"}, {Name: "empty"}}
	if seq := tl.Append(r); seq != 1 {
		t.Errorf("first sequence number is %d, want 1", seq)
	}
	if seq := tl.Append(timeline.Record{Kind: timeline.KindHeld, Conn: 3, Dir: frame.ToClient, Bytes: 77}); seq != 2 {
		t.Errorf("second sequence number is %d, want 2", seq)
	}
	want := []timeline.Event{{
		Seq: 1, At: 1500 * time.Millisecond, Conn: 3, Kind: timeline.KindFrame, Dir: frame.ToServer, Seen: timeline.Arrived,
		Rule: "drop-pongs", Payload: []byte{1, 2, 3}, Fields: r.Fields,
		Header: frame.Header{RSV: frame.RSV2, Opcode: frame.OpBinary, Masked: true, Key: [4]byte{0x11, 0x22, 0x33, 0x44}, Length: 3, Size: 14},
	}, {
		Seq: 2, Conn: 3, Kind: timeline.KindHeld, Dir: frame.ToClient, Count: 77,
	}}
	if got := tl.Events(); !reflect.DeepEqual(got, want) {
		t.Errorf("events:\n got %+v\nwant %+v", got, want)
	}
}

func TestAppendCopiesAndUnmasks(t *testing.T) {
	tl := timeline.New()
	wire := record(0, 1, frame.ToServer, timeline.Passed, frame.Text("hello"))
	tl.Append(wire)
	clear(wire.Payload)
	plain := record(0, 1, frame.ToServer, timeline.Passed, frame.Text("plain"))
	plain.Payload, plain.Plain = []byte("plain"), true
	tl.Append(plain)
	tl.Append(record(0, 1, frame.ToClient, timeline.Passed, frame.Text("bare")))
	for i, want := range []string{"hello", "plain", "bare"} {
		if got := string(tl.Events()[i].Payload); got != want {
			t.Errorf("payload %d is %q, want %q", i, got, want)
		}
	}
}

func TestPayloadLimit(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		limit, payload, kept int
		truncated            bool
	}{
		{0, 4096, 4096, false},
		{0, 4097, 4096, true},
		{10, 10, 10, false},
		{10, 11, 10, true},
		{-1, 1, 0, true},
		{-1, 0, 0, false},
	} {
		tl := timeline.NewWith(timeline.Limits{Payload: c.limit})
		tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text(long[:c.payload])))
		e := tl.Events()[0]
		if len(e.Payload) != c.kept || e.Truncated != c.truncated || strings.Trim(string(e.Payload), "x") != "" {
			t.Errorf("limit %d, payload %d: kept %d, truncated %t; want %d, %t",
				c.limit, c.payload, len(e.Payload), e.Truncated, c.kept, c.truncated)
		}
		if e.Header.Length != uint64(c.payload) {
			t.Errorf("limit %d, payload %d: length %d", c.limit, c.payload, e.Header.Length)
		}
		if e.View().Opaque != c.truncated {
			t.Errorf("limit %d, payload %d: opaque %t", c.limit, c.payload, e.View().Opaque)
		}
	}
	if got := timeline.New().PayloadLimit(); got != 4096 {
		t.Errorf("PayloadLimit is %d, want 4096", got)
	}
}

func TestCompressedPayloads(t *testing.T) {
	deflated := func(inflated, opaque bool, f frame.Frame) timeline.Event {
		tl := timeline.NewWith(timeline.Limits{Payload: 8})
		r := record(0, 1, frame.ToClient, timeline.Passed, f)
		r.Inflated, r.Opaque = inflated, opaque
		if inflated {
			r.Payload = []byte("inflated")
		}
		tl.Append(r)
		return tl.Events()[0]
	}
	first := frame.Frame{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Payload: []byte{1}}
	if e := deflated(false, false, first); !e.Opaque || e.Inflated || e.Truncated {
		t.Errorf("a compressed frame is %+v, want it opaque", e)
	}
	if e := deflated(true, false, first); e.Opaque || !e.Inflated || !e.Truncated {
		t.Errorf("an inflated frame that fills the limit is %+v, want it truncated", e)
	}
	if e := deflated(false, true, frame.Continuation(true, []byte{1})); !e.Opaque {
		t.Errorf("the rest of a compressed message is %+v, want it opaque", e)
	}
	if e := deflated(false, false, frame.Continuation(true, []byte{1})); e.Opaque {
		t.Errorf("a continuation is %+v, want it readable", e)
	}
}

func TestAppendNormalises(t *testing.T) {
	tl := timeline.New()
	tl.Append(timeline.Record{Kind: timeline.KindFrame, Conn: -4, Rule: 99, Header: frame.Header{Length: 300, Key: [4]byte{1}}, Payload: make([]byte, 300)})
	tl.Append(timeline.Record{})
	tl.Append(timeline.Record{Kind: timeline.KindNote, Fields: []timeline.Field{{Name: "name", Value: "a\xffb"}}})
	events := tl.Events()
	if e := events[0]; e.Conn != 0 || e.Rule != "" || e.Header.Size != 4 || e.Header.Key != [4]byte{} {
		t.Errorf("first event is %+v", e)
	}
	if e := events[1]; e.Kind != timeline.KindError || e.Field("error") == "" {
		t.Errorf("a record without a kind became %+v, want an error", e)
	}
	if got := events[2].Field("name"); got != "a\uFFFDb" {
		t.Errorf("name is %q", got)
	}
}

func TestIntern(t *testing.T) {
	tl := timeline.New()
	a, b := tl.Intern("a"), tl.Intern("b")
	if a == b || a == 0 || b == 0 || tl.Intern("a") != a || tl.Intern("") != 0 {
		t.Errorf("numbers %d, %d, again %d, empty %d", a, b, tl.Intern("a"), tl.Intern(""))
	}
	if tl.RuleName(a) != "a" || tl.RuleName(b) != "b" || tl.RuleName(0) != "" || tl.RuleName(77) != "" {
		t.Errorf("names %q, %q", tl.RuleName(a), tl.RuleName(b))
	}
	if id := tl.Intern("x\xff"); tl.RuleName(id) != "x\uFFFD" || tl.Intern("x\xff") != id {
		t.Errorf("a name that is not UTF-8 became %q", tl.RuleName(id))
	}
}

func TestInternTooManyNames(t *testing.T) {
	tl := timeline.New()
	name := func(i int) string { return string(rune('一'+i/1000)) + string(rune('一'+i%1000)) }
	for i := range 65_600 {
		tl.Intern(name(i))
	}
	if got := tl.RuleName(tl.Intern(name(65_534 - 1))); got != name(65_533) {
		t.Errorf("one of the first names is now %q", got)
	}
	if got := tl.RuleName(tl.Intern(name(65_599))); got != "one of too many rules" {
		t.Errorf("a name too many is %q", got)
	}
}

func TestNoteAndReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		time.Sleep(2 * time.Second)
		tl.Note("before deploy", timeline.Field{Name: "pods", Value: "3"})
		tl.Report("open", timeline.Field{Name: "attempt", Value: "1"})
		want := []timeline.Event{
			{Seq: 1, At: 2 * time.Second, Kind: timeline.KindNote, Fields: []timeline.Field{{Name: "name", Value: "before deploy"}, {Name: "pods", Value: "3"}}},
			{Seq: 2, At: 2 * time.Second, Kind: timeline.KindReport, Fields: []timeline.Field{{Name: "name", Value: "open"}, {Name: "attempt", Value: "1"}}},
		}
		if got := tl.Events(); !reflect.DeepEqual(got, want) {
			t.Errorf("events:\n got %+v\nwant %+v", got, want)
		}
	})
}

func TestClockAndSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tl := timeline.New()
		start := time.Now()
		time.Sleep(61 * time.Second)
		if !tl.Start().Equal(start) || tl.Now() != 61*time.Second || tl.Conn(1).Now() != tl.Now() {
			t.Errorf("start %v, now %v", tl.Start(), tl.Now())
		}
		if tl.Seed() != 0 {
			t.Errorf("seed %d before it was set", tl.Seed())
		}
		if tl.SetSeed(1 << 63); tl.Seed() != 1<<63 {
			t.Errorf("seed %d", tl.Seed())
		}
	})
}

func TestAppendRedacts(t *testing.T) {
	tl := timeline.New()
	fields := []timeline.Field{
		{Name: "target", Value: "/ws?token=hunter2&room=5"},
		{Name: "authorization", Value: "Bearer hunter2"},
		{Name: "origin", Value: "https://example.com"},
	}
	tl.Append(timeline.Record{Kind: timeline.KindRequest, Conn: 1, Fields: fields})
	if fields[1].Value != "Bearer hunter2" {
		t.Error("Append changed its caller's fields")
	}
	var b bytes.Buffer
	if err := tl.WriteJSONL(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") || !strings.Contains(b.String(), "room=5") || !strings.Contains(b.String(), "example.com") {
		t.Errorf("recorded %s", b.String())
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const frames = 50_000
	for _, payload := range []string{"", "abcd", "sixteen bytes ..", strings.Repeat("x", 200)} {
		tl := timeline.New()
		r := record(0, 1, frame.ToServer, timeline.Passed, frame.Text(payload))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range frames {
			tl.Append(r)
		}
		runtime.ReadMemStats(&after)
		if n := float64(after.Mallocs-before.Mallocs) / frames; n > 0.008 {
			t.Errorf("payload of %d bytes: %.4f allocations a frame, want less than 0.008", len(payload), n)
		}
	}
}
