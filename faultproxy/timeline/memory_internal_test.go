package timeline

import (
	"math/rand/v2"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func frameOf(conn int, payload []byte) Record {
	return Record{Conn: conn, Kind: KindFrame, Dir: frame.ToServer, Seen: Passed, Payload: payload,
		Header: frame.Header{Fin: true, Opcode: frame.OpText, Length: uint64(len(payload))}}
}

// The memory that is accounted for is the memory the chunks have, and thinned
// chunks join, whatever is thrown out in whatever order.
func TestMemoryIsAccountedFor(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 4))
		tl := NewWith(Limits{Events: 500 + rng.IntN(2000), Bytes: 20_000 + rng.IntN(200_000)})
		for i := range 20_000 {
			r := frameOf(1+i/500+rng.IntN(3), make([]byte, rng.IntN(100)))
			if rng.IntN(10) == 0 {
				r = Record{Conn: r.Conn, Kind: KindFault, Fields: []Field{{Name: "does", Value: "nothing"}}}
			}
			if rng.IntN(100) == 0 {
				r = Record{Conn: r.Conn, Kind: KindEnded}
			}
			tl.Append(r)
		}
		bytes, records, used := 0, 0, 0
		for _, c := range tl.chunks {
			bytes += c.memory()
			records += len(c.records)
			for i := range c.records {
				used += c.dataSize(&c.records[i]) + recordSize
			}
		}
		if bytes != tl.bytes || records != tl.held {
			t.Errorf("seed %d: %d bytes and %d events are accounted for, %d and %d are there", seed, tl.bytes, tl.held, bytes, records)
		}
		if most := 20 + records/(maxChunk/8); len(tl.chunks) > most {
			t.Errorf("seed %d: %d chunks for %d events", seed, len(tl.chunks), records)
		}
	}
}

func TestMemoryOfAFrame(t *testing.T) {
	for _, c := range []struct{ payload, most int }{{0, 42}, {16, 62}, {100, 160}, {1000, 1150}} {
		const events = 1 << 14
		tl := New()
		r := frameOf(1, make([]byte, c.payload))
		for range events {
			tl.Append(r)
		}
		if got := tl.bytes / events; got > c.most {
			t.Errorf("a frame of %d bytes takes %d, want at most %d", c.payload, got, c.most)
		}
	}
	if got := newSize(t); got > 2048 {
		t.Errorf("a timeline with one event takes %d bytes", got)
	}
}

func newSize(t *testing.T) int {
	t.Helper()
	tl := New()
	tl.Append(frameOf(1, []byte("x")))
	return tl.bytes
}

// A formatter of a stream forgets connections that ended and does not remember
// without end what never left.
func TestFormatterForgets(t *testing.T) {
	var f Formatter
	tl := New()
	for range 2 * maxWaiting {
		r := frameOf(1, []byte("x"))
		r.Seen = Arrived
		tl.Append(r)
	}
	for e := range tl.All() {
		f.Append(nil, e)
	}
	waiting := f.passages.waiting[lane{1, frame.ToServer}]
	if len(waiting) != maxWaiting || waiting[maxWaiting-1].Seq != 2*maxWaiting || len(f.before) != 1 {
		t.Errorf("%d frames are remembered", len(waiting))
	}
	f.Append(nil, Event{Kind: KindEnded, Conn: 1})
	if len(f.passages.waiting) != 0 || len(f.before) != 0 {
		t.Errorf("an ended connection is remembered: %v, %v", f.passages.waiting, f.before)
	}
}
