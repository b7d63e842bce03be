package faultproxy

import (
	"net"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// upgrade carries an upgrade request to the upstream and its answer back. It
// reports whether the connection became a link, which then owns it; else next is the
// client's next request, if the connection was kept open for one.
func (p *Proxy) upgrade(socket, client net.Conn, req *head, rest []byte) (kept bool, next *request) {
	l := newLink(p)
	_, reqTarget := req.request()
	reqPath, _, _ := strings.Cut(reqTarget, "?")
	l.asksFor(strings.Clone(reqPath), req.bytes()) // not the whole head with the path
	if !p.number(l) {
		return false, nil
	}
	l.client.conn = client
	h := &handshake{p: p, l: l, client: client, req: req}
	l.record(timeline.Record{Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: arrived, Fields: requestFields(req)})
	h.watch = watch(client, rest)
	if h.run() {
		p.set(l, socket)
		return true, nil
	}
	if h.server != nil {
		_ = h.server.Close()
	}
	if l.refs.Load() > 0 { // the client's 101 could not be written
		l.leave()
		return false, nil
	}
	if h.keeps {
		next = h.next()
	}
	h.watch.stop()
	l.record(timeline.Record{Kind: timeline.KindEnded})
	p.forget(l)
	return false, next
}

// set starts a link that is open, which owns its connections from then on.
func (p *Proxy) set(l *link, socket net.Conn) {
	l.start()
	p.untrack(socket)
	p.mu.Lock()
	closing := p.closing
	p.mu.Unlock()
	if closing && l.enter() { // Close may have missed it
		l.endBoth(End{Client: FullClose, Server: FullClose}, 0)
		l.leave()
	}
}

// number makes a link one of the proxy's, under the next attempt's number.
func (p *Proxy) number(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	p.attempts++
	p.upgraded = true
	p.running++
	l.num = p.attempts
	p.links[l.num] = l
	return true
}
