//go:build linux

package fidelity

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/heartbreak-ws/heartbreak/internal/certificate"
)

// certificateFile writes a certificate and its key into one file in dir, if the
// settings ask for TLS.
func certificateFile(tb testing.TB, dir string, s settings) string {
	tb.Helper()
	if s["tls"] == "" {
		return ""
	}
	authority, err := certificate.NewAuthority("fidelity")
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err := authority.Issue(certificate.ForAddress(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	if err != nil {
		tb.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	var text []byte
	for _, der := range leaf.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	file := filepath.Join(dir, "certificate.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}
