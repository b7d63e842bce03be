package frame_test

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// squeezed compresses one message as RFC 7692 section 7.2.1 says.
func squeezed(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

func TestInflate(t *testing.T) {
	long := strings.Repeat("heartbeat ", 1000)
	for _, tc := range []struct {
		name    string
		payload []byte
		limit   int
		plain   string
		whole   bool
	}{
		{"a message", squeezed(t, "ping"), 100, "ping", true},
		{"an empty one", squeezed(t, ""), 100, "", true},
		{"exactly the limit", squeezed(t, "ping"), 4, "ping", true},
		{"over the limit", squeezed(t, long), 10, long[:10], false},
		{"RFC 7692 section 7.2.3.1", []byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}, 100, "Hello", true},
		{"garbage", []byte{0xff, 0xff, 0xff}, 100, "", false},
	} {
		plain, whole := frame.Inflate(tc.payload, tc.limit)
		if string(plain) != tc.plain || whole != tc.whole {
			t.Errorf("%s: %q, %v; want %q, %v", tc.name, plain, whole, tc.plain, tc.whole)
		}
	}
	if plain, whole := frame.Inflate(squeezed(t, long)[:20], 1<<20); whole || !strings.HasPrefix(long, string(plain)) {
		t.Errorf("a payload that was cut: %q, %v; want the beginning and false", plain, whole)
	}
}

func TestDeflated(t *testing.T) {
	for _, plain := range []string{"", "ping", strings.Repeat("heartbeat ", 1000)} {
		f := frame.Deflated(frame.Text(plain))
		if f.RSV != frame.RSV1 || f.Opcode != frame.OpText || !f.Fin {
			t.Errorf("%v", f)
		}
		if got, whole := frame.Inflate(f.Payload, 1<<20); string(got) != plain || !whole {
			t.Errorf("inflated: %q, %v; want %q", got, whole, plain)
		}
		if len(plain) > 1000 && len(f.Payload) > 100 {
			t.Errorf("%d bytes of %d", len(f.Payload), len(plain))
		}
	}
}
