package dashboard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"
)

// BenchmarkSmoothness looks at 500 connections on which so many frames a second flow in
// all, and reports how long the browser took from one picture to the next, of 300: the
// median, 99 in 100, and the slowest; how much of the time the page's thread was busy; and
// the page's memory.
func BenchmarkSmoothness(b *testing.B) {
	for _, rate := range []int{200, 2000} {
		b.Run(fmt.Sprintf("frames=%d", rate), func(b *testing.B) { smoothness(b, rate) })
	}
}

func smoothness(b *testing.B, rate int) {
	s := open(b)
	conns := make([]*websocket.Conn, 500)
	for i := range conns {
		c, _, err := websocket.DefaultDialer.Dial(fmt.Sprintf("%s/client/%d", s.proxy.URL(), i), nil)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		conns[i] = c
		go func() {
			for {
				if _, _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		}()
	}
	stop, sent := make(chan struct{}), make(chan struct{})
	defer func() { close(stop); <-sent }()
	go func() {
		defer close(sent)
		tick := time.NewTicker(2 * time.Second / time.Duration(rate)) // a message there and its answer back
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				_ = conns[i%len(conns)].WriteMessage(websocket.TextMessage, []byte("ping"))
			case <-stop:
				return
			}
		}
	}()
	s.do(chromedp.EmulateViewport(1400, 900))
	s.until(`document.querySelector("#counts").textContent.startsWith("500 open")`)
	if _, err := chromedp.Call(s.page, performance.Enable, performance.EnableParams{}); err != nil {
		b.Fatal(err)
	}
	busy, at := s.busy(), time.Now()
	for b.Loop() {
		gaps := js[[]float64](s, `new Promise((done) => {
			const gaps = [];
			let last = performance.now();
			const frame = (now) => { gaps.push(now - last); last = now; gaps.length < 301 ? requestAnimationFrame(frame) : done(gaps.slice(1).sort((a, b) => a - b)); };
			requestAnimationFrame(frame);
		})`)
		b.ReportMetric(gaps[len(gaps)/2], "ms/picture")
		b.ReportMetric(gaps[len(gaps)*99/100], "ms/p99")
		b.ReportMetric(gaps[len(gaps)-1], "ms/max")
	}
	b.ReportMetric(100*(s.busy()-busy)/time.Since(at).Seconds(), "%busy")
	b.ReportMetric(js[float64](s, "performance.memory.usedJSHeapSize")/1e6, "MB")
	b.ReportMetric(0, "ns/op")
	s.shot(fmt.Sprintf("load-%d", rate), 1400, 900, "light")
}

// busy is for how many seconds the page's thread has had something to do so far.
func (s *stage) busy() float64 {
	s.t.Helper()
	got, err := chromedp.Call(s.page, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range got.Metrics {
		if m.Name == "TaskDuration" {
			return m.Value
		}
	}
	s.t.Fatal("the browser has no metric TaskDuration")
	return 0
}
