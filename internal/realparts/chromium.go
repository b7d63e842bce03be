package realparts

import (
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

//go:embed probe.html
var probePage []byte

// browserLimit bounds a whole run of the browser, besides what its scenarios are
// watched for: its start, the scenarios and its end. A scenario against a mute server
// can take Chromium 240 s.
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
	input, err := json.Marshal(scenarios)
	if err != nil {
		tb.Fatalf("scenarios for the page: %v", err)
	}

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(probePage)
	}))
	defer page.Close()

	flags := map[string]any{}
	if keys := trusted(tb, scenarios); keys != "" {
		flags["ignore-certificate-errors-spki-list"] = keys
	}
	ctx, end := browser(tb, browserLimit+longest(scenarios), flags)
	defer end()

	if err := chromedp.Do(ctx, chromedp.Navigate(page.URL)); err != nil {
		tb.Fatalf("open the page: %v", err)
	}
	logs, err := chromedp.Run(ctx, chromedp.Evaluate[[]Log]("probe("+string(input)+")", chromedp.EvalAwaitPromise))
	if err != nil {
		tb.Fatalf("the page: %v", err)
	}
	return logs
}

// trusted are the public keys that the scenarios trust, as Chromium wants them told.
func trusted(tb testing.TB, scenarios []Scenario) string {
	tb.Helper()
	var keys []string
	for _, s := range scenarios {
		for block, rest := pem.Decode([]byte(s.CA)); block != nil; block, rest = pem.Decode(rest) {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				tb.Fatalf("a certificate that %s trusts: %v", s.URL, err)
			}
			sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
			keys = append(keys, base64.StdEncoding.EncodeToString(sum[:]))
		}
	}
	return strings.Join(keys, ",")
}
