package report_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"

	"github.com/gorilla/websocket"
)

// What a proxy and a server really record is shown, too: by the proxy with three lanes,
// by the server with two.
func TestWhatProxyAndServerRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.InMemory(t)
		p := (&faultproxy.Proxy{Upstream: srv.URL, Seed: 1}).On(t, srv.Network())
		rules := []faultproxy.Rule{
			{Name: "drop-pongs", On: frame.AllOf(frame.Op(frame.OpPong), frame.Toward(frame.ToClient)), Do: faultproxy.Drop{}},
			{Name: "nothing", On: frame.Op(frame.OpBinary), Do: faultproxy.Drop{}},
			{Name: "end", On: faultproxy.Elapsed(time.Minute), Do: faultproxy.CloseWith(1012, "restart")},
		}
		if err := p.Add(rules...); err != nil {
			t.Fatal(err)
		}
		p.StartIn(t)
		c, _, err := srv.Dialer().DialContext(t.Context(), p.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(10 * time.Second)
			if err := c.WriteControl(websocket.PingMessage, []byte("beat"), time.Time{}); err != nil {
				t.Fatal(err)
			}
			if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
		for err == nil {
			_, _, err = c.ReadMessage()
		}
		_ = c.Close()
		time.Sleep(time.Minute)
		synctest.Wait()

		doc := page(t, report.Page{}, p)
		wantText(t, doc, "Close 1012", "never answered", "The rule <code>nothing</code> never fired", ">proxy</text>", "dropped by drop-pongs")
		if strings.Contains(doc, "<code>drop-pongs</code> never") || strings.Contains(doc, "<code>end</code> never") {
			t.Error("rules that fired are said not to have")
		}
		if strings.Contains(diagram(t, report.Diagram{}, p), ">← drop-pongs: drop<") {
			t.Error("a rule fired, says a row beside the frame that it dropped")
		}
		own := diagram(t, report.Diagram{}, srv)
		wantText(t, own, ">client</text>", ">server</text>", "hello")
		if strings.Contains(own, ">proxy</text>") {
			t.Error("the server's own diagram has a proxy")
		}
		frames := 0
		for e := range p.View().At(timeline.AtProxy).All() {
			if e.Kind == timeline.KindFrame {
				frames++
			}
		}
		a, _ := archived(t, p)
		// the pongs that were dropped, and the proxy's closing handshake with the server
		if e := a.Log.Entries[0]; len(e.Messages)+len(e.ServerSide) != frames || len(e.ServerSide) != 5 || frames < 10 {
			t.Errorf("%d frames, %d and %d in the archive", frames, len(e.Messages), len(e.ServerSide))
		}
	})
}
