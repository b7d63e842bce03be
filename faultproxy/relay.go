package faultproxy

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// A proxy before a tcp upstream relays bytes. It dials as soon as it accepts, so that
// servers which speak first can, and changes nothing. It reads along: where the client
// asks for an upgrade first of all and the server answers with a 101, both directions
// are frames from there on.

// How far a relayed connection has come to be a WebSocket's.
const (
	speaksBytes  int32 = iota
	speaksAsked        // the client has asked for an upgrade
	speaksFrames       // and the server has agreed
	speaksOther        // it will never be one
)

// relay connects a client to the upstream. It reports whether the connection became a
// link, which then owns it.
func (p *Proxy) relay(socket, client net.Conn) bool {
	l := newLink(p)
	l.relays = true
	if !p.number(l) {
		return false
	}
	l.client.conn = client
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	server, err := p.dial(ctx)
	fields := []timeline.Field{{Name: "address", Value: p.target.addr}}
	if err != nil {
		fields = append(fields, timeline.Field{Name: "error", Value: err.Error()})
	}
	l.record(timeline.Record{Kind: timeline.KindDialed, Dir: frame.ToServer, Fields: fields})
	if err != nil {
		l.record(timeline.Record{Kind: timeline.KindClosed, Dir: frame.ToClient, Fields: []timeline.Field{{Name: "how", Value: "close"}}})
		l.record(timeline.Record{Kind: timeline.KindEnded})
		p.forget(l)
		return false
	}
	l.server.conn = server
	l.up.in.opaque, l.down.in.opaque = true, true
	l.up.in.sniff, l.down.in.sniff = &sniffer{check: checkRequest}, &sniffer{check: checkResponse}
	l.open([]timeline.Field{{Name: "relays", Value: "tcp"}})
	p.set(l, socket)
	return true
}

// sniffer collects what may be a head.
type sniffer struct {
	got    []byte
	passed int // bytes that were not recorded, since they may be a part of it
	check  func([]byte) error
}

// see takes bytes that came, and returns how many of them are still of the head, the
// head itself once it is whole, and whether it may become one.
func (s *sniffer) see(b []byte) (n int, head []byte, may bool) {
	before := len(s.got)
	s.got = append(s.got, b[:min(len(b), maxHead-before)]...)
	switch end := headEnd(s.got); {
	case s.check(s.got) != nil:
		return 0, nil, false
	case end > 0:
		return end - before, s.got[:end], true
	case len(s.got) == maxHead:
		return 0, nil, false
	}
	return len(b), nil, true
}

// sniff handles bytes, from i on, of a stream that may become a WebSocket's, and returns
// how many they were.
func (b *batch) sniff(i int) int {
	in, l := &b.ln.in, b.ln.l
	if b.ln.dir == frame.ToClient && l.speaks.Load() != speaksAsked { // the server speaks first, or of something else
		b.noWebSocket("the server spoke before the client had asked for an upgrade")
		return 0
	}
	n, head, may := in.sniff.see(b.buf[i:])
	switch {
	case !may && b.ln.dir == frame.ToServer:
		b.noWebSocket("the client's first bytes ask for no upgrade")
		return 0
	case !may:
		b.noWebSocket("the server's answer to the upgrade is no HTTP")
		return 0
	case head != nil && b.ln.dir == frame.ToServer:
		b.asked(parseHead(head))
	case head != nil:
		b.answered(parseHead(head))
	}
	if in.sniff != nil {
		in.sniff.passed += n
	}
	b.forward(b.buf[i:i+n], i, item{kind: itemPiece})
	return n
}

// asked looks at the client's first request.
func (b *batch) asked(req *head) {
	l := b.ln.l
	if req.checkRequestLine() != nil || !req.isUpgrade() {
		b.noWebSocket("the client's first request asks for no upgrade")
		return
	}
	_, target := req.request()
	path, _, _ := strings.Cut(target, "?")
	l.asksFor(strings.Clone(path), req.bytes())
	b.ln.in.sniff = nil // it is opaque until the answer
	b.ln.in.why = "the client sent more before its upgrade was answered"
	l.record(timeline.Record{At: b.at, Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: passed, Fields: requestFields(req)})
	l.speaks.Store(speaksAsked)
	l.reselect()
	b.refresh()
}

// reselect applies rules that select connections by path or header, now that those are
// known.
func (l *link) reselect() {
	l.each(frame.Both, func(ln *lane) {
		ln.mu.Lock()
		defer ln.mu.Unlock()
		if ln.out.shapes != nil {
			ln.out.shapes.by = nil
		}
	})
	l.retime()
}

// answered looks at an answer to the upgrade.
func (b *batch) answered(res *head) {
	in, l := &b.ln.in, b.ln.l
	l.record(timeline.Record{At: b.at, Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: passed, Fields: responseFields(res)})
	switch s := res.status(); {
	case s == http.StatusSwitchingProtocols:
		l.deflate = negotiated(res.joined("Sec-WebSocket-Extensions"))
		in.sniff, in.opaque = nil, false
		l.speaks.Store(speaksFrames) // and what the other lane reads from then on was sent behind the 101
	case s >= 100 && s < 200:
		in.sniff.got = nil
	default:
		b.noWebSocket("the server refused the upgrade")
	}
}

// noWebSocket ends the sniffing: this direction is bytes, for good.
func (b *batch) noWebSocket(why string) {
	b.ln.noWebSocket(why, b.at)
	b.ln.l.speaks.Store(speaksOther)
}

func (ln *lane) noWebSocket(why string, at time.Duration) {
	in := &ln.in
	if n := in.sniff.passed; n > 0 {
		ln.note(&item{kind: itemBytes, count: n}, passed, at)
	}
	in.sniff, in.why = nil, why
}

// listen has the client's direction follow what the other one has found out.
func (ln *lane) listen(at time.Duration) {
	in := &ln.in
	speaks := ln.l.speaks.Load()
	switch {
	case in.sniff != nil && (speaks == speaksOther || speaks == speaksFrames):
		ln.noWebSocket("the server spoke before the client had asked for an upgrade", at)
	case in.sniff != nil, in.settled, !in.opaque, ln.dir == frame.ToClient:
	case speaks == speaksFrames:
		in.opaque, in.settled = false, true
	case speaks == speaksAsked:
		in.settled = true
	}
}

// unsniffed records what came of a stream that ended before anybody could tell what it
// was.
func (ln *lane) unsniffed(at time.Duration) {
	if ln.in.sniff != nil {
		ln.noWebSocket("the stream ended before it had asked for an upgrade", at)
	}
}
