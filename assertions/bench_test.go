package assertions_test

import (
	"testing"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What one look at a timeline of 10,000 frames costs.
func BenchmarkMatch(b *testing.B) {
	tl := &tape{timeline.New(), timeline.AtServer}
	tl.opens(1)
	for range 5000 {
		tl.sends(1, frame.Text(`{"type":"message","text":"hello"}`)).gets(1, frame.Text(`{"type":"ack"}`))
	}
	for name, m := range map[string]matcher{
		"HaveConnected": HaveConnected(1),
		"HaveLive":      HaveLive(1),
		"HaveSent":      HaveSent(frame.JSON("type", "subscribe")).Times(0),
		"HaveHeartbeat": HaveHeartbeat(words).Times(0),
	} {
		for on, actual := range map[string]any{"timeline": tl.Timeline, "server": tl.At(timeline.AtServer)} {
			b.Run(name+"/"+on, func(b *testing.B) {
				for b.Loop() {
					if ok, err := m.Match(actual); !ok || err != nil {
						b.Fatal(ok, err)
					}
				}
			})
		}
	}
}
