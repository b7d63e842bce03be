package dashboard_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
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
	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
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

// quiet fails if the dashboard asked anybody else for anything, or something went wrong
// in it.
func (s *stage) quiet() {
	s.t.Helper()
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

// TestRealParts uses the dashboard as somebody does who asks what their client does on a
// line that goes silent.
func TestRealParts(t *testing.T) {
	s := open(t)
	s.until(`document.querySelector("#empty pre")?.textContent.includes("new WebSocket(\"ws://")`)
	s.shot("empty", 1400, 900, "light")
	s.client()
	s.until(`document.querySelector('.row[data-state="open"]:not([hidden])')`)
	s.do(chromedp.Click(`.row[data-state="open"]`))
	s.until(`document.querySelector(".events")?.textContent.includes("pong")`)
	s.shot("open-light", 1400, 900, "light")
	s.do(chromedp.Click(`#one [data-action="silence"]`))
	s.until(`document.querySelector('.row[data-state="silent"]')`)
	s.until(`document.querySelector(".cell.beat.bad")?.textContent.includes("lost")`)
	s.until(`[...document.querySelectorAll(".row:not([hidden])")].some((r) => r.querySelector(".number").textContent === "2" && r.dataset.state === "open")`)
	s.until(`document.querySelector("#one .why").textContent.startsWith("It is ending: the client ended the connection")`)
	s.shot("silent-light", 1400, 900, "light")
	s.do(chromedp.Click(`#one [data-action="cut"]`))
	s.until(`document.querySelector("#one .why").textContent.startsWith("It ended: the client ended the connection (Close 4000")`)
	for _, picture := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"dead-light", 1400, 900, "light"}, {"dead-dark", 1400, 900, "dark"}, {"narrow-light", 400, 860, "light"}, {"narrow-dark", 400, 860, "dark"}} {
		s.shot(picture.name, picture.width, picture.height, picture.scheme)
	}
	report := js[string](s, `fetch(document.querySelector("#get-html").href).then((r) => r.text())`)
	if !strings.Contains(report, "no answer") || strings.Contains(report, "topsecret") {
		t.Errorf("the report, of %d bytes, is not of this, or tells a secret", len(report))
	}
	if title := js[string](s, "document.title"); title != "faultproxy" || js[int](s, `document.images.length`) != 1 {
		t.Errorf("what a frame carried was taken for HTML: %q", title)
	}
	s.byKeys()
	s.rules()
	s.anyRule()
	s.panels()
	s.quiet()
	s.back()
}

// byKeys does by keyboard what was done by mouse.
func (s *stage) byKeys() {
	s.t.Helper()
	s.do(chromedp.EmulateViewport(1400, 900), chromedp.Evaluate[chromedp.Void](`document.querySelector("#rows").focus()`), chromedp.KeyEvent(kb.Home))
	s.until(`document.querySelector("#one-title").textContent.startsWith("Connection 2")`)
	s.do(chromedp.KeyEvent(" "))
	s.until(`document.querySelector("#pause").textContent === "Follow"`)
	s.do(chromedp.KeyEvent("+"), chromedp.KeyEvent("+"), chromedp.KeyEvent(kb.ArrowLeft))
	s.until(`document.querySelector("#span").textContent === "5.0 s"`)
	s.do(chromedp.KeyEvent("["))
	s.until(`!document.querySelector("#tip").hidden && document.querySelector("#tip").textContent.includes("p")`)
	s.do(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter)) // to its buttons, and the first: silence
	s.until(`document.querySelector('.row[data-state="silent"]')`)
	s.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter)) // heal
	s.until(`!document.querySelector('.row[data-state="silent"]:not([hidden])')`)
}

// anyRule makes a rule by the form that comes of the JSON schema. What is wrong is told
// beside the input that it is about.
func (s *stage) anyRule() {
	s.t.Helper()
	put := func(name, value string) {
		s.t.Helper()
		s.until(`document.querySelector('#panel-rules [name="` + name + `"]')`)
		s.do(chromedp.Evaluate[chromedp.Void](`{
			const input = document.querySelector('#panel-rules [name="` + name + `"]');
			input.value = "` + value + `";
			for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, {bubbles: true}));
		}`))
	}
	press := func(chip string) {
		s.t.Helper()
		s.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#panel-rules .chip")].find((c) => c.textContent === "` + chip + `").click()`))
	}
	put("kind", "any")
	put("do", "late")
	put("do.late", "soon")
	press("+ When")
	put("on", "frame")
	press("+ Contains")
	put("on.frame.contains", "pong")
	s.do(chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector('#panel-rules [name="do.late"][aria-invalid="true"]')?.parentElement.querySelector(".wrong").textContent.includes("duration")`)
	s.shot("form-light", 1400, 900, "light")
	s.shot("form-narrow-dark", 400, 860, "dark")
	s.do(chromedp.EmulateViewport(1400, 900))
	put("do.late", "5ms")
	s.do(chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector('[data-rule="late"].acted .text')?.textContent.includes("5ms")`)
}

