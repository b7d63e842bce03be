//go:build linux

package fidelity

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// tlsScenarios show how a connection under TLS ends.
var tlsScenarios = []scenario{{name: "tls-timeout2", kind: patient, n: 4, play: underTLS}}

// underTLS opens a WebSocket with TLS and says nothing, until the middlebox ends it.
func underTLS(s scene) (out seen, err error) {
	path, conn := s.up.expect(says(upgradeResponse))
	raw, err := net.DialTimeout("tcp", s.addr, patience)
	if err != nil {
		return out, err
	}
	defer raw.Close()
	// The certificate is of this test's making, and not what it is about. Caddy wants
	// the name of its site.
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", NextProtos: []string{"http/1.1"}})
	if _, err := fmt.Fprintf(c, upgradeRequest, path); err != nil {
		return out, err
	}
	head, err := readHead(c, patience)
	if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		return out, fmt.Errorf("answer to the upgrade: %q, %w", head, err)
	}
	opened := time.Now()
	server := <-conn
	defer server.Close()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return out, err
	}
	n, err := c.Read(make([]byte, 16))
	out.late("client's end", time.Since(opened)-timeout)
	switch {
	case n > 0:
		out.is("client", "gets %d bytes", n)
	case errors.Is(err, io.EOF):
		out.is("client", "close_notify, then FIN")
	case errors.Is(err, io.ErrUnexpectedEOF):
		out.is("client", "FIN without close_notify")
	default:
		out.is("client", "%s", name(err))
	}
	return out, nil
}
