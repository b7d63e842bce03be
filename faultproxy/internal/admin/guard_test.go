package admin_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// What a page in the developer's browser can make it send must do nothing and read
// nothing.
func TestPagesOfOthers(t *testing.T) {
	a := serve(t)
	set := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == "Host" {
					r.Host = pairs[i+1]
				} else {
					r.Header.Set(pairs[i], pairs[i+1])
				}
			}
		}
	}
	own := strings.TrimPrefix(a.url, "http://")
	_, port, _ := net.SplitHostPort(own)
	for name, each := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"a program":                  {nil, 200},
		"localhost":                  {set("Host", "localhost:"+port), 200},
		"the dashboard":              {set("Origin", a.url, "Sec-Fetch-Site", "same-origin"), 200},
		"an address that is typed":   {set("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"), 200},
		"a link elsewhere":           {set("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), 200},
		"another origin":             {set("Origin", "https://evil.example"), 403},
		"another port":               {set("Origin", "http://127.0.0.1:1"), 403},
		"no origin to speak of":      {set("Origin", "null"), 403},
		"a picture elsewhere":        {set("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"), 403},
		"another port, by fetch":     {set("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"), 403},
		"DNS rebinding":              {set("Host", "evil.example:"+port), 403},
		"DNS rebinding, its origin":  {set("Host", "evil.example:"+port, "Origin", "http://evil.example:"+port), 403},
		"a name that ends like ours": {set("Host", "localhost.evil.example"), 403},
	} {
		t.Run(name, func(t *testing.T) {
			if got := a.call("GET", "/v1/proxies", "", each.change); got.status != each.want {
				t.Errorf("GET: %d %s, want %d", got.status, got.body, each.want)
			}
			want := each.want
			if name == "a link elsewhere" {
				want = 403 // a form that is sent
			} else if want == 200 {
				want = 201
			}
			if got := a.call("POST", "/v1/proxies/ws/notes", `{"name": "x"}`, each.change); got.status != want {
				t.Errorf("POST: %d %s, want %d", got.status, got.body, want)
			}
		})
	}
}

func TestTheToken(t *testing.T) {
	f := &fleet.Fleet{}
	t.Cleanup(func() { _ = f.Close() })
	a := &api{t: t, url: listen(t, &admin.Server{Fleet: f, Token: "opensesame"})}
	for name, each := range map[string]struct {
		path   string
		change func(*http.Request)
		want   int
	}{
		"none":         {"/v1/proxies", nil, 401},
		"wrong":        {"/v1/proxies", func(r *http.Request) { r.Header.Set("Authorization", "Bearer opensesam") }, 401},
		"bearer":       {"/v1/proxies", func(r *http.Request) { r.Header.Set("Authorization", "Bearer opensesame") }, 200},
		"in a URL":     {"/v1/proxies", func(r *http.Request) { r.SetBasicAuth("any", "opensesame") }, 200},
		"health":       {"/v1/health", nil, 200},
		"by name":      {"/v1/proxies", func(r *http.Request) { r.Host = "proxy.test"; r.SetBasicAuth("", "opensesame") }, 200},
		"other origin": {"/v1/proxies", func(r *http.Request) { r.SetBasicAuth("", "opensesame"); r.Header.Set("Origin", "http://evil") }, 403},
		"a wrong link": {"/?token=x", nil, 401},
	} {
		if got := a.call("GET", each.path, "", each.change); got.status != each.want {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.body, each.want)
		}
	}
	link := a.call("GET", "/?token=opensesame", "", nil)
	cookie := link.header.Get("Set-Cookie")
	if link.status != 303 || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || link.header.Get("Location") != "/" {
		t.Errorf("the link: %d %v", link.status, link.header)
	}
	if got := a.call("GET", "/v1/proxies", "", func(r *http.Request) { r.Header.Set("Cookie", cookie) }); got.status != 200 {
		t.Errorf("with the cookie: %d", got.status)
	}
}

func TestOnlyLoopbackGoesWithoutAToken(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := (&admin.Server{Fleet: &fleet.Fleet{}}).Serve(l); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("served on all interfaces: %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("it listens on")
	}
}
