package realparts

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser starts a fresh headless Chromium and returns the context of its first tab, for
// chromedp. Besides the flags that keep it quiet it takes those that are given, as
// chromedp.Flag has them. It ends with the test, or after the limit, whichever is first.
func Browser(tb testing.TB, limit time.Duration, flags map[string]any) context.Context {
	tb.Helper()
	ctx, end := browser(tb, limit, flags)
	tb.Cleanup(end)
	return ctx
}

// browser is Browser for who ends it: the browser has ended when end returns. What it
// said is logged if the test has failed by then.
func browser(tb testing.TB, limit time.Duration, flags map[string]any) (ctx context.Context, end func()) {
	tb.Helper()
	path := Find(tb, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	var out output
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.CombinedOutput(&out)}
	for _, flag := range browserFlags {
		options = append(options, chromedp.Flag(flag, true))
	}
	for flag, value := range flags {
		options = append(options, chromedp.Flag(flag, value))
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...) // its user-data-dir is fresh and removed at the end
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithErrorf(tb.Logf))
	return ctx, func() {
		tb.Helper()
		if err := chromedp.Cancel(ctx); err != nil {
			tb.Errorf("close the browser: %v", err)
		}
		leave()
		stop()
		cancel()
		if tb.Failed() {
			tb.Logf("%s:\n%s", path, &out)
		}
	}
}
