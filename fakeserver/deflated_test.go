package fakeserver_test

import (
	"testing"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What the server sends compressed is recorded so that it can be read, if the client
// agreed to it; what is no agreed compression is recorded as it is.
func TestCompressedFramesOfTheServerAreRecordedInflated(t *testing.T) {
	everywhere(t, func(t *testing.T, start func(...fake.Handler) *fake.Server) {
		sends := fake.Send(frame.Deflated(frame.Text("hello, hello, hello")))
		srv := start(fake.Script(fake.Handshake(fake.AcceptWith(fake.Compression(true))), sends), fake.Script(sends))
		for n, agreed := range []bool{true, false} {
			d := srv.Dialer()
			d.EnableCompression = true
			ws, _, err := d.Dial(srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _, _ = ws.ReadMessage()
			_ = ws.Close()
			for e := range srv.Conn(n + 1).View().All() {
				if e.Kind != timeline.KindFrame || e.Dir != frame.ToClient {
					continue
				}
				if readable := string(e.Payload) == "hello, hello, hello"; readable != agreed || e.Inflated != agreed {
					t.Errorf("compression agreed on: %v; recorded inflated: %v, payload %q", agreed, e.Inflated, e.Payload)
				}
			}
		}
	})
}
