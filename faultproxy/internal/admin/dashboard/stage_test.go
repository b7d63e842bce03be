package dashboard_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

//go:embed client_test.html
var clientPage []byte

// shots is where screenshots go, to be looked at; empty: nowhere.
var shots = os.Getenv("DASHBOARD_SCREENSHOTS")

// stage is a proxy with a dashboard, and a browser that looks at it.
type stage struct {
	t     testing.TB
	fleet *fleet.Fleet
	proxy *fleet.Proxy
	api   *admin.Server
	admin string // its URL
	page  context.Context

	mu       sync.Mutex
	requests []string
	errors   []string
}

func open(t testing.TB) *stage {
	t.Helper()
	f := &fleet.Fleet{Seed: 7}
	t.Cleanup(func() { _ = f.Close() })
	p, err := f.Create(config.Proxy{Name: "chat", Listen: config.DefaultListen, Upstream: upstream(t)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &admin.Server{Fleet: f, Version: "test"}
	if err := s.Serve(l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	st := &stage{t: t, fleet: f, proxy: p, api: s, admin: "http://" + l.Addr().String()}
	st.page = realparts.Browser(t, time.Minute, map[string]any{
		"disable-background-timer-throttling": true, "disable-renderer-backgrounding": true, "disable-backgrounding-occluded-windows": true})
	st.watch()
	st.do(chromedp.Navigate(st.admin + "/"))
	return st
}

// upstream answers the text ping, and sends everything else back.
func upstream(t testing.TB) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		for {
			kind, message, err := ws.ReadMessage()
			if err != nil {
				return
			}
			if string(message) == "ping" {
				message = []byte("pong")
			}
			if ws.WriteMessage(kind, message) != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.CloseClientConnections)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

// watch takes down what the dashboard asks for, and what goes wrong in it.
func (s *stage) watch() {
	s.t.Helper()
	err := chromedp.Listen(s.page, func(ev any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			s.requests = append(s.requests, ev.Request.URL)
		case *runtime.EventExceptionThrown:
			s.errors = append(s.errors, ev.ExceptionDetails.Text+" "+ev.ExceptionDetails.Exception.Description)
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
				said, _ := json.Marshal(ev.Args)
				s.errors = append(s.errors, string(said))
			}
		case *log.EventEntryAdded:
			s.errors = append(s.errors, ev.Entry.Text+" "+ev.Entry.URL)
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// quiet fails if the dashboard asked anybody else for anything, if something went wrong
// in it, or if it took what frames carry for HTML.
func (s *stage) quiet() {
	s.t.Helper()
	if title, images := js[string](s, "document.title"), js[int](s, "document.images.length"); title != "faultproxy" || images != 1 {
		s.t.Errorf("what a frame carried was taken for HTML: the title is %q, and there are %d images, want the program's own", title, images)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if !strings.HasPrefix(r, s.admin+"/") {
			s.t.Errorf("the dashboard asked for %s", r)
		}
	}
	for _, e := range s.errors {
		if strings.Contains(e, "status of 422") { // the browser's word on the rule that rules refuses
			continue
		}
		s.t.Errorf("in the console: %s", e)
	}
}

func (s *stage) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := chromedp.Do(s.page, steps...); err != nil {
		s.shot("failed", 1400, 900, "light")
		s.t.Fatal(err)
	}
}

// until waits until an expression is true in the page.
func (s *stage) until(expression string) {
	s.t.Helper()
	if _, err := chromedp.Run(s.page, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(15*time.Second))); err != nil {
		s.shot("failed", 1400, 900, "light")
		s.t.Fatalf("%s: %v", expression, err)
	}
}

// js is what an expression comes to in the page.
func js[T any](s *stage, expression string) T {
	s.t.Helper()
	v, err := chromedp.Run(s.page, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// shot takes a picture, if somebody wants to look at it, and fails if the page is wider
// than the window.
func (s *stage) shot(name string, width, height int64, scheme string) {
	s.t.Helper()
	media := &emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(s.page, emulation.SetEmulatedMedia, *media); err != nil {
		s.t.Fatal(err)
	}
	if err := chromedp.Do(s.page, chromedp.EmulateViewport(width, height)); err != nil {
		s.t.Fatal(err)
	}
	if over := js[int](s, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		s.t.Errorf("%s: the page is %d pixels wider than the window", name, over)
	}
	if shots == "" {
		return
	}
	picture, err := chromedp.Run(s.page, chromedp.CaptureScreenshot())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// client opens a page with a client in a tab of its own.
func (s *stage) client() {
	s.t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(clientPage)
	}))
	s.t.Cleanup(page.Close)
	tab, leave := chromedp.NewContext(s.page)
	s.t.Cleanup(leave)
	if err := chromedp.Do(tab, chromedp.Navigate(page.URL+"#"+url.QueryEscape(s.proxy.URL()))); err != nil {
		s.t.Fatal(err)
	}
}
