package replay_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	client "github.com/heartbreak-ws/heartbreak/examples/replay"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// What the client of that day did: it pinged into a silence for minutes. That is asked of
// the recording itself, and needs no client.
func TestWhatHappenedInStaging(t *testing.T) {
	g := NewWithT(t)
	f, err := os.Open("testdata/staging.jsonl")
	g.Expect(err).NotTo(HaveOccurred())
	defer f.Close()
	staging, err := timeline.ReadJSONL(f)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(staging).NotTo(HaveDetectedSilenceWithin(45 * time.Second))
	g.Expect(staging).NotTo(HaveReconnected())
}

// The client of today meets the server of that day: all it sent, at its times, with its
// answers to pings until there were none. With the client of that day:
//
//	The client did not notice the silence on connection 1 for 9m12.996s, expected it to within 45s.
func TestTheClientOfTodayDoesBetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := replay.InMemory(t, "testdata/staging.jsonl")
		go client.Run(t.Context(), srv.Dialer(), srv.URL)
		time.Sleep(10 * time.Minute)
		g.Expect(srv.Conn(1)).To(HaveReceived(frame.Contains("price")).Times(3))
		g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(45 * time.Second))
		g.Expect(srv).To(HaveReconnectedWithin(2 * time.Second))
	})
}
