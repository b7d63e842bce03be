package faultproxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// makeTLS completes the TLS configuration: with a certificate of an authority made
// for this start, unless the user brought one. ALPN offers http/1.1 alone, since
// an upgrade needs it.
func (p *Proxy) makeTLS() error {
	cfg := &tls.Config{}
	if p.TLSConfig != nil {
		cfg = p.TLSConfig.Clone()
	}
	cfg.NextProtos = []string{"http/1.1"}
	if len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil {
		host, _, _ := net.SplitHostPort(p.Listener.Addr().String())
		cert, authority, err := makeCertificate(host)
		if err != nil {
			return err
		}
		cfg.Certificates = []tls.Certificate{cert}
		p.roots = x509.NewCertPool()
		p.roots.AddCert(authority)
		p.authority = authority
	}
	p.TLSConfig = cfg
	return nil
}

// AuthorityPEM is the certificate of the authority that CertPool holds, for
// clients that read it from a file. nil where CertPool is nil.
func (p *Proxy) AuthorityPEM() []byte {
	if p.authority == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.authority.Raw})
}

// makeCertificate makes an authority and a certificate of its for localhost, the
// loopback addresses and host, valid for a day.
func makeCertificate(host string) (tls.Certificate, *x509.Certificate, error) {
	now := time.Now()
	template := func(name string, serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
			BasicConstraintsValid: true,
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	ca := template("heartbreak faultproxy, made for one start", 1)
	ca.IsCA = true
	ca.KeyUsage = x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	authority, err := x509.ParseCertificate(caDER)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := template("localhost", 2)
	leaf.KeyUsage = x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = []string{"localhost"}
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if ip := net.ParseIP(host); ip != nil {
		leaf.IPAddresses = append(leaf.IPAddresses, ip)
	} else if host != "" {
		leaf.DNSNames = append(leaf.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), caKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}, authority, nil
}
