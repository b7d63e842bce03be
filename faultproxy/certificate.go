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

// AuthorityPEM is the certificate of the authority that CertPool holds, for
// clients that read it from a file. nil where CertPool is nil.
func (p *Proxy) AuthorityPEM() []byte {
	if p.roots == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.authority.Raw})
}
