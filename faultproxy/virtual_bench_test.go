package faultproxy_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// TestNginxInVirtualTime: nginx's preset at its real 60 s, gorilla on both sides,
// all in one bubble that would not end if a goroutine were left.
func TestNginxInVirtualTime(t *testing.T) {
	nginxMinute(t)
}

func nginxMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Use(middlebox.Nginx())
		c := gorillaDial(t, n, p)
		start := time.Now()
		if _, err := readUntilError(c); closeCode(err) != 1006 || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v; want 1006 after exactly 1m0s", time.Since(start), err)
		}
	})
}

// BenchmarkThousandMinutes is a thousand such minutes: 1,000 bubbles, 60,000 s of
// virtual time.
func BenchmarkThousandMinutes(b *testing.B) {
	for b.Loop() {
		test := testing.InternalTest{Name: "minutes", F: func(t *testing.T) {
			for range 1000 {
				nginxMinute(t)
			}
		}}
		all := func(string, string) (bool, error) { return true, nil }
		if !testing.RunTests(all, []testing.InternalTest{test}) {
			b.Fatal("a scenario failed")
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/1000-minutes")
}
