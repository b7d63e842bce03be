package assertions_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
	"github.com/heartbreak-ws/heartbreak/internal/specimen"
)

// In real time, while the client and the server go on.
func TestARealClientOverLoopback(t *testing.T) {
	g := NewWithT(t)
	srv := fake.Start(t, dropsAfter(50*ms), dropsAfter(50*ms), serves)
	again := srv.Since(timeline.Ended(1))
	client := specimen.Start(specimen.Config{URL: srv.URL, Interval: 20 * ms, Backoff: specimen.Backoff{First: 10 * ms, Jitter: specimen.Unjittered},
		Report: func(name string, fields ...timeline.Field) { srv.Timeline.Report(name, fields...) }})
	defer client.Kill()

	g.Eventually(srv, 20*time.Second).Should(HaveReconnected())
	g.Eventually(again, 20*time.Second).Should(HaveConnected(2))
	g.Eventually(srv.Conn(1), 20*time.Second).Should(HaveClosed(ByPeer, Abnormally))
	g.Eventually(srv.Conn(3), 20*time.Second).Should(HaveHeartbeat(words).Times(BeNumerically(">=", 5)))
	g.Consistently(srv, 100*ms).Should(And(HaveConnected(3), HaveLive(1)))
	g.Expect(srv).To(And(HaveAtMostOneLiveConnection(), HaveKeptProtocol(), HavePeak(3, Per(time.Hour))))
	g.Eventually(srv, 20*time.Second).Should(HaveReportedCloseEvent("close"))

	client.Stop()
	g.Eventually(srv.Conn(3), 20*time.Second).Should(HaveClosed(ByClient, WithCode(1000), Cleanly))
	g.Eventually(srv, 20*time.Second).Should(HaveLive(0))
	g.Expect(srv).NotTo(HaveConnected(BeNumerically(">", 3)))
}
