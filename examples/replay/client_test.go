package replay_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/examples/replay"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// staging reads the recording. (This one is of a fake server, in the place of a staging
// that we do not have.)
func staging(t *testing.T) *timeline.Timeline {
	f, err := os.Open("testdata/staging.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tl, err := timeline.ReadJSONL(f)
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

// What the client of that day did: it pinged into a silence for minutes.
func TestWhatHappenedInStaging(t *testing.T) {
	g := NewWithT(t)
	g.Expect(staging(t)).NotTo(HaveDetectedSilenceWithin(45 * time.Second))
	g.Expect(staging(t)).NotTo(HaveReconnected())
}

// The client of today meets the server of that day: all messages it sent, at their times,
// and then its silence. The faultproxy replay command does this for clients in any
// language; here a script is made of the recording, frame by frame.
func TestTheClientOfTodayDoesBetter(t *testing.T) {
	var steps []fakeserver.Step
	var at time.Duration
	for e := range staging(t).Conn(1).All() {
		if timeline.Selects(frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpText)), e) {
			steps = append(steps, fakeserver.Pause(e.At-at), fakeserver.Send(frame.Text(string(e.Payload))))
			at = e.At
		}
	}
	steps = append(steps, fakeserver.GoDark())
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		srv := fakeserver.InMemory(t, fakeserver.Script(steps...), fakeserver.Echo)
		go replay.Run(t.Context(), srv.Dialer(), srv.URL)
		time.Sleep(10 * time.Minute)
		g.Expect(srv.Conn(1)).To(HaveReceived(frame.Contains("price")).Times(3))
		g.Expect(srv.Conn(1)).To(HaveDetectedSilenceWithin(45 * time.Second))
		g.Expect(srv).To(HaveReconnectedWithin(time.Second))
	})
}
