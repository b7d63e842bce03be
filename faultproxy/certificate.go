package faultproxy

import (
	"crypto/x509"
	"encoding/pem"

	"github.com/heartbreak-ws/heartbreak/internal/certificate"
)

// makeTLS completes the TLS configuration.
func (p *Proxy) makeTLS() error {
	cfg, authority, err := certificate.Config(p.TLSConfig, p.Listener.Addr(), p.authority)
	if err != nil {
		return err
	}
	p.TLSConfig, p.authority = cfg, authority
	if authority != nil {
		p.roots = x509.NewCertPool()
		p.roots.AddCert(authority.Certificate)
	}
	return nil
}

// KeepAuthority has the proxy show certificates of the authority that another, which has
// started, made: clients that trust that one trust this one too. It has no effect behind
// Start, or if either brings a certificate of its own.
func (p *Proxy) KeepAuthority(of *Proxy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		p.authority = of.authority
	}
}

// AuthorityPEM is the certificate of the authority that CertPool holds, for
// clients that read it from a file. nil where CertPool is nil.
func (p *Proxy) AuthorityPEM() []byte {
	if p.authority == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.authority.Raw})
}
