package timeline_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func frameRecord(conn int, payload []byte) timeline.Record {
	return timeline.Record{
		Conn: conn, Kind: timeline.KindFrame, Dir: frame.ToServer, Seen: timeline.Passed, Payload: payload,
		Header: frame.Header{Fin: true, Opcode: frame.OpBinary, Masked: true, Key: [4]byte{1, 2, 3, 4}, Length: uint64(len(payload)), Size: 6},
	}
}

// BenchmarkAppend measures recording a frame. A timeline is filled and thrown
// away, so that its memory is part of the cost; B/event is what it keeps.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{0, 16, 4096} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			r := frameRecord(1, make([]byte, size))
			tl := timeline.New()
			b.ReportAllocs()
			for i := range b.N {
				if i&(1<<15-1) == 0 {
					tl = timeline.New()
				}
				r.Conn = 1 + i&63
				tl.Append(r)
			}
		})
		b.Run(fmt.Sprintf("%dB/memory", size), func(b *testing.B) {
			const events = 1 << 15
			r := frameRecord(1, make([]byte, size))
			var before, after runtime.MemStats
			kept := 0.0
			for range b.N {
				runtime.GC()
				runtime.ReadMemStats(&before)
				tl := timeline.New()
				for range events {
					tl.Append(r)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				kept = (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / events
				runtime.KeepAlive(tl)
			}
			b.ReportMetric(kept, "B/event")
		})
	}
}

// BenchmarkAppendFull measures recording on a timeline that is full, so that
// every event pushes another out.
func BenchmarkAppendFull(b *testing.B) {
	tl := timeline.NewWith(timeline.Limits{Events: 1 << 14})
	r := frameRecord(1, make([]byte, 16))
	b.ReportAllocs()
	for i := range b.N {
		r.Conn = 1 + i&63
		tl.Append(r)
	}
}

// BenchmarkAppendManyConns measures recording with 10,000 connections in turn.
func BenchmarkAppendManyConns(b *testing.B) {
	tl := timeline.NewWith(timeline.Limits{Events: 1 << 16})
	r := frameRecord(1, nil)
	for i := range b.N {
		r.Conn = 1 + i%10_000
		tl.Append(r)
	}
}

func BenchmarkRead(b *testing.B) {
	tl := timeline.New()
	r := frameRecord(1, make([]byte, 16))
	for i := range 1 << 15 {
		r.Conn = 1 + i&63
		tl.Append(r)
	}
	b.Run("all", func(b *testing.B) {
		for range b.N {
			for e := range tl.All() {
				runtime.KeepAlive(e)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<15), "ns/event")
	})
	b.Run("conn", func(b *testing.B) {
		for range b.N {
			for e := range tl.Conn(7).All() {
				runtime.KeepAlive(e)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1<<15), "ns/record")
	})
}
