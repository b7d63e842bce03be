package main

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// announcer has every proxy of a fleet told from when it was added on.
type announcer struct {
	b         *broadcast
	authority *authorityFile
	spoken    string                // the name of a proxy that is told otherwise; empty: none
	opened    map[string]*recording // those that proxies will record to, by the proxies' names
}

// announce is what a fleet's Opened is.
func (a *announcer) announce(p *fleet.Proxy) error {
	if p.Name() == a.spoken {
		a.spoken = "" // another of its name may come
		return nil
	}
	if err := a.authority.add(p.Engine().AuthorityPEM()); err != nil {
		return err
	}
	t := &teller{name: p.Name(), tl: p.Timeline(), hello: a.hello(p),
		ready: readyLine(p.Timeline(), p.URL(), a.authority, timeline.Extra{Key: "proxy", Value: p.Name()})}
	if r := a.opened[p.Name()]; r != nil {
		delete(a.opened, p.Name())
		a.release(r.file.Name())
		if err := r.begin(); err != nil {
			return err
		}
		t.recording = r
	}
	return a.b.tell(t, proxyLines(p))
}

// release has nobody write to a file any more.
func (a *announcer) release(file string) {
	for _, t := range a.b.all() {
		if t.records() == file {
			t.recordTo(nil)
		}
	}
}

// proxyLine introduces a proxy to programs.
type proxyLine struct {
	Event string      `json:"event"`
	T     json.Number `json:"t"`
	Proxy string      `json:"proxy"`
	URL   string      `json:"url,omitempty"`
	Seed  string      `json:"seed"`
	CA    string      `json:"ca,omitempty"`
}

func (a *announcer) hello(p *fleet.Proxy) []byte {
	ca := ""
	if p.Engine().AuthorityPEM() != nil {
		ca = a.authority.name()
	}
	line, err := json.Marshal(proxyLine{"proxy", a.b.now(), p.Name(), p.URL(), strconv.FormatUint(p.Engine().Seed, 10), ca})
	if err != nil {
		panic(err) // texts and numbers
	}
	return append(line, '\n')
}

// proxyLines introduce a proxy to people.
func proxyLines(p *fleet.Proxy) []string {
	doc, engine := p.Doc(), p.Engine()
	what := "disabled"
	if p.Enabled() {
		what = p.URL()
	}
	to := "an embedded echo server"
	if doc.Upstream != "" {
		to = timeline.RedactURL(doc.Upstream)
	}
	lines := []string{fmt.Sprintf("  %-9s  %s, to %s", p.Name(), what, to)}
	add := func(format string, args ...any) {
		lines = append(lines, strings.Repeat(" ", 13)+fmt.Sprintf(format, args...))
	}
	if doc.Preset != nil {
		add("behaves like %v", doc.Preset)
	}
	if doc.Scenario != nil {
		add("plays %v", doc.Scenario)
	}
	for _, s := range p.Own() {
		if doc.Scenario == nil || !strings.Contains(s.Rule.Name, "/") {
			add("%s", s.Rule)
		}
	}
	if doc.Record != "" {
		add("is recorded to %s", doc.Record)
	}
	if engine.Listener != nil && !onLoopback(engine.Listener.Addr()) {
		add("is open to other machines: whoever reaches this port reaches the upstream")
	}
	return lines
}

// onLoopback reports whether other machines cannot reach an address.
func onLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
