package main

import (
	"fmt"
	"os"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// readyLine is the first line for programs, and of a recording. The URL may be empty.
func readyLine(tl *timeline.Timeline, url string, authority *authorityFile, more ...timeline.Extra) []byte {
	var extra []timeline.Extra
	if url != "" {
		extra = append(extra, timeline.Extra{Key: "url", Value: url})
	}
	extra = append(extra, timeline.Extra{Key: "pid", Value: os.Getpid()})
	if ca := authority.name(); ca != "" {
		extra = append(extra, timeline.Extra{Key: "ca", Value: ca})
	}
	return append(tl.AppendReady(nil, append(extra, more...)...), '\n')
}

// greeting is what a person reads first.
func (c *runCmd) greeting(p *faultproxy.Proxy, authority *authorityFile, a *adminServer) []string {
	upstream := "an embedded echo server (answers pings, and the text ping with pong)"
	if c.Upstream != "" {
		upstream = timeline.RedactURL(p.Upstream)
	}
	lines := []string{
		"faultproxy listens on " + p.URL,
		"  upstream   " + upstream,
	}
	if c.Preset != "" {
		lines = append(lines, fmt.Sprintf("  preset     %s: it answers and ends as that does", c.Preset))
	}
	if c.Scenario != "" {
		lines = append(lines, fmt.Sprintf("  %v (%s)", c.outage, c.Scenario))
	}
	for i, status := range p.Rules() {
		label := "rules"
		if i > 0 {
			label = ""
		}
		lines = append(lines, fmt.Sprintf("  %-9s  %s", label, status.Rule))
	}
	if len(p.Rules()) == 0 && c.Preset == "" && c.Scenario == "" {
		lines = append(lines, "  rules      none: everything passes as it is")
	}
	if a != nil {
		lines = append(lines, "  dashboard  "+a.dashboard()+" (the API is below /v1 there)")
	}
	if ca := authority.name(); ca != "" {
		lines = append(lines, "  authority  "+ca+" (clients have to trust it)")
	}
	if c.Record != "" {
		lines = append(lines, "  recording  "+c.Record)
	}
	if !onLoopback(p.Listener.Addr()) {
		lines = append(lines, "  note       open to other machines: whoever reaches this port reaches the upstream")
	}
	return append(lines, fmt.Sprintf("  seed       %d", p.Seed), "")
}
