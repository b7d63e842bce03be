package faultproxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// handshake is an upgrade attempt on its way.
type handshake struct {
	p      *Proxy
	l      *link
	client net.Conn
	req    *head
	single bool // permessage-deflate is asked to be without context takeover
	watch  *watcher
	server net.Conn
}

// upgrade carries an upgrade request to the upstream and its answer back. It
// reports whether the connection became a link, which then owns it.
func (p *Proxy) upgrade(socket, client net.Conn, req *head, rest []byte) bool {
	l := newLink(p)
	_, reqTarget := req.request()
	reqPath, _, _ := strings.Cut(reqTarget, "?")
	l.path = strings.Clone(reqPath) // not the whole head with it
	l.head = req.bytes()
	if !p.number(l) {
		return false
	}
	l.client.conn = client
	h := &handshake{p: p, l: l, client: client, req: req}
	l.record(timeline.Record{Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: arrived, Fields: requestFields(req)})
	h.watch = watch(client, rest)
	if h.run() {
		l.start()
		p.untrack(socket)
		p.mu.Lock()
		closing := p.closing
		p.mu.Unlock()
		if closing && l.enter() { // Close may have missed it
			l.endBoth(End{Client: FullClose, Server: FullClose}, 0)
			l.leave()
		}
		return true
	}
	h.watch.stop()
	if h.server != nil {
		_ = h.server.Close()
	}
	l.record(timeline.Record{Kind: timeline.KindEnded})
	p.forget(l)
	return false
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

// run reports whether the connection is open now.
func (h *handshake) run() bool {
	plan := h.ask(h.p.rules.Load().request, StageRequest, frame.ToServer)
	switch {
	case !h.wait(plan.delay):
		return false
	case plan.hang:
		h.wait(-1)
		return false
	case plan.answer != nil:
		h.answer(plan.answer.status(), Page{Header: plan.answer.Header, Body: plan.answer.Body}, plan.by)
		return false
	}
	if !h.dial() {
		return false
	}
	return h.exchange()
}

// ask asks rules at a stage of the handshake, those of the path too.
func (h *handshake) ask(rules []*armed, stage Stage, dir frame.Direction) *Plan {
	l := h.l
	now := l.tl.Now()
	p := &Plan{stage: stage, conn: l.num, at: now, dir: dir}
	p.delay = l.pathDelay(h.p.rules.Load(), dir, now)
	for _, a := range rules {
		if !a.inWindow(now) || !l.selected(&a.Conns) || !l.admit(a, dir) {
			continue
		}
		answered := p.answer != nil
		if p.run(a, l) {
			l.fire(a, dir, now)
			if p.answer != nil && !answered {
				p.by = a.id
			}
			if a.Final {
				break
			}
		} else if p.why != "" {
			l.deny(a, dir, p.why)
		}
	}
	return p
}

// wait passes the time d (negative: without end); false means that the client
// left or the proxy closes.
func (h *handshake) wait(d time.Duration) bool {
	if d == 0 {
		return true
	}
	var after <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-after:
		return true
	case <-h.watch.gone:
		h.clientLeft()
		return false
	case <-h.p.done:
		return false
	}
}

// clientLeft records how the client ended a handshake.
func (h *handshake) clientLeft() {
	kind := timeline.KindFIN
	if isReset(h.watch.err) {
		kind = timeline.KindRST
	}
	h.l.record(timeline.Record{Kind: kind, Dir: frame.ToServer, Seen: arrived})
}

// dial connects to the upstream.
func (h *handshake) dial() bool {
	ctx, cancel := h.watch.context(h.p.done)
	defer cancel()
	dialing, timeout := ctx, h.p.conduct().HandshakeTimeout
	if timeout > 0 {
		var stop context.CancelFunc
		dialing, stop = context.WithTimeout(ctx, timeout)
		defer stop()
	}
	c, err := h.p.dial(dialing)
	fields := []timeline.Field{{Name: "address", Value: h.p.target.addr}}
	if err != nil {
		fields = append(fields, timeline.Field{Name: "error", Value: err.Error()})
	}
	h.l.record(timeline.Record{Kind: timeline.KindDialed, Dir: frame.ToServer, Fields: fields})
	switch {
	case err == nil:
		h.server = c
		h.l.server.conn = c
		return true
	case h.watch.left():
		h.clientLeft()
	case ctx.Err() != nil: // the proxy closes
	case dialing.Err() != nil:
		h.failed(http.StatusGatewayTimeout, fmt.Sprintf("the upstream %s did not accept a connection within %v", timeline.RedactURL(h.p.Upstream), timeout))
	default:
		h.failed(http.StatusBadGateway, fmt.Sprintf("cannot reach the upstream %s: %v", timeline.RedactURL(h.p.Upstream), err))
	}
	return false
}

