package article_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// back: a user follows a link, and presses the button to go back. Chromium has kept the
// page, so no script begins anew: the page has to connect again by itself.
func (s *stage) back(t *testing.T) {
	p := faultproxy.Start(t, "ws://"+s.nginx[serverUp])
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tab, closeTab := chromedp.NewContext(s.tab)
	defer closeTab()
	do := func(action chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(tab, action); err != nil {
			t.Fatal(err)
		}
	}
	home := "http://" + s.nginx[serverUp] + "/"
	do(chromedp.Navigate(home + "corrected.html?url=" + url.QueryEscape(p.URL+"/socket/")))
	// The page that comes back says so to the server: no debugger can be asked safely while a
	// page takes the place of another.
	do(chromedp.Evaluate[chromedp.Void](`addEventListener("pageshow", e => fetch("/socket/back?persisted=" + e.persisted))`))
	if _, err := p.View().Conn(1).Wait(ctx, timeline.Opened); err != nil {
		t.Fatal(err)
	}
	from := s.server.Timeline.Last() + 1
	do(chromedp.Navigate(home))
	left, err := p.View().Conn(1).Wait(ctx, timeline.Ended(1))
	if err != nil {
		t.Fatal(err)
	}
	// chromedp.NavigateBack would wait for a load event, and a page that was kept has none.
	do(chromedp.Evaluate[chromedp.Void](`setTimeout(() => history.back())`))
	opened, err := p.View().Conn(2).Wait(ctx, timeline.Opened)
	if err != nil {
		t.Fatal(err)
	}
	for {
		asked, err := s.server.Timeline.WaitFrom(ctx, from, timeline.KindHTTP)
		if err != nil {
			t.Fatalf("the page was loaded anew, not kept: %v", err)
		}
		if asked.Field("target") == "/socket/back?persisted=true" {
			break
		}
		from = asked.Seq + 1
	}
	closes := 0
	for e := range p.View().Conn(1).All() {
		if e.Kind == timeline.KindFrame && e.Header.Opcode == frame.OpClose && e.Dir == frame.ToServer {
			code, reason, _ := frame.ParseClose(e.Payload)
			if closes++; code != 1000 || reason != "page left" {
				t.Errorf("the page that was left closed with %d %q, want 1000 page left", code, reason)
			}
		}
	}
	if closes != 1 || opened.At < left.At {
		t.Errorf("%d Closes, and connection 2 opened at %v, the first having ended at %v", closes, opened.At, left.At)
	}
}
