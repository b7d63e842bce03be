package faultproxy

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// headTimeout is how long a client has to send its request, and once more in a tunnel.
const headTimeout = 10 * time.Second

// opener reads how a client begins, until there is a request.
//
// A client whose URL cannot be changed can often be told of an HTTP proxy. It then asks
// for a tunnel to the URL's host by CONNECT (RFC 9110 section 9.3.6), for ws URLs as for
// wss ones (RFC 6455 section 4.1). It gets one, whatever the host: what comes through the
// tunnel is served as if it had come without.
type opener struct {
	p    *Proxy
	conn net.Conn // what to read and write
	pre  []byte   // read from conn already
	plan *Plan
}

// open returns the client's first request, behind TLS and CONNECT. nil: there is none,
// and the connection was answered.
func (o *opener) open() *request {
	o.limit(headTimeout)
	defer o.limit(0)
	if o.p.TLSConfig == nil {
		return o.tunnel(o.read())
	}
	// CONNECT is in plain text, unless the client speaks TLS with its proxy.
	if !o.peek('C') {
		if !o.hello("") {
			return nil
		}
		return o.tunnel(o.read())
	}
	r := o.read()
	if r.err == nil && !connects(parseHead(r.raw)) {
		r.err = errPlain
	}
	return o.tunnel(r)
}

// greet does no more than the TLS handshake, if the port has TLS. It reports whether the
// connection lives.
func (o *opener) greet() bool {
	o.limit(headTimeout)
	defer o.limit(0)
	return o.p.TLSConfig == nil || o.hello("")
}

// tunnel returns the request in the tunnel that r asks for; r itself if it asks for none.
func (o *opener) tunnel(r *request) *request {
	if r.err != nil {
		return r
	}
	h := parseHead(r.raw)
	if !connects(h) {
		return r
	}
	method, target := h.request()
	host, port, err := net.SplitHostPort(target)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
		r.err = &badHead{http.StatusBadRequest, fmt.Sprintf("CONNECT %.80q: want a host and a port, such as example.com:443", target)}
		return r
	}
	o.p.Timeline.Append(timeline.Record{At: o.p.Timeline.Now(), Kind: timeline.KindHTTP, Fields: []timeline.Field{
		{Name: "method", Value: method}, {Name: "target", Value: target}, {Name: "status", Value: "200"}}})
	if _, err := o.conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return &request{err: fmt.Errorf("the tunnel to %s: %w", target, err)}
	}
	o.limit(headTimeout)
	o.pre = r.rest
	if o.p.TLSConfig != nil && o.peek(0x16) && !o.hello(host) {
		return nil
	}
	r = o.read()
	if bad := (*badHead)(nil); errors.As(r.err, &bad) {
		r.err = &badHead{bad.status, bad.text + " (in a tunnel to " + target + ")"}
	}
	return r
}

// connects reports whether a request is for a tunnel.
func connects(h *head) bool {
	method, _ := h.request()
	return method == http.MethodConnect && h.checkRequestLine() == nil
}

// limit bounds the time to read in; 0: no more.
func (o *opener) limit(d time.Duration) {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	_ = o.conn.SetReadDeadline(t)
}

// read reads a request.
func (o *opener) read() *request {
	r := &request{}
	r.raw, r.rest, r.err = readHead(o.conn, o.pre, checkRequest)
	o.pre = nil
	return r
}

// peek reports whether what comes next begins with b. It waits for it.
func (o *opener) peek(b byte) bool {
	if len(o.pre) == 0 {
		first := make([]byte, 1)
		n, _ := o.conn.Read(first) // an error comes again
		o.pre = first[:n]
	}
	return len(o.pre) > 0 && o.pre[0] == b
}
