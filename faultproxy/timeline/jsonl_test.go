package timeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const header = `{"event":"ready","v":1,"start":"2026-03-01T12:00:00.5Z","seed":"7"}` + "\n"

func TestJSONLines(t *testing.T) {
	rule := func(tl *timeline.Timeline) timeline.RuleID { return tl.Intern("r") }
	for _, c := range []struct {
		name   string
		record timeline.Record
		rule   bool
		want   string
	}{
		{"text", record(1004000123, 1, frame.ToServer, timeline.Passed, frame.Text("hello \"you\"\n\x00ö")), false,
			`{"event":"frame","t":1.004000123,"conn":1,"dir":"to-server","seen":"passed","op":"text","fin":true,"rsv":0,"masked":true,"key":"11223344","len":15,"text":"hello \"you\"\n\u0000ö"}`},
		{"binary", record(time.Second, 1, frame.ToClient, timeline.Arrived, frame.Binary([]byte{0xff, 0})), true,
			`{"event":"frame","t":1,"conn":1,"dir":"to-client","seen":"arrived","op":"binary","fin":true,"rsv":0,"masked":false,"len":2,"base64":"/wA=","rule":"r"}`},
		{"close", record(-1500*ms, 2, frame.ToClient, timeline.Left, frame.Close(1012, "restart")), false,
			`{"event":"frame","t":-1.5,"conn":2,"dir":"to-client","seen":"left","op":"close","fin":true,"rsv":0,"masked":false,"len":9,"code":1012,"reason":"restart","base64":"A/RyZXN0YXJ0"}`},
		{"empty close", record(0, 2, frame.ToClient, timeline.Left, frame.EmptyClose()), false,
			`{"event":"frame","t":0,"conn":2,"dir":"to-client","seen":"left","op":"close","fin":true,"rsv":0,"masked":false,"len":0,"code":1005,"reason":""}`},
		{"illegal", record(0, 2, frame.ToClient, timeline.Passed, frame.Frame{RSV: 7, Opcode: 3, LengthBytes: 8}), false,
			`{"event":"frame","t":0,"conn":2,"dir":"to-client","seen":"passed","op":"reserved(0x3)","fin":false,"rsv":7,"masked":false,"len":0,"size":10}`},
		{"request", travelling(lifecycle(3*ms, 1, timeline.KindRequest, "method", "GET", "target", "/ws?x=1&token=t"), frame.ToServer, timeline.Arrived), false,
			`{"event":"request","t":0.003,"conn":1,"dir":"to-server","seen":"arrived","method":"GET","target":"/ws?x=1&token=[redacted]"}`},
		{"clash", lifecycle(0, 0, timeline.KindReport, "name", "close", "text", "not a payload", "code", "1006"), false,
			`{"event":"report","t":0,"fields":[["name","close"],["text","not a payload"],["code","1006"]]}`},
		{"twice", lifecycle(0, 1, timeline.KindResponse, "x", "1", "x", "2"), false,
			`{"event":"response","t":0,"conn":1,"fields":[["x","1"],["x","2"]]}`},
		{"exit", lifecycle(0, 0, timeline.KindExit, "code", "1"), false, `{"event":"exit","t":0,"code":"1"}`},
		{"ended", lifecycle(0, 1, timeline.KindEnded, "cause", "mine"), false, `{"event":"ended","t":0,"conn":1,"fields":[["cause","mine"]]}`},
		{"held", timeline.Record{Conn: 1, Kind: timeline.KindHeld, Dir: frame.ToServer, Bytes: 9}, false,
			`{"event":"held","t":0,"conn":1,"dir":"to-server","bytes":9}`},
	} {
		tl := timeline.New()
		if c.rule {
			c.record.Rule = rule(tl)
		}
		tl.Append(c.record)
		got := string(tl.Events()[0].AppendJSON([]byte("> ")))
		if got != "> "+c.want {
			t.Errorf("%s:\n got %s\nwant > %s", c.name, got, c.want)
		}
		back, err := timeline.ReadJSONL(strings.NewReader(c.want))
		if err != nil || !reflect.DeepEqual(back.Events(), tl.Events()) {
			t.Errorf("%s: read back as %+v, %v\nwant %+v", c.name, back.Events(), err, tl.Events())
		}
	}
}

