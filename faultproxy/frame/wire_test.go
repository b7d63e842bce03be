package frame_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// The first rows are the examples of RFC 6455 section 5.7.
func TestFramesOnTheWire(t *testing.T) {
	oneByteClose := frame.EmptyClose()
	oneByteClose.Payload = []byte{3}
	firstFragment := frame.Text("Hel")
	firstFragment.Fin = false
	reserved := frame.Text("hi")
	reserved.RSV = frame.RSV1 | frame.RSV3
	for _, c := range []struct {
		name string
		f    frame.Frame
		head string // hex, without the payload's rest
		size int
	}{
		{"unmasked text", frame.Text("Hello"), "810548656c6c6f", 7},
		{"masked text", frame.Text("Hello").WithMask(key), "818537fa213d7f9f4d5158", 11},
		{"first fragment", firstFragment, "010348656c", 5},
		{"last fragment", frame.Continuation(true, []byte("lo")), "80026c6f", 4},
		{"ping", frame.Ping([]byte("Hello")), "890548656c6c6f", 7},
		{"masked pong", frame.Pong([]byte("Hello")).WithMask(key), "8a8537fa213d7f9f4d5158", 11},
		{"256 bytes", frame.Binary(make([]byte, 256)), "827e0100", 260},
		{"64 KiB", frame.Binary(make([]byte, 65536)), "827f0000000000010000", 65546},
		{"125 bytes", frame.Binary(make([]byte, 125)), "827d", 127},
		{"126 bytes", frame.Binary(make([]byte, 126)), "827e007e", 130},
		{"65535 bytes", frame.Binary(make([]byte, 65535)), "827effff", 65539},
		{"empty close", frame.EmptyClose(), "8800", 2},
		{"close", frame.Close(1012, "x"), "880303f478", 5},
		{"forbidden code", frame.Close(1006, ""), "880203ee", 4},
		{"one-byte close", oneByteClose, "880103", 3},
		{"oversized ping", frame.Ping(make([]byte, 126)), "897e007e", 130},
		{"RSV bits", reserved, "d1026869", 4},
		{"length in 2 bytes", frame.Frame{Fin: true, Opcode: frame.OpText, Payload: []byte("x"), LengthBytes: 2}, "817e000178", 5},
		{"length in 8 bytes", frame.Frame{Fin: true, Opcode: frame.OpText, Payload: []byte("x"), LengthBytes: 8}, "817f000000000000000178", 11},
		{"form too small", frame.Frame{Fin: true, Opcode: frame.OpBinary, Payload: make([]byte, 70000), LengthBytes: 2}, "827f0000000000011170", 70010},
	} {
		wire := c.f.Append([]byte("before"))
		wire, ok := bytes.CutPrefix(wire, []byte("before"))
		if got := hex.EncodeToString(wire); !ok || !strings.HasPrefix(got, c.head) || len(wire) != c.size {
			t.Errorf("%s: %d bytes %.40s, want %d bytes %s", c.name, len(wire), got, c.size, c.head)
		}
		if h, n := frame.ParseHeader(wire); h != c.f.Header() || n != h.Size {
			t.Errorf("%s: parsed %+v, want %+v", c.name, h, c.f.Header())
		}
		if payload := string(c.f.Payload); c.f.Masked && !strings.Contains("Hello", payload) {
			t.Errorf("%s: Append changed the payload to %q", c.name, payload)
		}
	}
}

func TestParseHeaderWaitsForTheWholeHeader(t *testing.T) {
	for _, f := range []frame.Frame{
		frame.Text("x"), frame.Text("x").WithMask(key),
		frame.Binary(make([]byte, 300)).WithMask(key), frame.Binary(make([]byte, 70000)).WithMask(key),
	} {
		wire, size := f.Append(nil), f.Header().Size
		for n := range size {
			if _, got := frame.ParseHeader(wire[:n]); got != 0 {
				t.Errorf("%s: %d of %d header bytes taken as a header of %d", f, n, size, got)
			}
		}
	}
}

// Every two bytes are the beginning of some header; whatever follows, it comes out
// as it went in.
func TestEveryHeaderSurvives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for start := range 1 << 16 {
		b := []byte{byte(start >> 8), byte(start), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		for i := range b[2:] {
			b[2+i] = byte(r.Uint32())
		}
		h, n := frame.ParseHeader(b)
		if n < 2 || n > frame.MaxHeaderSize || n != h.Size {
			t.Fatalf("% x: size %d, Size %d", b, n, h.Size)
		}
		if got := h.Append(nil); !bytes.Equal(got, b[:n]) {
			t.Fatalf("% x became % x", b[:n], got)
		}
	}
}

