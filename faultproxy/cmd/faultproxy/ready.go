package main

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// authorityFile is where clients find the certificate they have to trust. Empty:
// they need none.
type authorityFile string

func writeAuthority(pem []byte) (authorityFile, error) {
	if pem == nil {
		return "", nil
	}
	f, err := os.CreateTemp("", "faultproxy-ca-*.pem")
	if err != nil {
		return "", fmt.Errorf("cannot write the certificate that clients have to trust: %w", err)
	}
	_, err = f.Write(pem)
	return authorityFile(f.Name()), errors.Join(err, f.Close())
}

func (a authorityFile) remove() {
	if a != "" {
		_ = os.Remove(string(a))
	}
}

// readyLine is the first line for programs, and of a recording.
func readyLine(tl *timeline.Timeline, url string, authority authorityFile, more ...timeline.Extra) []byte {
	extra := []timeline.Extra{{Key: "url", Value: url}, {Key: "pid", Value: os.Getpid()}}
	if authority != "" {
		extra = append(extra, timeline.Extra{Key: "ca", Value: authority})
	}
	return append(tl.AppendReady(nil, append(extra, more...)...), '\n')
}

// greeting is what a person reads first.
func (c *runCmd) greeting(p *faultproxy.Proxy, authority authorityFile, a *adminServer) []string {
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
	if authority != "" {
		lines = append(lines, "  authority  "+string(authority)+" (clients have to trust it)")
	}
	if c.Record != "" {
		lines = append(lines, "  recording  "+c.Record)
	}
	if a, ok := p.Listener.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		lines = append(lines, "  note       open to other machines: whoever reaches this port reaches the upstream")
	}
	return append(lines, fmt.Sprintf("  seed       %d", p.Seed), "")
}
