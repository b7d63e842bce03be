package report_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
)

// A client that never beats, on thirty connections: that is one rule broken, and told once.
func TestTheSameFindingIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t, fakeserver.Script(fakeserver.Pause(10*time.Second), fakeserver.Fin()))
		go comeBack(t.Context(), srv.Dialer(), srv.URL, diagnosis.Fixed(time.Second), rand.New(rand.NewPCG(1, 1)))
		time.Sleep(330*time.Second - time.Millisecond)
		synctest.Wait()
		doc := page(t, report.Page{Policy: &diagnosis.Policy{Dialect: heartbeat.Protocol(), Interval: 2 * time.Second}, Conns: 3}, srv)
		wantText(t, doc, `<b class="bad">1 rule broken</b>`, "The client sent no beat at all.",
			`The same on connections <a href="#c2">2</a>, <a href="#c3">3</a>, 4, 5, 6,`, ", 21 and 9 more.")
	})
}
