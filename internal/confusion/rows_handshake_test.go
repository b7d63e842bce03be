package confusion

import (
	"context"
	"net"
	"net/http"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
)

// handshakeRows are what the proxy does before a connection opens.
func handshakeRows() []row {
	const group = "the proxy, before the 101"
	do := func(on frame.Trigger, f faultproxy.Fault) row { return rule(group, usual(), on, f) }
	rows := []row{
		do(faultproxy.Accepted, faultproxy.Refuse{}).unasked().expect(diagnosis.IDRefused, diagnosis.IDHandshakeCut),
		do(faultproxy.Accepted, faultproxy.Hang{}).unasked().expect(diagnosis.IDNeverAnswered),
		do(faultproxy.Requested, faultproxy.Hang{}).expect(diagnosis.IDNeverAnswered),
		do(faultproxy.Responded, faultproxy.Hang{}).expect(diagnosis.IDNeverAnswered),
		do(faultproxy.Requested, faultproxy.Delay{By: 2 * sec}).expect(diagnosis.IDStillOpen),
		do(faultproxy.Responded, faultproxy.Delay{By: 2 * sec}).expect(diagnosis.IDStillOpen),
		do(faultproxy.Requested, faultproxy.Delay{By: 20 * sec}).expect(diagnosis.IDNeverAnswered),
		do(faultproxy.Responded, faultproxy.Delay{By: 20 * sec}).expect(diagnosis.IDNeverAnswered),
		do(nil, faultproxy.Latency{Delay: 6 * sec}).expect(diagnosis.IDNeverAnswered),
		do(faultproxy.Requested, faultproxy.Reject{Status: 503, Header: http.Header{"Retry-After": {"7"}}}).also("Retry-After 7").expect(diagnosis.IDHandshakeRejected),
		do(faultproxy.Responded, faultproxy.RejectWith(503)).expect(diagnosis.IDHandshakeRejected),
	}
	for _, status := range []int{200, 301, 302, 400, 401, 403, 404, 407, 408, 426, 429, 500, 502, 503, 504} {
		rows = append(rows, do(faultproxy.Requested, faultproxy.RejectWith(status)).expect(diagnosis.IDHandshakeRejected))
	}
	up := func(name string, r row) row {
		r.group, r.name = group, name
		if r.client.conns == 0 {
			r.client = usual()
		}
		return r
	}
	patient := usual()
	patient.shake = 100 * sec
	return append(rows,
		up("an upstream whose name is not known", row{behavior: &faultproxy.Behavior{}, dial: unknownName}).expect(diagnosis.IDUpstreamDown, diagnosis.IDHandshakeRejected),
		up("an upstream that refuses", row{behavior: &faultproxy.Behavior{}, do: func(s *scene) { _ = s.server.Refuse() }, client: later()}).
			ask(2).expect(diagnosis.IDRefused, diagnosis.IDHandshakeRejected),
		up("an upstream whose SYN is lost", row{behavior: &faultproxy.Behavior{}, do: func(s *scene) { _ = s.server.Hang() }, client: later()}).
			ask(2).expect(diagnosis.IDNeverAnswered),
		up("an upstream that never answers", row{behavior: &faultproxy.Behavior{}, handlers: []fakeserver.Handler{fakeserver.Stall()}}).expect(diagnosis.IDNeverAnswered),
		up("an upstream that never answers a proxy with a timeout", row{behavior: &faultproxy.Behavior{HandshakeTimeout: 5 * sec},
			handlers: []fakeserver.Handler{fakeserver.Stall()}}).expect(diagnosis.IDNeverAnswered, diagnosis.IDHandshakeRejected),
		up("an upstream that never answers nginx", row{box: middlebox.Nginx(), client: patient, watch: 200 * sec,
			handlers: []fakeserver.Handler{fakeserver.Stall()}}).expect(diagnosis.IDNeverAnswered, diagnosis.IDHandshakeRejected),
		up("an upstream that resets before its answer", row{behavior: &faultproxy.Behavior{},
			handlers: []fakeserver.Handler{fakeserver.Handshake(fakeserver.Reset())}}).expect(diagnosis.IDHandshakeCut, diagnosis.IDHandshakeRejected),
		up("an upstream that ends before its answer", row{behavior: &faultproxy.Behavior{},
			handlers: []fakeserver.Handler{fakeserver.Handshake(fakeserver.Fin())}}).expect(diagnosis.IDHandshakeCut, diagnosis.IDHandshakeRejected),
		up("a certificate that nobody trusts, of the proxy", row{tls: "proxy"}).unasked().expect(diagnosis.IDTLS),
		up("a certificate that nobody trusts, of the upstream", row{tls: "server"}).expect(diagnosis.IDTLS, diagnosis.IDHandshakeRejected),
	)
}

// unknownName is the dial of a name that nobody knows, which a virtual network has
// none of.
func unknownName(context.Context, string, string) (net.Conn, error) {
	return nil, &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}
}

// later is a client that leaves soon and comes back when the fault has struck.
func later() client {
	c := usual()
	c.leaves, c.leaving, c.conns, c.pause = 2*sec, "1000", 2, 3*sec
	return c
}

// unasked says that who does it sees no upgrade request.
func (r row) unasked() row { r.mute = true; return r }

// ask is about a later connection than the first; the fault strikes before it.
func (r row) ask(conn int) row {
	r.conn, r.at = conn, 3*sec
	return r
}
