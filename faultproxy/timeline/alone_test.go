package timeline_test

import (
	"context"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// "Hello", compressed: RFC 7692 section 7.2.3.1.
var hello = []byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}

func TestMessagesCompressedAloneAreInflatedForReaders(t *testing.T) {
	record := func(payload []byte, alone bool) timeline.Record {
		h := frame.Frame{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Payload: payload}.Header()
		return timeline.Record{Conn: 1, Kind: timeline.KindFrame, Dir: frame.ToClient, Seen: timeline.Passed,
			Header: h, Payload: payload, Alone: alone}
	}
	for _, tc := range []struct {
		name     string
		r        timeline.Record
		payload  string
		inflated bool
	}{
		{"alone", record(hello, true), "Hello", true},
		{"with context", record(hello, false), string(hello), false},
		{"broken", record([]byte{0xff, 0xff}, true), "\xff\xff", false},
	} {
		tl := timeline.New()
		tl.Append(tc.r)
		e := tl.Events()[0]
		if string(e.Payload) != tc.payload || e.Inflated != tc.inflated || e.Opaque == tc.inflated {
			t.Errorf("%s: payload %q, inflated %v, opaque %v", tc.name, e.Payload, e.Inflated, e.Opaque)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := tl.Wait(ctx, frame.Contains("Hello")); (err == nil) != tc.inflated {
			t.Errorf("%s: a wait for its text: %v", tc.name, err)
		}
	}
}
