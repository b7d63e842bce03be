package consumer

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// serve is the user's server: it reads, and gorilla answers pings.
func serve(w http.ResponseWriter, r *http.Request) {
	c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
	}
}

func TestClientNoticesThatPongsStop(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(serve))
	defer srv.Close()
	p := faultproxy.Start(t, srv.URL)
	rule := faultproxy.DropPongs()
	rule.Expect = faultproxy.Fired
	p.Add(rule)
	c, _, err := websocket.DefaultDialer.Dial(p.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := live(c, 20*time.Millisecond); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("the client ended with %v; want its own timeout", err)
	}
}

func TestClientOutlivesNginx(t *testing.T) {
	for _, tc := range []struct {
		interval time.Duration
		survives bool
	}{{25 * time.Second, true}, {70 * time.Second, false}} {
		synctest.Test(t, func(t *testing.T) {
			network := memnet.New()
			l, err := network.Listen("tcp", "server.test:80")
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{Handler: http.HandlerFunc(serve)}
			go srv.Serve(l)
			defer srv.Close()
			p := faultproxy.InMemory(t, network, "ws://server.test:80")
			p.Use(middlebox.Nginx())
			c, _, err := (&websocket.Dialer{NetDialContext: network.DialContext}).Dial(p.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- live(c, tc.interval) }()
			select {
			case err := <-ended:
				if tc.survives {
					t.Errorf("a client that pings every %v died: %v", tc.interval, err)
				}
				synctest.Wait()
				if r := diagnosis.Diagnose(p.Timeline, 1); r.Cause.ID != diagnosis.IDIdleTimeout {
					t.Errorf("diagnosed as %v", r)
				}
			case <-time.After(time.Hour):
				if !tc.survives {
					t.Errorf("a client that pings every %v lived behind a 60 s timeout", tc.interval)
				}
				_ = c.Close()
				<-ended
			}
		})
	}
}
