package faultproxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// browser is an http.Client that follows nothing and reaches the virtual network.
func browser(n *memnet.Network) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DialContext: n.DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func httpURL(p *faultproxy.Proxy) string { return "http" + strings.TrimPrefix(p.URL, "ws") }

func TestPlainHTTPPassesOnTheSamePort(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		url := httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-Saw", strings.Join([]string{r.Method, r.RequestURI, r.Host, r.Header.Get("Origin"),
				r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Forwarded-Proto"), string(body)}, " "))
			if r.URL.Path == "/base/moved" {
				w.Header().Set("Location", "http://elsewhere/")
				w.WriteHeader(http.StatusFound)
			}
			io.WriteString(w, "answer")
		})
		for _, preserve := range []bool{false, true} {
			p := (&faultproxy.Proxy{Upstream: url + "/base", PreserveHost: preserve}).On(t, n).StartIn(t)
			self, want := strings.TrimPrefix(p.URL, "ws://"), strings.TrimPrefix(url, "ws://")
			if preserve {
				want = self
			}
			client := browser(n)
			for _, c := range []struct {
				method, target, body string
				status               int
				saw                  string
			}{
				{"GET", "/page?a=1;b=2", "", 200, "GET /base/page?a=1;b=2 " + want + " http://page.test " + self + " http"},
				{"POST", "/negotiate", strings.Repeat("x", 300<<10), 200,
					"POST /base/negotiate " + want + " http://page.test " + self + " http " + strings.Repeat("x", 300<<10)},
				{"GET", "/moved", "", 302, "GET /base/moved " + want + " http://page.test " + self + " http"},
			} {
				req, _ := http.NewRequest(c.method, httpURL(p)+c.target, strings.NewReader(c.body))
				req.Header.Set("Origin", "http://page.test")
				req.Header.Set("X-Forwarded-Host", "forged")
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				if resp.Header.Get("X-Saw") != c.saw || resp.StatusCode != c.status || string(body) != "answer" {
					t.Errorf("%s %s: status %d, %q; the upstream saw\n%.200q, want\n%.200q", c.method, c.target, resp.StatusCode, body, resp.Header.Get("X-Saw"), c.saw)
				}
				e := last(p, 0, timeline.KindHTTP)
				if e.Field("method") != c.method || e.Field("target") != c.target || e.Field("status") != fmt.Sprint(c.status) {
					t.Errorf("the timeline says %v of %s %s", e, c.method, c.target)
				}
			}
			warned := false
			for _, line := range p.Summary() {
				warned = warned || strings.HasPrefix(line, "3 plain HTTP requests came through and no WebSocket upgrade")
			}
			if !warned {
				t.Errorf("the summary does not warn: %q", p.Summary())
			}
		}
	})
}

// Events of a stream arrive as they are sent, and the proxy ends in its middle.
func TestServerSentEventsStreamAndEndWithTheProxy(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		left := make(chan struct{})
		p := faultproxy.InMemory(t, n, httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for i := 0; ; i++ {
				fmt.Fprintf(w, "data: %d\n\n", i)
				http.NewResponseController(w).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
					close(left)
					return
				}
			}
		}))
		start := time.Now()
		resp, err := browser(n).Get(httpURL(p) + "/events")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for i := range 3 {
			for lines.Scan() && lines.Text() == "" {
			}
			if at := time.Since(start).Truncate(time.Second); lines.Text() != fmt.Sprint("data: ", i) || at != time.Duration(i)*time.Second {
				t.Errorf("got %q after %v", lines.Text(), at)
			}
		}
		if e := last(p, 0, timeline.KindHTTP); e.At > time.Millisecond {
			t.Errorf("the exchange was recorded only at %v", e.At)
		}
		closing := time.Now()
		if err := p.Close(); err != nil || time.Since(closing) > time.Millisecond {
			t.Errorf("Close took %v: %v", time.Since(closing), err)
		}
		for lines.Scan() {
		}
		if lines.Err() == nil {
			t.Error("the client takes the stream for complete")
		}
		<-left
	})
}

func TestPlainHTTPWithoutAnUpstream(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, "ws://nobody.test:1")
		for _, paged := range []bool{false, true} {
			want := "faultproxy: cannot reach the upstream ws://nobody.test:1: dial tcp"
			if paged {
				want = "<h1>sorry</h1>"
				p.Behave(faultproxy.Behavior{Unreachable: faultproxy.Answer{Page: faultproxy.Page{Header: http.Header{"Content-Type": {"text/html"}}, Body: want}}})
			}
			resp, err := browser(n).Get(httpURL(p) + "/x")
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 502 || !strings.HasPrefix(string(body), want) || paged != (resp.Header.Get("Content-Type") == "text/html") {
				t.Errorf("status %d, %q, want 502 and %q", resp.StatusCode, body, want)
			}
			if e := last(p, 0, timeline.KindHTTP); e.Field("status") != "502" {
				t.Errorf("the timeline says %v", e)
			}
			if e := last(p, 0, timeline.KindError); !strings.Contains(e.Field("error"), "nobody.test:1") {
				t.Errorf("the timeline does not say why: %v", e)
			}
		}
	})
}

func TestPlainHTTPClientThatLeaves(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		left := make(chan time.Time, 1)
		p := faultproxy.InMemory(t, n, httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			left <- time.Now()
		}))
		c := rawConnect(t, n, p)
		io.WriteString(c, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
		time.Sleep(time.Minute)
		at := time.Now()
		c.Close()
		if late := (<-left).Sub(at); late > time.Millisecond {
			t.Errorf("the upstream was left %v later", late)
		}
		synctest.Wait()
		if e := last(p, 0, timeline.KindError); !strings.Contains(e.Field("error"), "GET /slow: the client left") {
			t.Errorf("the timeline says %v", e)
		}
	})
}

// Every plain request comes on a connection of its own, so one never swallows an
// upgrade attempt.
func TestPlainHTTPConnectionsAreNotKept(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, httpServer(t, n, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") }))
		got := get(t, n, p, "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"+upgradeRequest+"\r\n")
		if strings.Count(got, "HTTP/1.1 ") != 1 || !strings.HasSuffix(got, "page") {
			t.Errorf("got %q", got)
		}
		if conns := p.Timeline.Conns(); len(conns) > 0 {
			t.Errorf("an attempt was counted: %v", conns)
		}
	})
}

func TestCloseWaitsForPlainHTTPHandlers(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		url := httpServer(t, n, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		for range 20 { // it is a matter of scheduling
			p := faultproxy.InMemory(t, n, url)
			var clients sync.WaitGroup
			for range 20 {
				clients.Go(func() {
					if _, err := browser(n).Get(httpURL(p)); err == nil {
						t.Error("the client was answered")
					}
				})
			}
			time.Sleep(time.Second)
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			events := p.Timeline.Len()
			clients.Wait()
			if late := p.Timeline.Len() - events; late > 0 {
				t.Fatalf("%d events after Close", late)
			}
		}
	})
}
