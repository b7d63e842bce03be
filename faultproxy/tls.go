package faultproxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/certificate"
)

// BadCertificate shows the client a certificate with a problem.
func (p *Plan) BadCertificate(problem CertificateProblem) {
	if !p.needs(StageAccept, "bad-certificate") || !p.possible(BadCertificate{problem}.validOn) {
		return
	}
	p.credit()
	p.cert = &problem
}

// CutTLS ends the client's TCP connection in the middle of the TLS handshake, behind
// the first n bytes of the proxy's answer.
func (p *Plan) CutTLS(n int, how Ending) {
	if !p.needs(StageAccept, "cut-tls") || !p.possible(CutTLS{}.validOn) {
		return
	}
	p.credit()
	p.cut = &Cut{After: n, How: how}
}

// possible asks whether the proxy can do something.
func (p *Plan) possible(on func(*Proxy) error) bool {
	if err := on(p.proxy); err != nil {
		p.NotApplied("%v", err)
		return false
	}
	return true
}

// hello does the TLS handshake with a client that wants to reach host ("": the proxy),
// as the plan says. It reports whether that worked out.
func (o *opener) hello(host string) bool {
	p, socket, cut := o.p, o.conn, o.plan.cut
	if len(o.pre) > 0 {
		socket = &prefixConn{Conn: socket, pre: o.pre}
		o.pre = nil
	}
	cfg, err := p.helloConfig(host, o.plan.cert)
	if err != nil {
		p.fail(0, "making a certificate", err)
		return false
	}
	if cut != nil {
		socket = &cutConn{Conn: socket, left: cut.After}
	}
	t := tls.Server(socket, cfg)
	err = t.Handshake()
	switch {
	case cut != nil && (err == nil || errors.Is(err, errCut)):
		p.cutHello(o.conn, *cut, o.plan.by)
		return false
	case err != nil:
		p.badHello(o.conn, err, o.plan.by)
		return false
	}
	o.conn, o.plan = t, &Plan{} // a second handshake, in a tunnel, is as any
	return true
}

// helloConfig is the TLS configuration for a client that wants to reach host ("": the
// proxy).
func (p *Proxy) helloConfig(host string, problem *CertificateProblem) (*tls.Config, error) {
	switch {
	case problem != nil:
		return p.badConfig(host, *problem)
	case host == "" || p.authority == nil:
		return p.TLSConfig, nil
	}
	return p.authority.Configure(p.TLSConfig, certificate.ForAddress(p.Listener.Addr()).For(host))
}

// badConfig is the TLS configuration with a certificate for host that has a problem.
func (p *Proxy) badConfig(host string, problem CertificateProblem) (*tls.Config, error) {
	leaf, authority := certificate.ForAddress(p.Listener.Addr()).For(host), p.authority
	switch problem {
	case Expired:
		leaf.NotBefore, leaf.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	case WrongName:
		leaf.Names, leaf.IPs = []string{"wrong-name.invalid"}, []net.IP{net.IPv4(192, 0, 2, 1)} // RFC 2606, RFC 5737
	case Untrusted:
		var err error
		if authority, err = certificate.NewAuthority("heartbreak, known to nobody"); err != nil {
			return nil, err
		}
	}
	cfg, err := authority.Configure(p.TLSConfig, leaf)
	if err == nil && problem == WrongName {
		cfg.GetCertificate = nil // it would make the name right
	}
	return cfg, err
}

// cutHello ends a connection in the middle of its TLS handshake.
func (p *Proxy) cutHello(c net.Conn, cut Cut, rule ruleRef) {
	p.mute(c, fmt.Errorf("TLS handshake: %v", cut), rule)
	switch cut.how() {
	case RST:
		resetConn(below(c))
	case FullClose: // the caller closes
	case HalfClose:
		halfClose(c)
	default:
		drain(c)
	}
}

var errCut = errors.New("cut by a rule")

// cutConn is a connection on which so many bytes can be written.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Write(b []byte) (int, error) {
	if len(b) <= c.left {
		c.left -= len(b)
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:c.left])
	c.left = 0
	if err == nil {
		err = errCut
	}
	return n, err
}

// withoutNotify makes a side that is about to end do so without a close_notify.
func (l *link) withoutNotify(side frame.Direction, how Ending) {
	if how != Keep && how != Silent {
		l.peer(side).abrupt.Store(true)
	}
}
