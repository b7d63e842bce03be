package fakeserver

import (
	"crypto/x509"

	"github.com/heartbreak-ws/heartbreak/internal/certificate"
)

// makeTLS completes the TLS configuration.
func (s *Server) makeTLS() error {
	cfg, authority, err := certificate.Config(s.TLSConfig, s.Listener.Addr())
	if err != nil {
		return err
	}
	s.TLSConfig = cfg
	if authority != nil {
		s.roots = x509.NewCertPool()
		s.roots.AddCert(authority.Certificate)
	}
	return nil
}
