package dashboard_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/admin"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// newest chooses the newest connection, as soon as there is one in the list.
func (s *stage) newest() int {
	s.t.Helper()
	s.until(`document.querySelector('.row[data-state="open"]:not([hidden])')`)
	s.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#rows").focus()`), chromedp.KeyEvent(kb.Home))
	s.until(`document.querySelector('.row[aria-selected="true"]:not([hidden])')`)
	return js[int](s, `Number(document.querySelector('.row[aria-selected="true"]:not([hidden]) .number').textContent)`)
}

// back looks at the page while the API is away, and when it is back.
func (s *stage) back() {
	s.t.Helper()
	conn := s.newest()
	if err := s.api.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.until(`!document.querySelector("#banner").hidden`)
	s.shot("away-light", 1400, 900, "light")
	missed := s.frames(conn, 6)
	s.serve()
	s.until(`document.querySelector("#banner").hidden`)
	for _, seq := range missed {
		s.until(fmt.Sprintf(`document.querySelector('#one .events [data-seq="%d"]')`, seq))
	}
}

// asleep looks at the page as a tab that was in the background, where it has no stream,
// and makes up for what it has missed.
func (s *stage) asleep() {
	s.t.Helper()
	conn := s.newest()
	hide := func(hidden bool) {
		s.t.Helper()
		s.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
			Object.defineProperty(document, "hidden", {value: %t, configurable: true});
			document.dispatchEvent(new Event("visibilitychange"));
		}`, hidden)))
	}
	hide(true)
	missed := s.frames(conn, 6)
	hide(false)
	for _, seq := range missed {
		s.until(fmt.Sprintf(`document.querySelector('#one .events [data-seq="%d"]')`, seq))
	}
}

// serve serves the API of the fleet where it was served before.
func (s *stage) serve() {
	s.t.Helper()
	l, err := net.Listen("tcp", strings.TrimPrefix(s.admin, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.api = &admin.Server{Fleet: s.fleet, Version: "test"}
	if err := s.api.Serve(l); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.api.Close() })
}

// anew looks at the page when the program is started again, with nothing on its timeline,
// and when its last proxy goes and another comes.
func (s *stage) anew() {
	s.t.Helper()
	if err := s.api.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.until(`!document.querySelector("#banner").hidden`)
	s.fleet = &fleet.Fleet{Seed: 8}
	s.t.Cleanup(func() { _ = s.fleet.Close() })
	if _, err := s.fleet.Create(config.Proxy{Name: "chat", Listen: config.DefaultListen, Upstream: upstream(s.t)}); err != nil {
		s.t.Fatal(err)
	}
	s.serve()
	s.until(`document.querySelector("#counts").textContent === "0 open, 0 over" && document.querySelector("#doing").textContent.startsWith("seed 8")`)
	s.until(`!document.querySelector("#empty").hidden && document.querySelector("#one-title").textContent === "No connection chosen"`)
	if err := s.fleet.Remove("chat"); err != nil {
		s.t.Fatal(err)
	}
	s.until(`document.querySelector("#banner").textContent.startsWith("There is no proxy")`)
	p, err := s.fleet.Create(config.Proxy{Name: "later", Listen: config.DefaultListen, Upstream: upstream(s.t)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.until(fmt.Sprintf(`document.querySelector("#banner").hidden && document.querySelector("#url").textContent === %q`, p.URL()))
}

// another makes a second proxy, and looks at that and back.
func (s *stage) another() {
	s.t.Helper()
	p, err := s.fleet.Create(config.Proxy{Name: "second", Listen: config.DefaultListen, Upstream: upstream(s.t)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.until(`document.querySelector('#proxies option[value="second"]')`)
	for _, one := range []*fleet.Proxy{p, s.proxy} {
		s.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`Object.assign(document.querySelector("#proxies"), {value: %q}).dispatchEvent(new Event("change"))`, one.Name())))
		s.until(fmt.Sprintf(`document.querySelector("#url").textContent === %q && document.querySelector("#empty").hidden === %t`, one.URL(), one == s.proxy))
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
