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
// the proxy serves without TLS.
type authorityFile string

func writeAuthority(p *faultproxy.Proxy) (authorityFile, error) {
	pem := p.AuthorityPEM()
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
func readyLine(p *faultproxy.Proxy, authority authorityFile) []byte {
	extra := []timeline.Extra{{Key: "url", Value: p.URL}, {Key: "pid", Value: os.Getpid()}}
	if authority != "" {
		extra = append(extra, timeline.Extra{Key: "ca", Value: authority})
	}
	return append(p.Timeline.AppendReady(nil, extra...), '\n')
}

// greeting is what a person reads first.
func (c *runCmd) greeting(p *faultproxy.Proxy, authority authorityFile) []string {
	upstream := "an embedded echo server (answers pings, and the text ping with pong)"
	if c.Upstream != "" {
		upstream = timeline.RedactURL(p.Upstream)
	}
	lines := []string{
		"faultproxy listens on " + p.URL,
		"  upstream   " + upstream,
	}
	for i, status := range p.Rules() {
		label := "rules"
		if i > 0 {
			label = ""
		}
		lines = append(lines, fmt.Sprintf("  %-9s  %s", label, status.Rule))
	}
	if len(p.Rules()) == 0 {
		lines = append(lines, "  rules      none: everything passes as it is")
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