// panels behaves like a middlebox, plays a scenario and judges the client.
func (s *stage) panels() {
	s.t.Helper()
	s.do(chromedp.Click("#tab-box"), chromedp.Evaluate[chromedp.Void](`document.querySelector("#panel-box input").value = "idle=10s"`))
	s.do(chromedp.Evaluate[chromedp.Void](`Object.assign(document.querySelector("#panel-box select"), {value: "nginx"}).dispatchEvent(new Event("change"))`), chromedp.Click("#panel-box .primary"))
	s.until(`document.querySelector("#panel-box .now").textContent.includes("nginx,idle=10s") && document.querySelector("#doing").textContent.includes("nginx")`)
	s.shot("middlebox-light", 1400, 900, "light")
	s.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll("#panel-box button")].find((b) => b.textContent === "Like none").click()`))
	s.until(`document.querySelector("#panel-box .now").textContent.includes("no middlebox")`)
	s.do(chromedp.Click("#tab-scenario"), chromedp.Click("#panel-scenario .primary"))
	s.until(`document.querySelector(".phases .on")?.textContent === "healthy"`)
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#pause").click()`))
	s.until(`document.querySelector("#pause").textContent === "Pause"`)
	s.shot("scenario-dark", 1400, 900, "dark")
	s.do(chromedp.Click("#stop"))
	s.until(`!document.querySelector(".phases .on")`)
	s.do(chromedp.Click("#tab-findings"), chromedp.Click("#panel-findings .primary"))
	s.until(`document.querySelector("#panel-findings .finding[data-verdict]")`)
	s.shot("findings-light", 1400, 900, "light")
}

// back looks at the page while the API is away, and when it is back.
func (s *stage) back() {
	s.t.Helper()
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#rows").focus()`), chromedp.KeyEvent(kb.Home))
	conn := js[int](s, `Number(document.querySelector('.row[aria-selected="true"] .number').textContent)`)
	if err := s.api.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.until(`!document.querySelector("#banner").hidden`)
	s.shot("away-light", 1400, 900, "light")
	missed := s.frames(conn, 6)
	l, err := net.Listen("tcp", strings.TrimPrefix(s.admin, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.api = &admin.Server{Fleet: s.fleet, Version: "test"}
	if err := s.api.Serve(l); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.api.Close() })
	s.until(`document.querySelector("#banner").hidden`)
	for _, seq := range missed {
		s.until(fmt.Sprintf(`document.querySelector('#one .events [data-seq="%d"]')`, seq))
	}
}

// frames waits for so many frames of a connection, and returns their numbers.
func (s *stage) frames(conn, count int) (seqs []int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	for e := range s.proxy.Timeline().From(s.proxy.Timeline().Last() + 1).Follow(ctx) {
		if e.Conn == conn && e.Kind == timeline.KindFrame {
			if seqs = append(seqs, e.Seq); len(seqs) == count {
				return seqs
			}
		}
	}
	s.t.Fatalf("connection %d: %d frames in 10 s, want %d", conn, len(seqs), count)
	return nil
}

// rules adds a rule by its form and removes it, and closes every connection by the dialog.
func (s *stage) rules() {
	s.t.Helper()
	s.do(chromedp.Click("#tab-rules"), chromedp.Evaluate[chromedp.Void](`Object.assign(document.querySelector("#panel-rules select"), {value: "1"}).dispatchEvent(new Event("change"))`),
		chromedp.SendKeys(`#panel-rules input[name="times"]`, "3"), chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector('[data-rule="drop"] .text')?.textContent.includes("pong")`)
	s.do(chromedp.Click(`[data-rule="drop"] [aria-label^="Remove"]`))
	s.until(`!document.querySelector('[data-rule="drop"]')`)
	s.do(chromedp.Evaluate[chromedp.Void](`Object.assign(document.querySelector("#panel-rules select"), {value: "4"}).dispatchEvent(new Event("change"))`),
		chromedp.Evaluate[chromedp.Void](`document.querySelector('#panel-rules input[name="elapsed"]').value = "soon"`), chromedp.Click(`#panel-rules button[type="submit"]`))
	s.until(`document.querySelector("#panel-rules ul.wrong").textContent.includes("on.elapsed: want a duration")`)
	s.do(chromedp.Click(`#all summary`), chromedp.Click(`#all-actions [data-action="close"]`), chromedp.SendKeys(`dialog input[name="reason"]`, "restart"), chromedp.Click(`dialog button[type="submit"]`))
	s.until(`[...document.querySelectorAll(".row:not([hidden]) .end")].some((e) => e.textContent.startsWith("1012"))`)
	s.shot("restart-dark", 1400, 900, "dark")
}
