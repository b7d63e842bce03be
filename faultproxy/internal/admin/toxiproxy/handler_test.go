package toxiproxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin/toxiproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// A client that sends half of its request holds nobody else up.
func TestASlowClientIsNobodysConcern(t *testing.T) {
	api := serve(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(api, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, "POST /proxies HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
	if _, err := c.Read(make([]byte, 100)); err != nil { // 100 Continue: the handler reads
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "{")
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(api + "/proxies")
	if err != nil {
		t.Fatalf("another client waits: %v", err)
	}
	_ = resp.Body.Close()
}

// A list that cannot be made as a whole leaves the proxies that were there.
func TestPopulateThatFailsLosesNothing(t *testing.T) {
	api := serve(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	call(t, api, `POST /proxies {"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}`, http.Header{})
	before := call(t, api, "GET /proxies/p", http.Header{})
	if got := call(t, api, fmt.Sprintf(`POST /populate [{"name": "p", "listen": %q, "upstream": "127.0.0.1:9"}]`, taken.Addr()), http.Header{}); !strings.HasPrefix(got, "500") {
		t.Errorf("on an address that is taken: %s", got)
	}
	if after := call(t, api, "GET /proxies/p", http.Header{}); after != before {
		t.Errorf("it was %s\nand is  %s", before, after)
	}
	call(t, api, `POST /proxies/p/toxics {"type": "noop"}`, http.Header{})
	if got := call(t, api, `POST /populate [{"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:10"}]`, http.Header{}); got != strings.Replace(strings.Replace(before, "200 ", `201 {"proxies":[`, 1), "127.0.0.1:9", "127.0.0.1:10", 1)+"]}" {
		t.Errorf("populated anew: %s", got)
	}
}

// What is shown of a proxy without an upstream of its own can be sent back.
func TestTheEmbeddedEchoIsAnUpstream(t *testing.T) {
	f := &fleet.Fleet{Echo: func() (string, error) { return "ws://127.0.0.1:9", nil }}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Create(config.Proxy{Name: "echo", Listen: config.DefaultListen}); err != nil {
		t.Fatal(err)
	}
	h := toxiproxy.Handler(f)
	shown := httptest.NewRecorder()
	h.ServeHTTP(shown, httptest.NewRequest("GET", "/proxies/echo", nil))
	sent := strings.Replace(shown.Body.String(), `"enabled":true`, `"enabled":false`, 1)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest("PATCH", "/proxies/echo", strings.NewReader(sent)))
	if answer.Code != 200 || answer.Body.String() != sent {
		t.Errorf("sent %s\ngot %d %s", sent, answer.Code, answer.Body)
	}
}
