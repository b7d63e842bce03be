package faultproxy

import (
	"errors"
	"fmt"
)

// CertificateProblem is what is wrong with a certificate.
type CertificateProblem uint8

// What can be wrong with a certificate.
const (
	// Expired: it is by an authority that clients trust (Proxy.CertPool), and ended
	// yesterday.
	Expired CertificateProblem = iota
	// WrongName: it is for another host.
	WrongName
	// Untrusted: it is by an authority that nobody knows.
	Untrusted
)

var problemNames = []string{"expired", "wrong-name", "untrusted"}

func (c CertificateProblem) String() string {
	if int(c) < len(problemNames) {
		return problemNames[c]
	}
	return fmt.Sprintf("problem(%d)", uint8(c))
}

// BadCertificate shows clients of a proxy with TLS a certificate that they must not
// accept, made for the occasion. A browser reports the failure as 1006, like any
// other. Clients that verify nothing notice nothing, and get in.
type BadCertificate struct{ Problem CertificateProblem }

// Stages of BadCertificate: accept.
func (BadCertificate) Stages() Stage { return StageAccept }

// Apply changes the certificate.
func (f BadCertificate) Apply(p *Plan) { p.BadCertificate(f.Problem) }

// Validate refuses an unknown problem.
func (f BadCertificate) Validate() error {
	if f.Problem > Untrusted {
		return errors.New("bad-certificate: unknown problem")
	}
	return nil
}

func (f BadCertificate) validOn(p *Proxy) error {
	switch {
	case p.TLSConfig == nil && !p.TLS:
		return errNoTLS
	case f.Problem != Untrusted && p.authority == nil:
		return errOwnCertificate
	}
	return nil
}

var (
	errNoTLS          = errors.New("it needs TLS, and this proxy serves none: set TLS (on the command line, --tls)")
	errOwnCertificate = errors.New("it needs an authority that clients trust, and the certificate is the TLSConfig's own; only untrusted is possible")
)

func (f BadCertificate) String() string { return "bad-certificate " + f.Problem.String() }

// CutTLS ends the TCP connection of a client in the middle of the TLS handshake: when
// it has sent its hello and the proxy the first After bytes of its answer.
type CutTLS struct {
	After int
	// How is FIN, HalfClose, FullClose or RST. Zero (Keep) is FIN.
	How Ending
}

// Stages of CutTLS: accept.
func (CutTLS) Stages() Stage { return StageAccept }

// Apply cuts the TLS handshake.
func (f CutTLS) Apply(p *Plan) { p.CutTLS(f.After, f.How) }

// Validate refuses what does not end, and a negative number.
func (f CutTLS) Validate() error {
	if f.How > RST {
		return fmt.Errorf("cut-tls: %v does not end the connection; use fin, half-close, full-close or rst, or the fault hang", f.How)
	}
	return bytesIn("cut-tls", "bytes", f.After)
}

func (CutTLS) validOn(p *Proxy) error {
	if p.TLSConfig == nil && !p.TLS {
		return errNoTLS
	}
	return nil
}

func (f CutTLS) String() string { return "cut-tls" + Cut(f).String()[len("cut"):] }
