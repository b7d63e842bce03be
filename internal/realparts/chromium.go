package realparts

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

//go:embed probe.html
var probePage []byte

// browserLimit bounds a whole run of the browser: its start, the scenarios and
// its end. A scenario against a mute server can take Chromium 240 s.
const browserLimit = 90 * time.Second

// browserFlags keep Chromium quiet on the network and in the foreground, as a
// page a user looks at is. They do not touch how it speaks WebSocket.
var browserFlags = []string{
	"headless", "no-sandbox", "disable-gpu", "disable-quic", "disable-dev-shm-usage",
	"no-first-run", "no-default-browser-check", "no-proxy-server", "mute-audio",
	"disable-background-networking", "disable-component-update", "disable-sync",
	"disable-extensions", "disable-default-apps", "disable-breakpad", "metrics-recording-only",
}

// Chromium plays the scenarios, all at once, in one page of a fresh headless
// Chromium and returns a log for each. The page is served from a loopback port of
// its own. The browser has ended when Chromium returns.
//
// Chromium shakes hands with one server address at a time, so scenarios that
// should not wait for each other need an address each.
func Chromium(tb testing.TB, scenarios []Scenario) []Log {
	tb.Helper()
	path := Find(tb, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	input, err := json.Marshal(scenarios)
	if err != nil {
		tb.Fatalf("scenarios for the page: %v", err)
	}

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(probePage)
	}))
	defer page.Close()

	var out output
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.CombinedOutput(&out)}
	for _, flag := range browserFlags {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(context.Background(), browserLimit)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, options...) // its user-data-dir is fresh and removed at the end
	defer stop()
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithErrorf(tb.Logf))
	defer leave()

	if err := chromedp.Do(ctx, chromedp.Navigate(page.URL)); err != nil {
		tb.Fatalf("open the page in %s: %v\n%s", path, err, &out)
	}
	logs, err := chromedp.Run(ctx, chromedp.Evaluate[[]Log]("probe("+string(input)+")", chromedp.EvalAwaitPromise))
	if err != nil {
		tb.Fatalf("the page: %v\n%s", err, &out)
	}
	if err := chromedp.Cancel(ctx); err != nil {
		tb.Errorf("close the browser: %v\n%s", err, &out)
	}
	return logs
}
