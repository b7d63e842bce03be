package metrics_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin/metrics"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestWhatIsCounted(t *testing.T) {
	f := &fleet.Fleet{Seed: 1}
	t.Cleanup(func() { _ = f.Close() })
	p, err := f.Create(config.Proxy{Name: "ws", Listen: config.DefaultListen, Upstream: fakeserver.Start(t).URL, Rules: []faultproxy.Rule{
		{Name: "hold", On: frame.AllOf(frame.Op(frame.OpText), frame.Toward(frame.ToClient)), Do: faultproxy.Late{By: 60 * time.Millisecond}},
		{Name: "end", On: faultproxy.Elapsed(100 * time.Millisecond), Do: faultproxy.CloseWith(1012, "restart")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), p.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	// while the connection is open
	compare(t, f, p, `
# HELP faultproxy_payload_bytes_total Payloads of the frames that arrived, by where they went.
# TYPE faultproxy_payload_bytes_total counter
faultproxy_payload_bytes_total{direction="to-client",opcode="text",proxy="ws"} 5
faultproxy_payload_bytes_total{direction="to-server",opcode="text",proxy="ws"} 5
`, "faultproxy_payload_bytes_total")
	_, _, _ = c.ReadMessage() // the Close, which it answers
	_ = c.Close()
	if _, err := p.Timeline().Wait(t.Context(), timeline.Ended(1)); err != nil {
		t.Fatal(err)
	}
	compare(t, f, p, `
# HELP faultproxy_accepted_total TCP connections that were accepted.
# TYPE faultproxy_accepted_total counter
faultproxy_accepted_total{proxy="ws"} 1
# HELP faultproxy_closes_total Connections that are over and were open, by the code that the client was told and by cause.
# TYPE faultproxy_closes_total counter
faultproxy_closes_total{cause="restart",code="1012",proxy="ws"} 1
# HELP faultproxy_connections Connections by how far they have come.
# TYPE faultproxy_connections gauge
faultproxy_connections{proxy="ws",state="connecting"} 0
faultproxy_connections{proxy="ws",state="open"} 0
# HELP faultproxy_handshakes_total Answers to upgrades by HTTP status; none: the connection ended without one.
# TYPE faultproxy_handshakes_total counter
faultproxy_handshakes_total{proxy="ws",status="101"} 1
# HELP faultproxy_rules_fired_total How often a rule, or a caller, acted. Beyond 200 rules: other.
# TYPE faultproxy_rules_fired_total counter
faultproxy_rules_fired_total{proxy="ws",rule="end"} 1
faultproxy_rules_fired_total{proxy="ws",rule="hold"} 1
`, "faultproxy_accepted_total", "faultproxy_closes_total", "faultproxy_connections", "faultproxy_handshakes_total", "faultproxy_rules_fired_total")
	totals := p.Tracker().Totals()
	if late := totals.Late; late.Count != 1 || late.Sum < 0 {
		t.Errorf("timing error %+v", late)
	}
	if held := totals.Held[frame.ToClient]; held == nil || held.Sum < 0.06 || held.Counts[4] == held.Count {
		t.Errorf("held %+v", held)
	}
	if problems, err := testutil.CollectAndLint(metrics.New(f)); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	if err := f.Remove("ws"); err != nil {
		t.Fatal(err)
	}
	if n := testutil.CollectAndCount(metrics.New(f)); n != 0 {
		t.Errorf("%d series of a proxy that is gone", n)
	}
}

// compare compares series, once everything that happened was counted.
func compare(t *testing.T, f *fleet.Fleet, p *fleet.Proxy, want string, names ...string) {
	t.Helper()
	if err := p.Tracker().Await(t.Context(), p.Timeline().Last()); err != nil {
		t.Fatal(err)
	}
	if err := testutil.CollectAndCompare(metrics.New(f), strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func TestTheHandler(t *testing.T) {
	w := httptest.NewRecorder()
	metrics.Handler(&fleet.Fleet{}, "v1.2.3").ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	for _, want := range []string{`faultproxy_build_info{version="v1.2.3"} 1`, "go_goroutines"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}
