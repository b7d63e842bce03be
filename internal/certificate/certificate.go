// Package certificate makes certificates for servers that live as long as a test.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"slices"
	"time"
)

// Authority signs certificates. It is valid for a day.
type Authority struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// Config completes the TLS configuration of a server that listens on addr: with a
// certificate of the authority (nil: one made for this call), which it returns, unless
// cfg (nil is an empty one) brings one; see [Authority.Configure]. ALPN offers http/1.1 alone, since a WebSocket
// upgrade needs it.
func Config(cfg *tls.Config, addr net.Addr, authority *Authority) (*tls.Config, *Authority, error) {
	if cfg == nil {
		cfg = &tls.Config{}
	}
	cfg = cfg.Clone()
	cfg.NextProtos = []string{"http/1.1"}
	if len(cfg.Certificates) > 0 || cfg.GetCertificate != nil || cfg.GetConfigForClient != nil {
		return cfg, nil, nil
	}
	if authority == nil {
		var err error
		if authority, err = NewAuthority("heartbreak, made for one start"); err != nil {
			return nil, nil, err
		}
	}
	cfg, err := authority.Configure(cfg, ForAddress(addr))
	return cfg, authority, err
}

// Configure returns cfg with a certificate that says what l does. A client that asks for
// another name (SNI, RFC 6066 section 3) gets one that says that, too: it may have been
// led here by a hosts file.
func (a *Authority) Configure(cfg *tls.Config, l Leaf) (*tls.Config, error) {
	cert, err := a.Issue(l)
	if err != nil {
		return nil, err
	}
	cfg = cfg.Clone()
	cfg.Certificates = []tls.Certificate{cert}
	cfg.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "" || slices.Contains(l.Names, hello.ServerName) {
			return &cert, nil
		}
		named, err := a.Issue(l.For(hello.ServerName))
		return &named, err
	}
	return cfg, nil
}

// NewAuthority makes an authority of that name.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := template(name, 1)
	t.NotBefore, t.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	t.IsCA = true
	t.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert, key}, err
}

// Leaf is what a certificate says. The zero value of a time is as the authority's.
type Leaf struct {
	Names               []string
	IPs                 []net.IP
	NotBefore, NotAfter time.Time
}

// ForAddress is for localhost, the loopback addresses and the host of addr.
func ForAddress(addr net.Addr) Leaf {
	l := Leaf{Names: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	host, _, _ := net.SplitHostPort(addr.String())
	return l.For(host)
}

// For returns what l says, and host as well, a name or an IP address. "" adds nothing.
func (l Leaf) For(host string) Leaf {
	if ip := net.ParseIP(host); ip != nil {
		l.IPs = append(slices.Clip(l.IPs), ip)
	} else if host != "" {
		l.Names = append(slices.Clip(l.Names), host)
	}
	return l
}

// Issue makes and signs a certificate.
func (a *Authority) Issue(l Leaf) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := template("localhost", 2)
	t.NotBefore, t.NotAfter = a.NotBefore, a.NotAfter
	if !l.NotBefore.IsZero() {
		t.NotBefore = l.NotBefore
	}
	if !l.NotAfter.IsZero() {
		t.NotAfter = l.NotAfter
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames, t.IPAddresses = l.Names, l.IPs
	der, err := x509.CreateCertificate(rand.Reader, t, a.Certificate, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der, a.Raw}, PrivateKey: key}, nil
}

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true}
}
