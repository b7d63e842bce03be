// Package article_test plays what happens to sockets to the two pages of this folder, in
// Chromium and behind nginx; README.md has the story.
package article_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// The pages, by the names of their files.
const (
	article   = "article"
	corrected = "corrected"
)

// minute makes the test wait for the close event of a socket that was closed on a silent
// line. Without it the test sees that the event does not come within 2.5 s, which is five
// times what the page promises for the way back.
var minute = flag.Bool("minute", false, "wait for the close event of a silent line, for about a minute")

// shots is where a report and screenshots go, to be looked at; empty: nowhere.
var shots = os.Getenv("ARTICLE_SCREENSHOTS")

// TestRealParts plays every scenario to both pages. Those of a wave are played at the
// same time.
func TestRealParts(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with -short: real browsers, clients and middleboxes")
	}
	s := open(t)
	var named []*play
	for _, wave := range waves {
		plays := map[string][]*play{}
		for _, sc := range wave {
			for _, page := range []string{article, corrected} {
				plays[sc.name] = append(plays[sc.name], s.start(page, sc))
			}
		}
		for _, sc := range wave {
			for _, p := range plays[sc.name] {
				t.Run(sc.name+"/"+p.page, func(t *testing.T) {
					p.t = t
					begun := time.Now()
					defer func() {
						if t.Failed() {
							t.Logf("the page:\n%s", p.log())
						}
						t.Logf("took %v", time.Since(begun).Round(time.Millisecond))
					}()
					sc.check(p)
					p.judge()
				})
			}
		}
		s.shot(wave[0].name)
		for _, sc := range wave {
			for _, p := range plays[sc.name] {
				p.leave()
				named = append(named, p)
			}
		}
	}
	t.Run("report", func(t *testing.T) { s.report(t, named) })
}

// judge compares the findings with those that the scenario names, among the rules that a
// busy machine does not break.
func (p *play) judge() {
	p.t.Helper()
	broken := map[diagnosis.RuleID]diagnosis.Finding{}
	for _, f := range p.findings() {
		if f.Verdict == diagnosis.Broken {
			broken[f.Rule] = f
		}
	}
	want := p.broken[p.page]
	if f, ok := broken[want]; want != "" && !ok {
		p.t.Errorf("the findings do not name %s", want)
	} else if ok {
		p.t.Log(f)
	}
	for _, rule := range judged {
		if f, ok := broken[rule]; ok && rule != want {
			p.t.Errorf("not expected: %s", f)
		}
	}
}

func (p *play) findings() []diagnosis.Finding {
	v := p.proxy.View()
	return diagnosis.Findings(diagnosis.AsOf(v, v.Now()), p.policy)
}

// report makes the page to pass on, of what was played to the article's page.
func (s *stage) report(t *testing.T, plays []*play) {
	var recordings []timeline.Viewer
	for _, p := range plays {
		if p.page == article && (p.name == "silence" || p.name == "hang" || p.name == "stale deadline" || p.name == "quiet") {
			recordings = append(recordings, report.Named{Name: p.name, Viewer: p.proxy})
		}
	}
	var html bytes.Buffer
	page := report.Page{Title: "The article's page", Policy: &plays[0].policy}
	if err := page.HTML(&html, recordings...); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"R8-close-timeout", "R1-idle-timeout", "idle-timeout", "stale deadline"} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the report does not speak of %s", want)
		}
	}
	if shots == "" {
		return
	}
	file, err := filepath.Abs(filepath.Join(shots, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, html.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.do(chromedp.Navigate("file://" + file))
	s.shot("report")
}

func (s *stage) shot(name string) {
	s.t.Helper()
	if shots == "" {
		return
	}
	s.do(chromedp.EmulateViewport(1000, 1800))
	picture, err := chromedp.Run(s.tab, chromedp.CaptureScreenshot())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o600); err != nil {
		s.t.Fatal(err)
	}
}
