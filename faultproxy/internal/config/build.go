package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Build makes the proxy that is described, and opens nothing. It says what cannot work
// together. A scenario is left to the caller, to be played.
func (d Proxy) Build() (*faultproxy.Proxy, error) {
	upstreamTLS, err := d.UpstreamTLS.config()
	if err != nil {
		return nil, err
	}
	p := &faultproxy.Proxy{
		Upstream: d.Upstream, Timeline: timeline.New(), Seed: d.Seed, TLS: d.TLS, UpstreamTLS: upstreamTLS,
		PreserveHost: d.PreserveHost, Compression: d.Compression,
	}
	if d.Preset != nil && d.Scenario == nil {
		if err := p.Use(*d.Preset); err != nil {
			return nil, err
		}
	}
	return p, p.Add(d.Rules...)
}

// config is nil for the zero value.
func (t UpstreamTLS) config() (*tls.Config, error) {
	switch {
	case t.Insecure:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case t.CA == "":
		return nil, nil
	}
	pem, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, fmt.Errorf("upstream_tls.ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("upstream_tls.ca: %s holds no PEM certificate", t.CA)
	}
	return &tls.Config{RootCAs: roots}, nil
}