func TestExtraKeys(t *testing.T) {
	e := timeline.Event{Kind: timeline.KindEnded, Conn: 1}
	got := string(e.AppendJSON(nil, timeline.Extra{Key: "code", Value: 1006}, timeline.Extra{Key: "cause", Value: "idle"},
		timeline.Extra{Key: "never", Value: math.Inf(1)}))
	if want := `{"event":"ended","t":0,"conn":1,"code":1006,"cause":"idle","never":"+Inf"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	tl, err := timeline.ReadJSONL(strings.NewReader(got))
	if err != nil || len(tl.Events()[0].Fields) != 0 {
		t.Errorf("read back as %+v, %v", tl.Events(), err)
	}
}

func TestRecordingRoundTrip(t *testing.T) {
	tl := threeConns()
	tl.SetSeed(math.MaxUint64)
	var b bytes.Buffer
	if err := tl.WriteJSONL(&b, timeline.Extra{Key: "url", Value: "ws://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(b.String(), "\n")
	var ready struct {
		Event, URL, Seed string
		V                int
		Start            time.Time
	}
	if err := json.Unmarshal([]byte(first), &ready); err != nil || ready.Event != "ready" || ready.V != 1 ||
		ready.URL != "ws://127.0.0.1:1" || ready.Seed != "18446744073709551615" || !ready.Start.Equal(tl.Start()) {
		t.Errorf("first line is %s", first)
	}
	back, err := timeline.ReadJSONL(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Events(), tl.Events()) || back.Seed() != tl.Seed() || !back.Start().Equal(tl.Start()) {
		t.Errorf("read back %+v", back.Events())
	}
	if back.Now() != 8 {
		t.Errorf("Now of a recording is %v, want the time of its last event", back.Now())
	}
	if _, err := back.Wait(t.Context(), timeline.Ended(99)); !errors.Is(err, timeline.ErrClosed) {
		t.Errorf("waiting on a recording: %v", err)
	}
	n := 0
	for range back.Follow(t.Context()) {
		n++
	}
	if n != 8 {
		t.Errorf("following a recording yields %d events", n)
	}
}

// randomTimeline fills a timeline with records of every shape.
func randomTimeline(rng *rand.Rand, limits timeline.Limits) *timeline.Timeline {
	tl := timeline.NewWith(limits)
	tl.SetSeed(rng.Uint64())
	letters := []string{"a", "token", "text", "len", "event", "fields", "ö\x00", "\xff", `"`, "\u2028", "", "t", "code", "?key=x", "\n"}
	text := func() string {
		var b strings.Builder
		for range rng.IntN(4) {
			b.WriteString(letters[rng.IntN(len(letters))])
		}
		return b.String()
	}
	for range rng.IntN(300) {
		r := timeline.Record{
			At: time.Duration(rng.Int64N(1 << 60)), Conn: rng.IntN(5), Kind: timeline.Kind(1 + rng.IntN(int(timeline.KindLost))),
			Dir: frame.Direction(rng.IntN(4)), Seen: timeline.Seen(rng.IntN(4)), Rule: tl.Intern(text()),
			Header: frame.Header{Fin: rng.IntN(2) == 0, RSV: uint8(rng.IntN(8)), Opcode: frame.Opcode(rng.IntN(16)), Masked: rng.IntN(2) == 0,
				Key: [4]byte{byte(rng.Uint32()), 1, 2, 3}, Length: rng.Uint64() >> rng.IntN(64), Size: rng.IntN(16)},
			Plain: rng.IntN(2) == 0, Inflated: rng.IntN(8) == 0, Opaque: rng.IntN(8) == 0,
		}
		if rng.IntN(3) > 0 {
			r.Payload = []byte(text())
			if rng.IntN(2) == 0 {
				r.Header.Length = uint64(len(r.Payload))
			}
		}
		if rng.IntN(3) == 0 {
			r.Bytes = rng.IntN(50)
		}
		for range rng.IntN(3) {
			r.Fields = append(r.Fields, timeline.Field{Name: text(), Value: text()})
		}
		if r.Kind == timeline.KindEnded && rng.IntN(3) > 0 {
			r.Kind = timeline.KindFrame
		}
		tl.Append(r)
	}
	return tl
}