func TestHeaderWithoutSizeTakesTheShortestForm(t *testing.T) {
	for _, c := range []struct {
		length uint64
		want   int
	}{{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}, {1 << 63, 10}} {
		if got := (frame.Header{Opcode: frame.OpBinary, Length: c.length}).Append(nil); len(got) != c.want {
			t.Errorf("length %d: % x, want %d bytes", c.length, got, c.want)
		}
	}
}

func TestFrameOfHeader(t *testing.T) {
	odd := frame.Frame{RSV: frame.RSV2, Opcode: 0xB, Masked: true, Key: key, Payload: []byte("x"), LengthBytes: 8}
	for _, f := range []frame.Frame{odd, frame.Text("hi"), frame.Binary(make([]byte, 200)).WithMask(key)} {
		h, _ := frame.ParseHeader(f.Append(nil))
		if got := h.Frame(f.Payload); got.Header() != f.Header() || got.LengthBytes != f.LengthBytes {
			t.Errorf("%s came back as %+v", f, got)
		}
	}
}

func TestParseClose(t *testing.T) {
	for _, c := range []struct {
		payload string
		code    frame.CloseCode
		reason  string
		ok      bool
	}{
		{"", 1005, "", true},
		{"\x03", 0, "", false},
		{"\x03\xe8", 1000, "", true},
		{"\x03\xf4restart", 1012, "restart", true},
		{"\x00\x00", 0, "", true},
		{"\xff\xff\xff", 65535, "\xff", true},
	} {
		code, reason, ok := frame.ParseClose([]byte(c.payload))
		if code != c.code || reason != c.reason || ok != c.ok {
			t.Errorf("%q: %d %q %t", c.payload, code, reason, ok)
		}
	}
}

func TestFrameString(t *testing.T) {
	fragment := frame.Text("hi")
	fragment.Fin, fragment.RSV = false, frame.RSV1
	for want, f := range map[string]frame.Frame{
		`text "hi"`:                          frame.Text("hi"),
		`text ""`:                            frame.Text(""),
		`text "hi" (fragment, rsv1)`:         fragment,
		`text "\xff"`:                        frame.Text("\xff"),
		`close 1012 "restart"`:               frame.Close(1012, "restart"),
		`close 1000`:                         frame.Close(1000, ""),
		`close`:                              frame.EmptyClose(),
		`close 1 B 03`:                       {Fin: true, Opcode: frame.OpClose, Payload: []byte{3}},
		`ping "beat"`:                        frame.Ping([]byte("beat")),
		`ping 2 B 00ff`:                      frame.Ping([]byte{0, 255}),
		`pong`:                               frame.Pong(nil),
		`binary 3 B 00ff10`:                  frame.Binary([]byte{0, 255, 16}),
		`binary`:                             frame.Binary(nil),
		`continuation "lo"`:                  frame.Continuation(true, []byte("lo")),
		`continuation 1 B 80`:                frame.Continuation(true, []byte{0x80}),
		`reserved(0x3) 1 B 78`:               {Fin: true, Opcode: 3, Payload: []byte("x")},
		`text "` + rep("ä", 40) + `"…`:       frame.Text(rep("ä", 41)),
		`text "` + rep("ä", 40) + `"`:        frame.Text(rep("ä", 40)),
		`binary 17 B ` + rep("00", 16) + "…": frame.Binary(make([]byte, 17)),
	} {
		if got := f.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func rep(s string, n int) string { return strings.Repeat(s, n) }

func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for length := range 140 {
		for pos := range 5 {
			for offset := range 3 {
				b := make([]byte, length+offset)[offset:]
				want := make([]byte, length)
				for i := range b {
					b[i] = byte(r.Uint32())
					want[i] = b[i] ^ key[(pos+i)%4]
				}
				if next := frame.Mask(b, key, pos); next != (pos+length)%4 || !bytes.Equal(b, want) {
					t.Fatalf("length %d, pos %d: next %d, % x, want % x", length, pos, next, b, want)
				}
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello, this is longer than one word of the machine"), uint32(0x37fa213d), 1, 7)
	f.Fuzz(func(t *testing.T, data []byte, k uint32, pos, cut int) {
		key := [4]byte{byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}
		pos &= 3
		whole, pieces := bytes.Clone(data), bytes.Clone(data)
		end := frame.Mask(whole, key, pos)
		if cut < 0 || cut > len(data) {
			cut = len(data) / 2
		}
		if next := frame.Mask(pieces[cut:], key, frame.Mask(pieces[:cut], key, pos)); next != end || !bytes.Equal(whole, pieces) {
			t.Fatalf("cut at %d of %d: differs", cut, len(data))
		}
		if frame.Mask(whole, key, pos); !bytes.Equal(whole, data) {
			t.Fatal("masking twice does not restore")
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for _, size := range []int{2, 4, 8, 16, 32, 128, 512, 1024, 4096, 65536} {
		b.Run(fmt.Sprintf("%d", size), func(b *testing.B) {
			data := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				frame.Mask(data, key, 1)
			}
		})
	}
}
