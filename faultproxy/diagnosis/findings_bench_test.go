package diagnosis_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
)

// BenchmarkFindings judges a client that talked and beat for a day: 190,000 events on 100
// connections.
func BenchmarkFindings(b *testing.B) {
	var recordings []diagnosis.Events
	for n := range 100 {
		var steps []step
		for d := sec; d < 860*sec; d += sec {
			steps = append(steps, at(d, say("x")), at(d+ms, hear("y")))
			if d%(10*sec) == 0 {
				steps = append(steps, beats(d+2*ms)...)
			}
		}
		recordings = append(recordings, conn(n+1, time.Duration(n)*864*sec, open(join(steps, serverGone(861*sec))...)...))
	}
	events := merge(recordings...)
	p := beating()
	p.Backoff = diagnosis.Fixed(2 * sec)
	for b.Loop() {
		diagnosis.Findings(events, p)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}