// exchange sends the request and deals with the answer.
func (h *handshake) exchange() bool {
	ctx, cancel := h.watch.context(h.p.done)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = h.server.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	raw, rest, err := h.roundTrip()
	if ctx.Err() != nil { // the client left, or the proxy closes
		if h.watch.left() {
			h.clientLeft()
		}
		return false
	}
	if err != nil {
		h.upstreamFailed(raw, err)
		return false
	}
	res := parseHead(raw)
	plan := h.ask(h.p.rules.Load().response, StageResponse, frame.ToClient)
	untouched := plan.delay == 0 && plan.answer == nil && !plan.hang
	seen := arrived
	if untouched && res.status() == http.StatusSwitchingProtocols {
		seen = passed
	}
	h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: seen, Fields: responseFields(res)})
	switch {
	case !h.wait(plan.delay):
		return false
	case plan.hang:
		h.wait(-1)
		return false
	case plan.answer != nil:
		h.answer(plan.answer.status(), Page{Header: plan.answer.Header, Body: plan.answer.Body}, plan.by)
		return false
	case res.status() != http.StatusSwitchingProtocols:
		h.passAnswer(raw, rest)
		return false
	}
	if seen == arrived {
		h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: left, Fields: responseFields(res)})
	}
	return h.open(res, rest)
}

// roundTrip sends the request and reads the head of the answer; interim answers
// (1xx) pass on the way.
func (h *handshake) roundTrip() (raw, rest []byte, err error) {
	h.rewrite()
	if timeout := h.p.conduct().HandshakeTimeout; timeout > 0 {
		_ = h.server.SetReadDeadline(time.Now().Add(timeout))
		defer func() { _ = h.server.SetReadDeadline(time.Time{}) }()
	}
	if _, err := h.server.Write(h.req.bytes()); err != nil {
		return nil, nil, err
	}
	for {
		raw, rest, err = readHead(h.server, rest, checkResponse)
		if err != nil {
			return raw, nil, err
		}
		if s := parseHead(raw).status(); s < 100 || s >= 200 || s == http.StatusSwitchingProtocols {
			return raw, rest, nil
		}
		if _, err := h.client.Write(raw); err != nil {
			return nil, nil, err
		}
	}
}

// rewrite changes what the upstream has to see otherwise than the client sent it.
func (h *handshake) rewrite() {
	t := h.p.target
	method, reqTarget := h.req.request()
	if to := t.rewrite(reqTarget); to != reqTarget {
		h.req.first = strings.Replace(h.req.first, method+" "+reqTarget, method+" "+to, 1)
	}
	if !h.p.PreserveHost {
		h.req.set("Host", func(string) string { return t.url.Host })
		h.req.set("Origin", func(string) string { return t.origin() })
	}
	switch {
	case h.p.Compression == Strip:
		h.req.set("Sec-WebSocket-Extensions", stripDeflate)
		h.req.withoutEmpty("Sec-WebSocket-Extensions")
	case h.p.Compression == NoTakeover, h.needsPayload():
		h.single = true
		h.req.set("Sec-WebSocket-Extensions", offerSingle)
	}
}

// needsPayload reports whether some rule may have to look into this connection's
// messages.
func (h *handshake) needsPayload() bool {
	rules := h.p.rules.Load()
	if !rules.payload {
		return false
	}
	for _, a := range rules.all {
		if a.needs.Payload && h.l.selected(&a.Conns) {
			return true
		}
	}
	return false
}

