package fakeserver

import (
	"crypto/x509"
	"encoding/pem"

	"github.com/heartbreak-ws/heartbreak/internal/certificate"
)

// makeTLS completes the TLS configuration.
func (s *Server) makeTLS() error {
	cfg, authority, err := certificate.Config(s.TLSConfig, s.Listener.Addr(), nil)
	if err != nil {
		return err
	}
	s.TLSConfig = cfg
	if authority != nil {
		s.roots = x509.NewCertPool()
		s.root = authority.Certificate
		s.roots.AddCert(s.root)
	}
	return nil
}

// AuthorityPEM is the certificate of the authority that CertPool holds, for clients
// that read it from a file. nil where CertPool is nil.
func (s *Server) AuthorityPEM() []byte {
	if s.root == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.root.Raw})
}
