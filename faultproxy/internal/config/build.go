package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/scenario"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// Build is BuildOn a timeline of its own.
func (d Proxy) Build() (*faultproxy.Proxy, error) { return d.BuildOn(timeline.New()) }

// BuildOn makes the proxy that is described, which records on a timeline, and opens
// nothing. It says what cannot work together. A scenario is left to the caller, to be
// played.
func (d Proxy) BuildOn(tl *timeline.Timeline) (*faultproxy.Proxy, error) {
	upstreamTLS, err := d.UpstreamTLS.config()
	if err != nil {
		return nil, err
	}
	p := &faultproxy.Proxy{
		Upstream: d.Upstream, Timeline: tl, Seed: d.Seed, TLS: d.TLS, UpstreamTLS: upstreamTLS,
		PreserveHost: d.PreserveHost, Compression: d.Compression,
	}
	if d.Certificate != (Certificate{}) {
		pair, err := d.Certificate.pair()
		if err != nil {
			return nil, err
		}
		p.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	if d.Preset != nil && d.Scenario == nil {
		if err := p.Use(*d.Preset); err != nil {
			return nil, err
		}
	}
	return p, p.Add(d.Rules...)
}

// pair is the certificate itself.
func (c Certificate) pair() (tls.Certificate, error) {
	pair, err := tls.X509KeyPair([]byte(c.CertPEM), []byte(c.KeyPEM))
	if err != nil {
		return pair, fmt.Errorf("%s and %s are no certificate and its key: %w", c.Cert, c.Key, err)
	}
	return pair, nil
}

// config is nil for the zero value.
func (t UpstreamTLS) config() (*tls.Config, error) {
	switch {
	case t.Insecure:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case t.CA == "":
		return nil, nil
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(t.PEM)) {
		return nil, fmt.Errorf("%s holds no PEM certificate", t.CA)
	}
	return &tls.Config{RootCAs: roots}, nil
}

// Played is the scenario as it is played: with the proxy's preset, if it has none of its
// own. nil: none.
func (d Proxy) Played() *scenario.Scenario {
	if d.Scenario == nil {
		return nil
	}
	s := *d.Scenario
	if s.Preset == nil {
		s.Preset = d.Preset
	}
	return &s
}
