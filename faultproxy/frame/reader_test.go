package frame_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestReaderReadsWholeFrames(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789"), 20_000)
	want := []frame.Frame{
		frame.Text("hi").WithMask(key), frame.Pong(nil), frame.Binary(big).WithMask(key),
		{Opcode: 0xB, RSV: 3, Payload: []byte("odd"), LengthBytes: 2}, frame.Close(1000, "bye"),
	}
	var stream []byte
	for _, f := range want {
		stream = f.Append(stream)
	}
	for name, from := range map[string]io.Reader{
		"at once":      bytes.NewReader(stream),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
	} {
		r := frame.NewReader(from)
		for i, f := range want {
			got, err := r.ReadFrame()
			if err != nil || got.Header() != f.Header() || !bytes.Equal(got.Payload, f.Payload) || got.LengthBytes != f.LengthBytes {
				t.Fatalf("%s: frame %d: %s, %v, want %s", name, i, got, err, f)
			}
		}
		if _, err := r.ReadFrame(); err != io.EOF {
			t.Errorf("%s: at the end: %v, want io.EOF itself", name, err)
		}
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	huge := frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 30}.Append(nil)
	beyond := frame.Header{Fin: true, Opcode: frame.OpText, Length: 1 << 63}.Append(nil)
	for _, c := range []struct {
		name  string
		from  io.Reader
		limit int64
		is    error
		text  string
	}{
		{"half a header", strings.NewReader("\x82\x7e\x01"), 0, io.ErrUnexpectedEOF, "after 3 bytes of a frame header"},
		{"half a payload", strings.NewReader("\x81\x05Hel"), 0, io.ErrUnexpectedEOF, "after 3 of the 5 bytes of a text frame"},
		{"no payload", strings.NewReader("\x81\x05"), 0, io.ErrUnexpectedEOF, "after 0 of the 5 bytes"},
		{"half a big payload", bytes.NewReader(append(frame.Header{Opcode: frame.OpBinary, Length: 100_000}.Append(nil), make([]byte, 70_000)...)), 0,
			io.ErrUnexpectedEOF, "after 70000 of the 100000 bytes of a binary frame"},
		{"1 GiB", bytes.NewReader(huge), 0, frame.ErrTooLong, "binary frame declares 1073741824 bytes, over the limit of 67108864"},
		{"own limit", bytes.NewReader(frame.Text("hello").Append(nil)), 4, frame.ErrTooLong, "declares 5 bytes, over the limit of 4"},
		{"nothing permitted", bytes.NewReader(frame.Text("h").Append(nil)), -1, frame.ErrTooLong, "over the limit of 0"},
		{"length beyond int64", bytes.NewReader(beyond), 1<<63 - 1, frame.ErrTooLong, "declares 9223372036854775808 bytes"},
		{"read error", io.MultiReader(strings.NewReader("\x81"), iotest.ErrReader(broken)), 0, broken, "after 1 bytes of a frame header"},
		{"read error at a boundary", iotest.ErrReader(broken), 0, broken, "broken"},
	} {
		r := frame.NewReader(c.from)
		r.MaxPayload = c.limit
		if _, err := r.ReadFrame(); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v and %q", c.name, err, c.is, c.text)
		}
	}
	r := frame.NewReader(bytes.NewReader(frame.Text("four").Append(nil)))
	r.MaxPayload = 4
	if f, err := r.ReadFrame(); err != nil || string(f.Payload) != "four" {
		t.Errorf("at the limit: %s, %v", f, err)
	}
}

// A header that promises 64 MiB and a peer that sends nothing must not cost 64 MiB.
func TestReaderTakesMemoryAsBytesCome(t *testing.T) {
	header := frame.Header{Fin: true, Opcode: frame.OpBinary, Length: frame.DefaultMaxPayload}.Append(nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := frame.NewReader(bytes.NewReader(header)).ReadFrame(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 4<<20 {
		t.Errorf("%d bytes allocated for a payload that never came", spent)
	}
}
