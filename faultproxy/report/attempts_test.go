package report_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// herd is what a server sees of so many clients after it has died under all of them and
// refuses everybody for another 20 s.
func herd(t *testing.T, clients int, b diagnosis.Backoff) (died timeline.Viewer) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t,
			fakeserver.Echo.Times(clients), fakeserver.RejectWith(503).For(20*time.Second), fakeserver.Echo)
		for i := range clients {
			go comeBack(t.Context(), srv.Dialer(), srv.URL, b, rand.New(rand.NewPCG(1, uint64(i))))
		}
		time.Sleep(time.Minute)
		died = srv.Mark("died")
		srv.DropAll(fakeserver.Fin())
		time.Sleep(5 * time.Minute)
	})
	return died
}

// comeBack keeps a connection, with the delays of a model.
func comeBack(ctx context.Context, d *websocket.Dialer, url string, b diagnosis.Backoff, rng *rand.Rand) {
	var delay time.Duration
	for n := 1; ctx.Err() == nil; n++ {
		if ws, _, err := d.DialContext(ctx, url, nil); err == nil {
			stop := context.AfterFunc(ctx, func() { ws.Close() })
			_, _, _ = ws.ReadMessage()
			stop()
			ws.Close()
			n, delay = 1, 0
		}
		delay = b.Delay(n, delay, rng)
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
}

// TestAttemptsOfAHerd draws the README's picture of what backoff does.
func TestAttemptsOfAHerd(t *testing.T) {
	var panels []timeline.Viewer
	grows := diagnosis.Exponential(time.Second, 2).UpTo(30 * time.Second)
	for _, b := range []diagnosis.Backoff{diagnosis.Fixed(2 * time.Second), grows, grows.WithJitter(diagnosis.EqualJitter), grows.WithJitter(diagnosis.FullJitter)} {
		panels = append(panels, report.Named{Name: b.String(), Viewer: herd(t, 200, b)})
	}
	var b bytes.Buffer
	if err := (report.Attempts{Title: "200 clients whose server is away for 20 s, by their backoff", Per: 200 * time.Millisecond}).SVG(&b, panels...); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.Bytes())
	golden(t, "backoff.svg", b.Bytes())
}

func TestAttemptsThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		p := faultproxy.InMemory(t, srv.Network(), srv.URL)
		p.Add(faultproxy.Rule{Do: faultproxy.Refuse{}, Times: 3})
		for range 5 {
			if ws, _, err := srv.Dialer().DialContext(t.Context(), p.URL, nil); err == nil {
				ws.Close()
			}
			time.Sleep(time.Second)
		}
		doc := plotOf(t, report.Attempts{Per: 10 * time.Second}, p)
		wantText(t, doc, "5 attempts, 3 of them in vain; up to 5 in 10 s", "A bar is 10 s")
		if strings.Count(doc, `<rect class="let-in"`) != 2 || strings.Count(doc, `<rect class="in-vain"`) != 2 {
			t.Errorf("one bar with foot and head, and the legend, are wanted:\n%s", doc)
		}
	})
}

// The scale of a plot follows what is in it.
func TestTheScaleOfAPlot(t *testing.T) {
	for _, c := range []struct {
		last time.Duration
		want string
	}{
		{0, "A bar is 100 ms"},
		{19 * time.Second, "A bar is 100 ms"},
		{20 * time.Second, "A bar is 1 s"},
		{time.Hour, "A bar is 1 min"},
		{30 * time.Hour, "A bar is 10 min"},
		{100 * 24 * time.Hour, "A bar is 13 h"},
	} {
		tl := timeline.New()
		for _, at := range []time.Duration{0, c.last} {
			tl.Append(timeline.Record{At: at, Conn: 1 + tl.Len(), Kind: timeline.KindRequest})
		}
		doc := plotOf(t, report.Attempts{}, tl)
		wantText(t, doc, c.want)
		if n := strings.Count(doc, `class="tick"`); n < 2 || n > 13 {
			t.Errorf("%v has %d marks", c.last, n)
		}
	}
	wantText(t, plotOf(t, report.Attempts{}, timeline.New()), "no attempt")
	wantText(t, plotOf(t, report.Attempts{Title: "<nobody>"}), "There is no recording.", "&lt;nobody&gt;")
}

func plotOf(t *testing.T, a report.Attempts, recordings ...timeline.Viewer) string {
	t.Helper()
	var b bytes.Buffer
	if err := a.SVG(&b, recordings...); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.Bytes())
	return b.String()
}

// A herd in numbers.
func ExampleAttempts() {
	tl := timeline.New()
	for i := range 3 {
		tl.Append(timeline.Record{At: time.Duration(i) * time.Second, Conn: i + 1, Kind: timeline.KindRequest})
	}
	var picture bytes.Buffer
	if err := (report.Attempts{Title: "After the restart"}).SVG(&picture, tl); err != nil {
		fmt.Println(err)
	}
	_, after, _ := strings.Cut(picture.String(), "<desc id=\"hb-attempts-desc\">")
	desc, _, _ := strings.Cut(after, "<")
	fmt.Println(desc)
	// Output: 3 attempts, 3 of them in vain; up to 1 in 100 ms
}

func TestPagesOfManyAttemptsHaveAPlot(t *testing.T) {
	crowd := herd(t, 5, diagnosis.Fixed(time.Second))
	doc := page(t, report.Page{}, crowd, report.Named{Name: "again", Viewer: crowd})
	wantText(t, doc, "When clients asked to be let in", `aria-labelledby="r1-attempts-title`, `aria-labelledby="r2-attempts-title`, "105 attempts, 100 of them in vain")
	if strings.Contains(page(t, report.Page{}, outage(t)), "When clients asked") {
		t.Error("there is a plot of a few attempts")
	}
}
