package assertions_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/heartbreak-ws/heartbreak/assertions"
	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// Where a middlebox cuts an idle line, a failure says what would have kept it open, as it
// would where the middlebox is real. A rule of the test's own is its own reason.
func TestAFailureBehindAMiddleboxHasItsAdvice(t *testing.T) {
	const advice = "advice   beat more often than every 30 s"
	for name, cut := range map[string]func(*faultproxy.Proxy) error{
		"cause    injected by rule nginx/idle": func(p *faultproxy.Proxy) error { return p.Use(middlebox.Nginx()) },
		"cause    injected by rule mine": func(p *faultproxy.Proxy) error {
			return p.Add(faultproxy.Rule{Name: "mine", On: faultproxy.Idle(time.Minute), Do: faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose}})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := fakeserver.InMemory(t, fakeserver.Silent)
			p := faultproxy.InMemory(t, srv.Network(), srv.URL)
			if err := cut(p); err != nil {
				t.Fatal(err)
			}
			ws, _, err := srv.Dialer().DialContext(t.Context(), p.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _, _ = ws.ReadMessage()
			_ = ws.Close()
			m := HaveReconnected()
			if ok, err := m.Match(p); ok || err != nil {
				t.Fatalf("%t, %v", ok, err)
			}
			said := m.FailureMessage(p)
			if !strings.Contains(said, name) || strings.Contains(said, advice) != strings.HasSuffix(name, "/idle") {
				t.Errorf("it says\n%s", said)
			}
		})
	}
}
