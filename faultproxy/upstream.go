package faultproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// target is an upstream URL, taken apart.
type target struct {
	url    *url.URL
	secure bool
	relays bool   // bytes, whatever they are
	addr   string // host:port to dial
}

// parseUpstream reads a ws, wss, http, https or tcp URL.
func parseUpstream(s string) (*target, error) {
	if s == "" {
		return nil, errors.New("no upstream: set Upstream to a URL such as ws://127.0.0.1:9000")
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("upstream %q: %w", s, err)
	}
	t := &target{url: u}
	switch u.Scheme {
	case "ws", "http":
	case "wss", "https":
		t.secure = true
	case "tcp":
		t.relays = true
		if u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
			return nil, fmt.Errorf("upstream %q: want host and port only, such as tcp://127.0.0.1:9000", s)
		}
	default:
		return nil, fmt.Errorf("upstream %q: the scheme is %q; want ws, wss, http, https or tcp", s, u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("upstream %q names no host", s)
	}
	port := u.Port()
	switch {
	case port != "":
	case t.secure:
		port = "443"
	default:
		port = "80"
	}
	t.addr = net.JoinHostPort(u.Hostname(), port)
	return t, nil
}

// origin is the upstream's origin as a browser would name it.
func (t *target) origin() string { return t.httpScheme() + "://" + t.url.Host }

func (t *target) httpScheme() string {
	if t.secure {
		return "https"
	}
	return "http"
}

// rewrite returns the request target the upstream is asked for: its own path
// before the client's, and both queries.
func (t *target) rewrite(target string) string {
	if scheme, rest, ok := strings.Cut(target, "://"); ok && !strings.ContainsAny(scheme, "/?") {
		// The absolute form (RFC 9112 section 3.2.2) names the proxy.
		_, target, _ = strings.Cut(rest, "/")
		target = "/" + target
	}
	path, query, _ := strings.Cut(target, "?")
	base := t.url.EscapedPath()
	switch {
	case base == "" || base == "/":
	case path == "/" || path == "":
		path = base
	default:
		path = strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(path, "/")
	}
	switch q := t.url.RawQuery; {
	case q == "":
	case query == "":
		query = q
	default:
		query = q + "&" + query
	}
	if query != "" {
		return path + "?" + query
	}
	return path
}

// rewrite changes what the upstream has to see otherwise than the client sent it.
func (h *handshake) rewrite() {
	t := h.p.target
	method, reqTarget := h.req.request()
	if to := t.rewrite(reqTarget); to != reqTarget {
		h.req.first = strings.Replace(h.req.first, method+" "+reqTarget, method+" "+to, 1)
	}
	if !h.p.PreserveHost {
		h.req.set("Host", func(string) string { return t.url.Host })
		h.req.set("Origin", func(string) string { return t.origin() })
	}
	switch {
	case h.p.Compression == Strip:
		h.req.set("Sec-WebSocket-Extensions", stripDeflate)
		h.req.withoutEmpty("Sec-WebSocket-Extensions")
	case h.p.Compression == NoTakeover, h.needsPayload():
		h.single = true
		h.req.set("Sec-WebSocket-Extensions", offerSingle)
	}
}

// dial connects to the upstream, with TLS if its URL says so.
func (p *Proxy) dial(ctx context.Context) (net.Conn, error) {
	dial := p.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	c, err := dial(ctx, "tcp", p.target.addr)
	if err != nil || !p.target.secure {
		return c, err
	}
	cfg := &tls.Config{}
	if p.UpstreamTLS != nil {
		cfg = p.UpstreamTLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = p.target.url.Hostname()
	}
	cfg.NextProtos = []string{"http/1.1"}
	t := tls.Client(c, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", p.target.addr, err)
	}
	return t, nil
}
