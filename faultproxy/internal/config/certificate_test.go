package config_test

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"

	"github.com/heartbreak-ws/heartbreak/internal/certificate"
)

// issued is a certificate for loopback and its key, as PEM.
func issued(t *testing.T, a *certificate.Authority) (cert, key string) {
	t.Helper()
	pair, err := a.Issue(certificate.ForAddress(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range pair.Certificate {
		cert += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: each}))
	}
	return cert, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