// open sends the 101 on; from here on the connection is a link.
func (h *handshake) open(res *head, rest []byte) bool {
	ext := res.joined("Sec-WebSocket-Extensions")
	if h.single && strings.Contains(ext, serverTakeover) {
		res.set("Sec-WebSocket-Extensions", answerSingle)
		ext = res.joined("Sec-WebSocket-Extensions")
	}
	h.l.deflate = negotiated(ext)
	var fields []timeline.Field
	if h.l.deflate != deflateOff {
		fields = append(fields, timeline.Field{Name: "deflate", Value: h.l.deflate.String()})
	}
	pre, ok := h.watch.stop()
	if !ok {
		h.clientLeft()
		return false
	}
	h.l.record(timeline.Record{Kind: timeline.KindOpened, Fields: fields})
	if _, err := h.client.Write(res.bytes()); err != nil {
		h.p.fail(h.l.num, "writing the 101 to the client", err)
		return false
	}
	h.l.client.pre, h.l.server.pre = pre, rest
	return true
}

// passAnswer sends on an answer that is not a 101, and ends the connection, so
// that a client's next attempt comes on a new one and can be told apart.
func (h *handshake) passAnswer(raw, rest []byte) {
	br := bufio.NewReader(io.MultiReader(bytes.NewReader(raw), bytes.NewReader(rest), h.server))
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodGet})
	if err != nil {
		h.failed(http.StatusBadGateway, fmt.Sprintf("the upstream's answer makes no sense: %v", err))
		return
	}
	defer resp.Body.Close()
	out := parseHead(raw)
	out.without("Connection", "Keep-Alive", "Transfer-Encoding")
	out.add("Connection", "close")
	h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: left, Fields: responseFields(out)})
	if _, err = h.client.Write(out.bytes()); err == nil {
		_, err = io.Copy(h.client, resp.Body)
	}
	_, here := h.watch.stop()
	switch {
	case !here:
		h.clientLeft()
	case err != nil && resp.ContentLength < 0:
		// Without the chunks' framing a FIN would make a whole answer of a part.
		h.l.record(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: left})
		(&peer{conn: h.client}).reset()
	default:
		drain(h.client)
	}
}

// upstreamFailed answers for an upstream that gave no answer.
// got is the part of one that came.
func (h *handshake) upstreamFailed(got []byte, err error) {
	var ne net.Error
	var bad *badHead
	switch {
	case errors.As(err, &bad):
		h.failed(http.StatusBadGateway, "the upstream's answer: "+bad.text)
	case errors.As(err, &ne) && ne.Timeout():
		h.failed(http.StatusGatewayTimeout, fmt.Sprintf("the upstream did not answer within %v", h.p.conduct().HandshakeTimeout))
	case isReset(err):
		h.l.record(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: arrived})
		h.failed(http.StatusBadGateway, "the upstream reset the connection before it answered")
	case errors.Is(err, io.EOF) && len(got) > 0:
		h.l.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: arrived})
		h.failed(http.StatusBadGateway, "the upstream closed the connection within the head of its answer")
	case errors.Is(err, io.EOF):
		h.l.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: arrived})
		h.failed(http.StatusBadGateway, "the upstream closed the connection without an answer")
	default:
		h.failed(http.StatusBadGateway, fmt.Sprintf("the upstream gave no answer: %v", err))
	}
}

// failed records why a handshake failed and tells the client.
func (h *handshake) failed(status int, why string) {
	h.p.fail(h.l.num, "handshake", errors.New(why))
	if page, ok := h.p.conduct().Pages[status]; ok {
		h.answer(status, page, 0)
		return
	}
	h.answer(status, Page{Body: "faultproxy: " + why + "\n"}, 0)
}

// answer sends an answer of the proxy's own and ends the connection.
func (h *handshake) answer(status int, page Page, rule ruleRef) {
	if page.Body == "" {
		page.Body = http.StatusText(status) + "\n"
	}
	raw := page.bytes(status)
	h.watch.stop()
	h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: left, Rule: rule,
		Fields: responseFields(parseHead(raw))})
	_ = h.client.SetWriteDeadline(time.Now().Add(closeFor))
	_, _ = h.client.Write(raw)
	drain(h.client)
}

func requestFields(h *head) []timeline.Field {
	method, target := h.request()
	return headFields(h, timeline.Field{Name: "method", Value: method}, timeline.Field{Name: "target", Value: target})
}

func responseFields(h *head) []timeline.Field {
	return headFields(h, timeline.Field{Name: "status", Value: strconv.Itoa(h.status())})
}

func headFields(h *head, first ...timeline.Field) []timeline.Field {
	fields := append(make([]timeline.Field, 0, len(first)+len(h.lines)), first...)
	for _, l := range h.lines {
		fields = append(fields, timeline.Field{Name: strings.ToLower(l.name), Value: l.value})
	}
	return fields
}
