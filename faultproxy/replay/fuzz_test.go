package replay_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
)

// Whatever a file holds, it is read to something that can be played or to an error.
func FuzzRead(f *testing.F) {
	f.Add(three, false, 0)
	f.Add(three[:len(three)-20], true, 4)
	f.Add(lines(ready, opens(1, 0), `{"event":"frame","t":1,"conn":1,"dir":"to-client","seen":"left","op":"text","fin":false,"rsv":4,"len":9,"base64":"AA==","opaque":true}`), true, 0)
	f.Add(lines(ready, opens(1, 0), `{"event":"frame-start","t":1,"conn":1,"dir":"to-client","seen":"left","op":"close","len":99}`, fins(1, 2)), false, 0)
	f.Fuzz(func(t *testing.T, doc []byte, pad bool, only int) {
		r, err := replay.Read(doc, replay.Options{Conn: only, Pad: pad})
		if err == nil && (len(r.Conns) == 0 || r.Server() == nil) {
			t.Errorf("nothing to play, and no error: %q", doc)
		}
	})
}
