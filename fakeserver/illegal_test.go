package fakeserver_test

import (
	"encoding/hex"
	"io"
	"strings"
	"testing"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// What RFC 6455 forbids goes out as it is.
func TestIllegalFramesGoOutAsTheyAre(t *testing.T) {
	for name, test := range map[string]struct {
		frame frame.Frame
		want  string // its first bytes
	}{
		"a masked frame":              {frame.Text("a").WithMask([4]byte{1, 2, 3, 4}), "81810102030460"},
		"reserved bits":               {frame.Frame{Fin: true, RSV: frame.RSV2 | frame.RSV3, Opcode: frame.OpText, Payload: []byte("a")}, "b10161"},
		"a reserved opcode":           {frame.Frame{Fin: true, Opcode: 3}, "8300"},
		"a ping of 126 bytes":         {frame.Ping(make([]byte, 126)), "897e007e00"},
		"a fragmented ping":           {frame.Frame{Opcode: frame.OpPing}, "0900"},
		"a continuation of nothing":   {frame.Continuation(true, []byte("a")), "800161"},
		"text that is no UTF-8":       {frame.Text("\xff"), "8101ff"},
		"a length longer than needed": {frame.Frame{Fin: true, Opcode: frame.OpText, LengthBytes: 8, Payload: []byte("a")}, "817f000000000000000161"},
		"a Close with half a code":    {frame.Frame{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}}, "880103"},
		"a Close with 1006":           {frame.Close(1006, ""), "880203ee"},
		"compression nobody asked":    {frame.Deflated(frame.Text("aaaaaaaa")), "c1"},
	} {
		t.Run(name, func(t *testing.T) {
			scripted(t, fake.Script(fake.Send(test.frame), fake.HalfClose()), func(t *testing.T, srv *fake.Server, c *client) {
				raw, err := io.ReadAll(c.conn)
				if got := hex.EncodeToString(raw); !strings.HasPrefix(got, test.want) || err != nil {
					t.Errorf("on the wire: %s, %v; want %s", got, err, test.want)
				}
			})
		})
	}
}