func TestRandomRoundTrips(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 2))
		tl := randomTimeline(rng, timeline.Limits{Events: 20 + rng.IntN(400), Payload: rng.IntN(30) - 1})
		var b, again bytes.Buffer
		if err := tl.WriteJSONL(&b); err != nil {
			t.Fatal(err)
		}
		written := b.String()
		back, err := timeline.ReadJSONL(&b)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, written)
		}
		want, got := tl.Events(), back.Events()
		for i := range max(len(want), len(got)) {
			if i >= len(want) || i >= len(got) || !reflect.DeepEqual(want[i], got[i]) {
				t.Fatalf("seed %d: event %d of %d\nread %+v\nwant %+v\nin %s", seed, i, len(want), got[min(i, len(got)-1)], want[min(i, len(want)-1)], written)
			}
		}
		if back.Lost() != tl.Lost() || back.Len() != tl.Len() || back.Seed() != tl.Seed() {
			t.Fatalf("seed %d: lost %d, kept %d; want %d, %d", seed, back.Lost(), back.Len(), tl.Lost(), tl.Len())
		}
		if err := back.WriteJSONL(&again); err != nil || again.String() != written {
			t.Fatalf("seed %d: written again it differs", seed)
		}
	}
}

func TestReadIsLenientWhereItMay(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no header", `{"event":"opened","t":1,"conn":1}`, "opened"},
		{"blank lines", header + "\n  \n" + `{"event":"opened","t":1,"conn":1}` + "\r\n\n", "opened"},
		{"unknown event", header + `{"event":"solar-flare","t":1,"x":[1]}` + "\n" + `{"event":"note","t":1}`, "note"},
		{"unknown keys", header + `{"event":"frame","t":1,"op":"ping","len":0,"novelty":{"a":[1,"x"]},"count":null}`, "frame"},
		{"numbers", header + `{"event":"opened","t":1.5e0,"conn":1}` + "\n" + `{"event":"opened","t":1.50000000099,"conn":1}`, "opened opened"},
		{"seed as number", `{"event":"ready","v":1,"seed":7}`, ""},
		{"older version", `{"event":"ready","v":0}`, ""},
	} {
		tl, err := timeline.ReadJSONL(strings.NewReader(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var kinds []string
		for e := range tl.All() {
			kinds = append(kinds, e.Kind.String())
			if c.name == "numbers" && e.At != 1500*ms {
				t.Errorf("%s: %v", c.name, e.At)
			}
		}
		if got := strings.Join(kinds, " "); got != c.want {
			t.Errorf("%s: events %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReadStopsAtWhatItCannotRead(t *testing.T) {
	good := `{"event":"opened","t":1,"conn":1}` + "\n"
	for _, c := range []struct{ name, line, says string }{
		{"cut", `{"event":"frame","t":2,"conn":1,"te`, "ends in the middle of a line"},
		{"garbage", "\x00\x01garbage\n", "not JSON"},
		{"no object", "[1]\n", "not a JSON object"},
		{"two objects", `{"event":"note","t":1} {}` + "\n", "more than one JSON object"},
		{"no event", `{"t":1}` + "\n", `no "event" key`},
		{"event is no name", `{"event":3}` + "\n", `key "event"`},
		{"later version", `{"event":"ready","v":2}` + "\n", "version 2 and this program reads up to 1"},
		{"start", `{"event":"ready","start":"yesterday"}` + "\n", "yesterday"},
		{"seed", `{"event":"ready","seed":"-1"}` + "\n", `key "seed"`},
		{"time", `{"event":"note","t":"soon"}` + "\n", "not a time in seconds"},
		{"far time", `{"event":"note","t":1e300}` + "\n", "not a time in seconds"},
		{"farther time", `{"event":"note","t":9223372036.9}` + "\n", "not a time in seconds"},
		{"conn", `{"event":"note","t":1,"conn":-1}` + "\n", `key "conn"`},
		{"dir", `{"event":"fin","t":1,"dir":"up"}` + "\n", "to-server"},
		{"seen", `{"event":"fin","t":1,"seen":"twice"}` + "\n", "arrived, left or passed"},
		{"op", `{"event":"frame","t":1,"op":"pnig"}` + "\n", "ping"},
		{"rsv", `{"event":"frame","t":1,"rsv":8}` + "\n", "three bits"},
		{"key", `{"event":"frame","t":1,"key":"12"}` + "\n", "8 hex digits"},
		{"len", `{"event":"frame","t":1,"len":-1}` + "\n", `key "len"`},
		{"size", `{"event":"frame","t":1,"size":15}` + "\n", "2 to 14 bytes"},
		{"bytes", `{"event":"held","t":1,"bytes":-1}` + "\n", `key "bytes"`},
		{"count", `{"event":"lost","t":1,"count":99999999999999}` + "\n", `key "count"`},
		{"base64", `{"event":"frame","t":1,"base64":"?"}` + "\n", `key "base64"`},
		{"text", `{"event":"frame","t":1,"text":3}` + "\n", `key "text"`},
		{"fields", `{"event":"note","t":1,"fields":[["a"]]}` + "\n", "want pairs"},
		{"fields object", `{"event":"note","t":1,"fields":{}}` + "\n", `key "fields"`},
	} {
		tl, err := timeline.ReadJSONL(strings.NewReader(header + good + good + c.line + good))
		if c.name == "cut" {
			tl, err = timeline.ReadJSONL(strings.NewReader(header + good + good + c.line))
		}
		var failure *timeline.ReadError
		if !errors.As(err, &failure) || failure.Line != 4 || failure.Kept != 2 {
			t.Errorf("%s: error is %v", c.name, err)
			continue
		}
		for _, want := range []string{c.says, "line 4", "2 events before it were kept"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", c.name, err, want)
			}
		}
		if tl.Len() != 2 {
			t.Errorf("%s: %d events were kept", c.name, tl.Len())
		}
	}
}

func TestReadReportsBrokenReaders(t *testing.T) {
	whole := header + `{"event":"opened","t":1,"conn":1}` + "\n"
	tl, err := timeline.ReadJSONL(io.MultiReader(strings.NewReader(whole), iotest.ErrReader(io.ErrClosedPipe)))
	if !errors.Is(err, io.ErrClosedPipe) || tl.Len() != 1 {
		t.Errorf("%d events, %v", tl.Len(), err)
	}
	if _, err := timeline.ReadJSONL(iotest.OneByteReader(strings.NewReader(whole))); err != nil {
		t.Error(err)
	}
}

func TestReadKeepsLongPayloads(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Payload: 1 << 20})
	tl.Append(record(0, 1, frame.ToServer, timeline.Passed, frame.Text(strings.Repeat("x", 1<<20))))
	var b bytes.Buffer
	if err := tl.WriteJSONL(&b); err != nil {
		t.Fatal(err)
	}
	back, err := timeline.ReadJSONL(&b)
	if err != nil || !reflect.DeepEqual(back.Events(), tl.Events()) {
		t.Errorf("a long payload came back with %d bytes, %v", len(back.Events()[0].Payload), err)
	}
}

func FuzzReadJSONL(f *testing.F) {
	f.Add(header)
	f.Add(header + `{"event":"frame","t":1.5,"conn":1,"dir":"to-client","seen":"passed","op":"close","fin":true,"len":2,"base64":"A+g="}`)
	f.Add(`{"event":"lost","t":1,"count":5}` + "\n" + `{"event":"request","t":-0.1,"a":"b","fields":[["c","d"]],"e":1}`)
	var b bytes.Buffer
	if err := randomTimeline(rand.New(rand.NewPCG(1, 1)), timeline.Limits{}).WriteJSONL(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Fuzz(func(t *testing.T, text string) {
		tl, err := timeline.ReadJSONL(strings.NewReader(text))
		var failure *timeline.ReadError
		if err != nil && (!errors.As(err, &failure) || failure.Kept != tl.Len()) {
			t.Fatalf("%d events, %v", tl.Len(), err)
		}
		var b bytes.Buffer
		if err := tl.WriteJSONL(&b); err != nil {
			t.Fatal(err)
		}
		written := b.String()
		back, err := timeline.ReadJSONL(&b)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if want, got := tl.Events(), back.Events(); !reflect.DeepEqual(want, got) {
			t.Errorf("read %+v\nwant %+v", got, want)
		}
		for e := range tl.All() {
			if line := e.String(); strings.ContainsAny(line, "\n\r\x1b") {
				t.Errorf("not one safe line: %q", line)
			}
		}
		tl.CanonicalText()
	})
}
