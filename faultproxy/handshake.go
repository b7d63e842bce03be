package faultproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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
	keeps  bool // the connection stays open behind the answer
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
	case plan.cut != nil:
		h.cutOff(nil, *plan.cut, plan.by)
		return false
	case plan.answer != nil:
		h.rejected(plan.answer, plan.by)
		return false
	}
	for _, e := range plan.edits {
		e.apply(h.req)
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
	p.delay = l.pathDelay(h.p.rules.Load(), dir, now, false)
	for _, a := range rules {
		if !a.inWindow(now) || !l.selected(a) || !l.admit(a, dir) {
			continue
		}
		if p.run(a, l) {
			l.fire(a, dir, now)
			if a.Final {
				break
			}
		} else if p.why != "" {
			l.deny(a, dir, p.why)
		}
	}
	for _, a := range p.acts {
		l.perform(a)
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

// clientLeft records how the client ended a handshake, if it was the client.
func (h *handshake) clientLeft() {
	if errors.Is(h.watch.err, net.ErrClosed) { // the proxy closes
		return
	}
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
		h.failed(&h.p.conduct().Unanswered, http.StatusGatewayTimeout, fmt.Sprintf("the upstream %s did not accept a connection within %v", timeline.RedactURL(h.p.Upstream), timeout))
	default:
		h.failed(&h.p.conduct().Unreachable, http.StatusBadGateway, fmt.Sprintf("cannot reach the upstream %s: %v", timeline.RedactURL(h.p.Upstream), err))
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
	if a := &h.p.conduct().NotUpgraded; res.status() == http.StatusSwitchingProtocols && res.joined("Upgrade") == "" && !a.isZero() {
		h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: arrived, Fields: responseFields(res)})
		h.failed(a, http.StatusBadGateway, "the upstream's 101 has no Upgrade header")
		return false
	}
	plan := h.ask(h.p.rules.Load().response, StageResponse, frame.ToClient)
	untouched := plan.delay == 0 && plan.answer == nil && !plan.hang && plan.cut == nil && len(plan.edits) == 0 && h.p.conduct().Upgraded.isZero()
	seen := arrived
	if untouched && res.status() == http.StatusSwitchingProtocols {
		seen = passed
	}
	h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: seen, Fields: responseFields(res)})
	h.l.deflate = negotiated(res.joined("Sec-WebSocket-Extensions"))
	for _, e := range plan.edits {
		e.apply(res)
	}
	switch {
	case !h.wait(plan.delay):
		return false
	case plan.hang:
		h.wait(-1)
		return false
	case plan.cut != nil:
		h.cutOff(res.bytes(), *plan.cut, plan.by)
		return false
	case plan.answer != nil:
		h.rejected(plan.answer, plan.by)
		return false
	case res.status() != http.StatusSwitchingProtocols:
		if plan.behind != nil {
			h.l.notApplied(plan.behindBy, frame.ToClient, fmt.Sprintf("the answer is %d: there is nothing behind it", res.status()))
		}
		h.passAnswer(raw, rest, res, plan.by)
		return false
	}
	by := plan.by
	if b := h.p.conduct(); !b.Upgraded.isZero() {
		b.Upgraded.apply(res)
		by = cmp.Or(by, b.ref(h.l.tl))
	}
	if seen == arrived {
		h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: left, Rule: by, Fields: responseFields(res)})
	}
	return h.open(res, rest, plan)
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
		head := parseHead(raw)
		if s := head.status(); s < 100 || s >= 200 || s == http.StatusSwitchingProtocols {
			return raw, rest, nil
		}
		h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: passed, Fields: responseFields(head)})
		if _, err := h.client.Write(raw); err != nil {
			return nil, nil, err
		}
	}
}

// open sends the 101 on; from here on the connection is a link, also if it fails.
func (h *handshake) open(res *head, rest []byte, plan *Plan) bool {
	ext := res.joined("Sec-WebSocket-Extensions")
	if h.single && strings.Contains(ext, serverTakeover) {
		res.set("Sec-WebSocket-Extensions", answerSingle)
		ext = res.joined("Sec-WebSocket-Extensions")
	}
	if h.l.deflate == deflateOff || h.single { // else what the upstream said holds, whatever a rule told the client
		h.l.deflate = negotiated(ext)
	}
	var fields []timeline.Field
	if h.l.deflate != deflateOff {
		fields = append(fields, timeline.Field{Name: "deflate", Value: h.l.deflate.String()})
	}
	pre, ok := h.watch.stop()
	if !ok {
		h.clientLeft()
		return false
	}
	h.l.open(fields)
	if len(plan.behind) > 0 {
		h.l.record(timeline.Record{Kind: timeline.KindBytes, Dir: frame.ToClient, Seen: left, Rule: plan.behindBy,
			Payload: plan.behind, Bytes: len(plan.behind)})
	}
	if h.p.conduct().LosesEarly && len(pre) > 0 {
		h.l.record(timeline.Record{Kind: timeline.KindBytes, Dir: frame.ToServer, Seen: arrived, Rule: h.p.conduct().ref(h.l.tl),
			Payload: pre, Bytes: len(pre)})
		pre = nil
	}
	if _, err := h.client.Write(append(res.bytes(), plan.behind...)); err != nil {
		h.p.fail(h.l.num, "writing the 101 to the client", err)
		return false
	}
	h.l.client.pre, h.l.server.pre = pre, rest
	return true
}
