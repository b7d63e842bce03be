package report_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// importer hands an archive to the code with which the network panel of Chromium's
// developer tools imports one, and returns what the panel would then show.
const importer = `(async () => {
	let har;
	try { har = await import('devtools://devtools/bundled/models/har/har.js') } catch { return [] }
	const root = new har.HARFormat.HARRoot(%s);
	return har.Importer.Importer.requestsFromHARLog(root.log).map(r => [r.url(), r.statusCode, r.resourceType().name(),
		...r.frames().map(f => [f.time.toFixed(3), f.type, f.opCode, f.text].join(' '))].map(String));
})()`

func TestArchiveInChromiumsDeveloperTools(t *testing.T) {
	path := realparts.Find(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path)}
	for _, flag := range []string{"headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run", "disable-background-networking"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	defer leave()
	if err := chromedp.Do(ctx, chromedp.Navigate("devtools://devtools/bundled/inspector.html")); err != nil {
		t.Fatal(err)
	}
	a, raw := archived(t, outage(t))
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[[][]string](fmt.Sprintf(importer, raw), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if len(shown) == 0 {
		t.Skip("NOT TESTED: the developer tools of this Chromium keep their importer elsewhere")
	}
	var want [][]string
	for _, e := range a.Log.Entries {
		rows := []string{e.Request.URL, fmt.Sprint(e.Response.Status), "websocket"}
		for _, m := range e.Messages {
			rows = append(rows, fmt.Sprintf("%.3f %s %d %s", m.Time, m.Type, m.Opcode, m.Data))
		}
		want = append(want, rows)
	}
	if !slices.EqualFunc(shown, want, slices.Equal[[]string]) {
		got, _ := json.MarshalIndent(shown, "", " ")
		t.Errorf("the panel would show\n%s\nwant\n%s", got, strings.ReplaceAll(fmt.Sprint(want), "] [", "]\n["))
	}
}
