package report_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func page(t *testing.T, p report.Page, recordings ...timeline.Viewer) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.HTML(&b, recordings...); err != nil {
		t.Fatal(err)
	}
	ids, links := harmless(t, b.Bytes())
	for target := range links {
		if !ids[target] {
			t.Errorf("a link leads to #%s, which is not there", target)
		}
	}
	return b.String()
}

func diagram(t *testing.T, d report.Diagram, v timeline.Viewer) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.SVG(&b, v); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.Bytes())
	return b.String()
}

func wantText(t *testing.T, doc string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(doc, w) {
			t.Errorf("%q is not there", w)
		}
	}
}

// A page about a long connection shows its beginning and its end, and says how much is
// between them.
func TestLongConnectionsAreCut(t *testing.T) {
	tp := newTape(t)
	tp.opens(1, "/first")
	for i := range 6_000 {
		tp.pass(10*time.Millisecond).sends(1, frame.Text(fmt.Sprint("message ", i)))
	}
	tp.happens(1, timeline.KindFIN, frame.ToClient, timeline.Passed, "").happens(1, timeline.KindEnded, 0, 0, "")
	doc := page(t, report.Page{}, tp)
	wantText(t, doc, "Timeline, 6,006 events", "5,506 events left out here", "5,886 events left out here",
		"GET /first", "message 195&#34;", "message 5999", ">ended<")
	if strings.Contains(doc, "message 3000") || len(doc) > 400_000 {
		t.Errorf("%d bytes", len(doc))
	}
	svg := diagram(t, report.Diagram{Events: 10}, tp)
	wantText(t, svg, "5,996 events left out here", "GET /first", "5999", "ended")
	if n := strings.Count(svg, "<g>"); n != 10 {
		t.Errorf("%d events are drawn, want 10", n)
	}
}

// Of many connections those that went wrong are shown in detail first; all the others
// are listed, as far as a page goes.
func TestManyConnectionsAreListed(t *testing.T) {
	tp := newTape(t)
	for n := range 2100 {
		tp.pass(time.Second).opens(n+1, "/")
		if n == 2050 {
			tp.happens(n+1, timeline.KindRST, frame.ToClient, timeline.Passed, "")
		} else {
			tp.receives(n+1, frame.Close(1000, "")).sends(n+1, frame.Close(1000, "")).happens(n+1, timeline.KindFIN, frame.ToClient, timeline.Passed, "")
		}
		tp.happens(n+1, timeline.KindEnded, 0, 0, "")
	}
	doc := page(t, report.Page{}, tp)
	wantText(t, doc, "2,001 connections", "listed of 2,100", "99 more connections not listed", "2,040 connections without a diagram",
		`id="c1"`, `id="c2051"`, `id="c59"`)
	if strings.Contains(doc, `id="c60"`) {
		t.Error("more connections are shown than there should be")
	}
	svg := diagram(t, report.Diagram{}, tp)
	wantText(t, svg, "2,080 more connections not drawn here")
}

// Evidence that is left out is named, and not linked.
func TestLinksLeadToWhatIsThere(t *testing.T) {
	doc := page(t, report.Page{Rows: 3, Conns: 1, Policy: &promise}, outage(t))
	wantText(t, doc, `<li><code>`, "Event 18.", `<a href="#c1">`)
	if strings.Contains(doc, `href="#c3"`) {
		t.Error("there is a link to a connection that is not shown")
	}
}

// Where a proxy and a server share a timeline what the proxy saw is shown, and the
// server's part if that is asked for.
func TestOneVantagePointIsShown(t *testing.T) {
	tp := newTape(t)
	tp.opens(1, "/by-proxy").sends(1, frame.Text("through the proxy"))
	tp.append(timeline.Record{Conn: 1, Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Arrived, Vantage: timeline.AtServer, Fields: fields("target", "/by-server")})
	f := frame.Text("seen by the server")
	tp.append(timeline.Record{Conn: 1, Kind: timeline.KindFrame, Dir: frame.ToServer, Seen: timeline.Arrived, Vantage: timeline.AtServer, Header: f.Header(), Payload: f.Payload, Plain: true})
	_, har := archived(t, tp)
	for _, doc := range []string{page(t, report.Page{}, tp), diagram(t, report.Diagram{}, tp), string(har)} {
		if wantText(t, doc, "through the proxy"); strings.Contains(doc, "by-server") || strings.Contains(doc, "seen by the server") {
			t.Error("the server's part is shown among the proxy's")
		}
	}
	own := diagram(t, report.Diagram{}, tp.At(timeline.AtServer))
	if wantText(t, own, "seen by the server"); strings.Contains(own, "through the proxy") {
		t.Error("the proxy's part is shown among the server's")
	}
}

func TestLostEventsAreSaid(t *testing.T) {
	tp := newTape(t)
	tp.opens(1, "/").append(timeline.Record{Kind: timeline.KindLost, Bytes: 12})
	wantText(t, page(t, report.Page{}, tp), "12 events of this recording are missing")
}

func TestNothingToShow(t *testing.T) {
	wantText(t, page(t, report.Page{}), "There is no recording.")
	wantText(t, page(t, report.Page{}, newTape(t)), "There is no connection in this recording.")
	wantText(t, diagram(t, report.Diagram{}, newTape(t)), "There is no connection in this recording.")
	wantText(t, diagram(t, report.Diagram{}, outage(t).Conn(9)), "There is no connection in this recording.")
}

// Time never runs up, and no two events touch.
func TestEventsStandApart(t *testing.T) {
	tp := newTape(t)
	tp.opens(1, "/")
	for i := range 60 {
		tp.pass(time.Duration(i*i*i)*time.Millisecond).sends(1, frame.Text("x"))
		if i%7 == 0 {
			tp.receives(1, frame.Text("y")) // at the same instant
		}
	}
	svg := diagram(t, report.Diagram{}, tp)
	last := 0.0
	for _, m := range regexp.MustCompile(`<g>\n<title>[^<]*</title>\n(?:<text class="time"[^>]*>[^<]*</text>\n)?<[a-z]+ [^>]*y1="([0-9.]+)"`).FindAllStringSubmatch(svg, -1) {
		y, _ := strconv.ParseFloat(m[1], 64)
		if last > 0 && (y < last+26 || y > last+170) {
			t.Errorf("an event at %v px follows one at %v px", y, last)
		}
		last = y
	}
	if last == 0 || !strings.Contains(svg, "folded") {
		t.Error(last)
	}
}

// A page or an archive of several recordings keeps them apart, and each name.
func TestSeveralRecordings(t *testing.T) {
	doc := page(t, report.Page{Policy: &promise}, report.Named{Name: "before", Viewer: outage(t)}, report.Named{Name: "after", Viewer: outage(t)})
	wantText(t, doc, `<h2 class="part">before</h2>`, `<h2 class="part">after</h2>`, `id="r1-c1"`, `id="r2-c3"`)
	a, _ := archived(t, outage(t), outage(t))
	if len(a.Log.Entries) != 6 {
		t.Errorf("%d entries", len(a.Log.Entries))
	}
}

// The same recording gives the same documents.
func TestDocumentsAreDeterministic(t *testing.T) {
	tp := attack(t)
	first := page(t, report.Page{Policy: &promise}, tp) + diagram(t, report.Diagram{}, tp)
	for range 2 {
		if page(t, report.Page{Policy: &promise}, tp)+diagram(t, report.Diagram{}, tp) != first {
			t.Fatal("not the same twice")
		}
	}
}
