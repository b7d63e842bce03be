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
// line. Without it the test sees that the event does not come within 2.5 s, six times the
// page's delay.
var minute = flag.Bool("minute", false, "wait for the close event of a silent line, for about a minute")

// shots is where a report and screenshots go, to be looked at; empty: nowhere.
var shots = os.Getenv("ARTICLE_SCREENSHOTS")

// TestRealParts plays every scenario to both pages. Those of a wave are played at the
// same time, and the long one beside all of them.
func TestRealParts(t *testing.T) {
	if testing.Short() {
		t.Skip("NOT TESTED with -short: real browsers, clients and middleboxes")
	}
	s := open(t)
	inTime := s.startAll(t, long)
	var all []*play
	for _, wave := range waves {
		plays := s.startAll(t, wave)
		checkAll(t, plays)
		s.shot(t, wave[0].name)
		for _, p := range plays {
			p.leave()
		}
		all = append(all, plays...)
	}
	checkAll(t, inTime)
	t.Run("back", s.back)
	t.Run("report", func(t *testing.T) { s.report(t, all) })
}

// startAll opens both pages in each scenario.
func (s *stage) startAll(t *testing.T, wave []scenario) (plays []*play) {
	t.Helper()
	for _, sc := range wave {
		plays = append(plays, s.start(t, article, sc), s.start(t, corrected, sc))
	}
	return plays
}

func checkAll(t *testing.T, plays []*play) {
	for _, p := range plays {
		t.Run(p.name+"/"+p.page, func(t *testing.T) {
			p.t = t
			begun := time.Now()
			defer func() {
				if t.Failed() {
					t.Logf("the page:\n%s", p.log())
				}
				t.Logf("took %v", time.Since(begun).Round(time.Millisecond))
			}()
			p.check(p)
			p.judge()
		})
	}
}

// judge checks that every fault was made, and compares the findings with those that the
// scenario names, among the rules that a busy machine does not break.
func (p *play) judge() {
	p.t.Helper()
	for _, rule := range p.proxy.Rules() {
		if rule.Fired == 0 {
			p.t.Errorf("never fired: %s", rule.Rule)
		}
	}
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
	s.do(t, chromedp.Navigate("file://"+file))
	s.shot(t, "report")
}

// shot takes a picture, if somebody wants to look at it.
func (s *stage) shot(t *testing.T, name string) {
	t.Helper()
	if shots == "" {
		return
	}
	s.do(t, chromedp.EmulateViewport(1000, 1800))
	picture, err := chromedp.Run(s.tab, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
