package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

// tunnel: Chromium is told of the proxy as of an HTTP proxy, and its pages' hard-coded
// URLs, ws and wss, lead there.
func tunnel(t *testing.T, bin string) {
	p := start(t, bin, "--tls", "--close", "4001:led here@200ms")
	_, address, _ := strings.Cut(p.url(), "//")
	tab := realparts.Browser(t, time.Minute, map[string]any{
		"no-proxy-server": false, "proxy-server": "http://" + address, "ignore-certificate-errors": true})
	for i, url := range []string{"ws://stream.example.com/v1", "wss://stream.example.com/v1"} {
		said, err := chromedp.Run(tab, chromedp.Evaluate[string](`new Promise(done => {
			const ws = new WebSocket("`+url+`");
			let said = "";
			ws.onopen = () => ws.send("hello");
			ws.onmessage = (e) => said += e.data;
			ws.onclose = (e) => done(said + " " + e.code + " " + e.reason + " " + e.wasClean);
		})`, chromedp.EvalAwaitPromise))
		if err != nil || said != "hello 4001 led here true" {
			t.Errorf("%s: the page got %q, %v", url, said, err)
		}
		if ended, err := p.end(i + 1); err != nil || ended.Code != 4001 {
			t.Errorf("%s: the proxy says %+v, %v", url, ended, err)
		}
	}
}
