package fakeserver_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A proxy and a server on one timeline: what the one dropped the other never saw,
// and each counts the connections that it met.
func TestAProxyAndAServerShareATimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, tl := memnet.New(), timeline.New()
		srv := (&fake.Server{Timeline: tl, Handlers: []fake.Handler{
			fake.Script(fake.Expect(frame.Text("kept")), fake.Send(frame.Text("lost too")), fake.Close(1012, "restart")),
		}}).On(t, network).StartIn(t)
		p := (&faultproxy.Proxy{Upstream: srv.URL, Timeline: tl}).On(t, network).StartIn(t)
		_ = p.Add(faultproxy.Rule{Name: "busy", On: faultproxy.Requested, Conns: faultproxy.Nth(1), Do: faultproxy.Reject{Status: 503}})
		_ = p.Add(faultproxy.Rule{Name: "lossy", On: frame.Contains("lost"), Do: faultproxy.Drop{}})

		d := websocket.Dialer{NetDialContext: network.DialContext}
		if _, _, err := d.Dial(p.URL, nil); err == nil {
			t.Fatal("the first attempt opened")
		}
		ws, _, err := d.Dial(p.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = ws.WriteMessage(websocket.TextMessage, []byte("lost"))
		_ = ws.WriteMessage(websocket.TextMessage, []byte("kept"))
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, 1012) {
			t.Errorf("the client got %v", err)
		}
		_ = ws.Close()
		over(t, srv.Conn(1))
		synctest.Wait()

		tells(t, srv.Conn(1), "opened", "-> request", `-> text "kept"`, "-> close 1012", "-> fin",
			"<- response 101", `<- text "lost too"`, `<- fault Close(1012, "restart")`, `<- close 1012 "restart"`, "<- fin", "ended")
		if got, want := p.View().Conns(), []int{1, 2}; len(got) != 2 || got[1] != want[1] {
			t.Errorf("the proxy counts %v, want %v", got, want)
		}
		if got := srv.View().Conns(); len(got) != 1 || got[0] != 1 {
			t.Errorf("the server counts %v, want [1]", got)
		}
		var b strings.Builder
		_ = tl.WriteText(&b)
		for _, line := range []string{"#2  →  text 4 B \"lost\"   dropped by lossy", "s1  →  text 4 B \"kept\"\n", "s1  ←  text 8 B \"lost too\"\n", "#2  ←  text 8 B \"lost too\"   dropped by lossy"} {
			if !strings.Contains(b.String(), line) {
				t.Errorf("%q is not in\n%s", line, &b)
			}
		}
		for n, want := range map[int]diagnosis.ID{1: diagnosis.IDHandshakeRejected, 2: diagnosis.IDRestart} {
			if r := diagnosis.Diagnose(tl, n); r.Cause.ID != want {
				t.Errorf("connection %d: %v, want %v: %v", n, r.Cause.ID, want, r)
			}
		}
		if r := diagnosis.Diagnose(srv.View(), 1); r.EndedBy != diagnosis.Server || r.CloseEvent.Code != 1012 {
			t.Errorf("as the server saw it: %v", r)
		}
	})
}

// The server's own FIN is the server's end, not the network's.
func TestTheServersEndIsDiagnosedAsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.Script(fake.Fin()))
		c := dial(t, srv)
		c.wants("fin")
		_ = c.conn.Close()
		over(t, srv.Conn(1))
		if r := diagnosis.Diagnose(srv.View(), 1); r.EndedBy != diagnosis.Server {
			t.Errorf("%v", r)
		}
	})
}
