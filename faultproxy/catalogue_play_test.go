package faultproxy_test

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// played is an entry after it was played.
type played struct {
	report string           // what the client reported
	fired  string           // when the rule did, see firings
	end    diagnosis.Report // of the client's connection
}

// play plays an entry with a rule, with a client that is late by pause.
func (e entry) play(t *testing.T, rule faultproxy.Rule, pause time.Duration) (got played) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		n.Latency = time.Nanosecond // so that no two things happen at once
		p := &faultproxy.Proxy{Upstream: echoServer(t, n), TLS: e.with == secured, Seed: 1}
		switch e.with {
		case pinging:
			p.Upstream = pingServer(t, n)
		case texting:
			p.Upstream = beatServer(t, n)
		}
		p.On(t, n).StartIn(t)
		rule.Name, rule.Expect = "fault", faultproxy.Fired
		if e.with == waiting {
			addWhenOpen(t, p, rule)
		} else {
			p.Add(rule)
		}
		for range 2 {
			if e.with == third {
				gorillaDial(t, n, p)
			}
		}
		synctest.Wait() // the port is down by now, if it goes down at once
		start := p.Timeline.Now()
		var open *websocket.Conn
		got.report, open = visit(n, p, e.with, pause)
		if open == nil {
			time.Sleep(10 * sec) // for what the two sides of the proxy still owe each other
		}
		synctest.Wait()
		got.fired, got.end = firings(p.Timeline, start), lastReport(p.Timeline)
		if open != nil {
			_ = open.Close()
		}
	})
	return got
}

// addWhenOpen adds a rule when a connection is open.
func addWhenOpen(t *testing.T, p *faultproxy.Proxy, rule faultproxy.Rule) {
	ctx, cancel := context.WithCancel(context.Background())
	added := make(chan struct{})
	go func() {
		defer close(added)
		if _, err := p.Timeline.Wait(ctx, timeline.Opened); err == nil {
			_ = p.Add(rule)
		}
	}()
	t.Cleanup(func() { cancel(); <-added })
}

// entries is the whole catalogue, section by section.
func entries() []entry {
	all := slices.Concat(catalogue, towardServer)
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Compare(slices.Index(sections, a.section), slices.Index(sections, b.section))
	})
	return all
}

// parsed is an entry's rule, read from its document.
func (e entry) parsed(t *testing.T) faultproxy.Rule {
	t.Helper()
	rule, err := faultproxy.ParseRule(fromYAML(t, e.document))
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

// Every entry has one meaning, in Go and as a document, and the rule that is written to
// a document again is the same.
func TestCatalogueIsTheSameInGoAndAsADocument(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range entries() {
		e.rule.Name = "" // sugar names its rules
		a, errA := e.parsed(t).Tree()
		b, errB := e.rule.Tree()
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s:\n got %v, %v\nwant %v, %v", e.document, a, errA, b, errB)
		}
		if !slices.Contains(sections, e.section) || seen[e.document] {
			t.Errorf("%s in section %q: a section that is none, or a document that is there twice", e.document, e.section)
		}
		seen[e.document] = true
	}
}

// A catalogue without one of the faults is none.
func TestCatalogueHasEveryFault(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range entries() {
		tree, err := e.rule.Tree()
		if err != nil {
			t.Fatal(err)
		}
		for name := range tree.(map[string]any)["do"].(map[string]any) {
			seen[name] = true
		}
	}
	for name := range drawn {
		if !seen[name] {
			t.Errorf("no entry for %s", name)
		}
	}
}
