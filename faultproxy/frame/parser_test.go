package frame_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// walk feeds the stream in pieces whose lengths next gives, and writes down what
// the parser says in a form that does not depend on the pieces. It checks what must
// hold of every part.
func walk(t testing.TB, stream []byte, next func() int) (frames []string, p frame.Parser) {
	var header frame.Header
	var payload []byte
	var again []byte // the stream, put together from the parts
	for left := stream; len(left) > 0; {
		piece := left[:min(len(left), max(1, next()))]
		left = left[len(piece):]
		for len(piece) > 0 {
			part, n := p.Next(piece)
			if n <= 0 || n > len(piece) {
				t.Fatalf("Next took %d of %d bytes", n, len(piece))
			}
			if part.Start {
				header, payload = part.Header, nil
				again = header.Append(again)
			}
			if part.Header != header && (part.End || len(part.Payload) > 0) {
				t.Fatalf("a part of another frame: %+v in %+v", part.Header, header)
			}
			if part.Offset != uint64(len(payload)) && (part.End || len(part.Payload) > 0) {
				t.Fatalf("offset %d after %d bytes", part.Offset, len(payload))
			}
			if m := len(part.Payload); m > 0 && &part.Payload[0] != &piece[n-m] {
				t.Fatal("the payload is not part of the buffer")
			}
			payload = append(payload, part.Payload...)
			again = append(again, part.Payload...)
			if part.End {
				if uint64(len(payload)) != header.Length {
					t.Fatalf("ended after %d of %d bytes", len(payload), header.Length)
				}
				frames = append(frames, fmt.Sprintf("%+v %x", header, payload))
			}
			piece = piece[n:]
			if part.End != p.AtBoundary() && p.Held() == nil {
				t.Fatalf("end %t but at boundary %t", part.End, p.AtBoundary())
			}
		}
	}
	if again = append(again, p.Held()...); !bytes.Equal(again, stream) {
		t.Fatalf("put together again: % x, want % x", again, stream)
	}
	return frames, p
}

func whole(stream []byte) func() int { return func() int { return len(stream) } }

func TestParserAtEverySplit(t *testing.T) {
	var stream []byte
	all := []frame.Frame{
		frame.Text("hi"), frame.Ping(nil), frame.Text("masked").WithMask(key), frame.Binary(make([]byte, 130)),
		frame.Frame{Opcode: 0xC, RSV: 7, Masked: true, LengthBytes: 8}, frame.Pong([]byte("x")),
		frame.Close(1000, "bye").WithMask(key),
	}
	var want []string
	for _, f := range all {
		masked := bytes.Clone(f.Payload)
		if f.Masked {
			frame.Mask(masked, f.Key, 0)
		}
		want = append(want, fmt.Sprintf("%+v %x", f.Header(), masked))
		stream = f.Append(stream)
	}
	for first := 1; first <= len(stream); first++ {
		lengths := []int{first, len(stream)}
		got, p := walk(t, stream, func() int { n := lengths[0]; lengths = append(lengths[1:], len(stream)); return n })
		if !slices.Equal(got, want) || !p.AtBoundary() {
			t.Fatalf("split at %d: %d frames %v", first, len(got), got)
		}
	}
	if got, _ := walk(t, stream, func() int { return 1 }); !slices.Equal(got, want) {
		t.Fatalf("byte by byte: %v", got)
	}
}

func TestParserOnePartForAFrameInTheBuffer(t *testing.T) {
	var p frame.Parser
	stream := append(frame.Text("hello").Append(nil), frame.Ping(nil).Append(nil)...)
	part, n := p.Next(stream)
	if !part.Start || !part.End || string(part.Payload) != "hello" || n != 7 {
		t.Errorf("got %+v, %d", part, n)
	}
	if part, n = p.Next(stream[7:]); !part.Start || !part.End || len(part.Payload) != 0 || n != 2 {
		t.Errorf("got %+v, %d", part, n)
	}
	if part, n = p.Next(nil); n != 0 || part.Start || part.End {
		t.Errorf("of nothing: %+v, %d", part, n)
	}
}

func TestParserBetweenFrames(t *testing.T) {
	var p frame.Parser
	if !p.AtBoundary() {
		t.Error("the beginning is no boundary")
	}
	for i, b := range frame.Text("x").WithMask(key).Append(nil) {
		p.Next([]byte{b})
		if last := i == 6; p.AtBoundary() != last {
			t.Errorf("after byte %d: AtBoundary is %t", i, !last)
		}
		if header := i < 5; header != (len(p.Held()) == i+1) {
			t.Errorf("after byte %d: %d bytes held", i, len(p.Held()))
		}
	}
}

func TestParserOnLengthsBeyondMemory(t *testing.T) {
	var p frame.Parser
	h := frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1<<64 - 1}
	stream := append(h.Append(nil), "some"...)
	part, n := p.Next(stream)
	if !part.Start || part.End || part.Header.Length != 1<<64-1 || string(part.Payload) != "some" || n != len(stream) {
		t.Errorf("got %+v, %d", part, n)
	}
	if part, n = p.Next([]byte("more")); part.Start || part.End || part.Offset != 4 || n != 4 || p.AtBoundary() {
		t.Errorf("then %+v, %d", part, n)
	}
}

func TestParserDoesNotAllocate(t *testing.T) {
	stream := frame.Text("hello").WithMask(key).Append(nil)
	var p frame.Parser
	if n := testing.AllocsPerRun(100, func() {
		for i := range stream {
			p.Next(stream[i : i+1])
		}
		p.Next(stream)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParser(f *testing.F) {
	f.Add([]byte("\x81\x05Hello\x89\x00\x88\x02\x03\xe8"), uint64(1))
	f.Add(frame.Binary(make([]byte, 300)).WithMask(key).Append(nil), uint64(2))
	f.Add([]byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffkeyXrest"), uint64(3))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		want, p := walk(t, stream, whole(stream))
		got, q := walk(t, stream, func() int { return r.IntN(20) })
		if !slices.Equal(got, want) || p.AtBoundary() != q.AtBoundary() || !bytes.Equal(p.Held(), q.Held()) {
			t.Fatalf("in pieces %v, whole %v", got, want)
		}
		// What a Reader makes of the stream and Append of that is the stream again.
		reader := frame.NewReader(bytes.NewReader(stream))
		reader.MaxPayload = int64(len(stream))
		var again []byte
		for range want {
			read, err := reader.ReadFrame()
			if err != nil {
				t.Fatalf("ReadFrame: %v", err)
			}
			again = read.Append(again)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("% x became % x", stream, again)
		}
	})
}

func BenchmarkParser(b *testing.B) {
	for _, size := range []int{16, 1024, 32 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			var stream []byte
			for len(stream) < 32<<10 {
				stream = frame.Binary(make([]byte, size)).WithMask(key).Append(stream)
			}
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			var p frame.Parser
			for b.Loop() {
				for left := stream; len(left) > 0; {
					_, n := p.Next(left)
					left = left[n:]
				}
			}
		})
	}
}
