package faultproxy

import (
	"bufio"
	"bytes"
	"cmp"
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

// What a client gets instead of a 101: the upstream's other answer, or the proxy's.

// passAnswer sends on an answer that is not a 101 and, unless it is to be kept, ends
// the connection, so that a client's next attempt comes on a new one.
func (h *handshake) passAnswer(raw, rest []byte, out *head, rule ruleRef) {
	br := bufio.NewReader(io.MultiReader(bytes.NewReader(raw), bytes.NewReader(rest), h.server))
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodGet})
	if err != nil {
		h.failed(&h.p.conduct().Incomplete, http.StatusBadGateway, fmt.Sprintf("the upstream's answer makes no sense: %v", err))
		return
	}
	defer resp.Body.Close()
	out.without("Connection", "Keep-Alive", "Transfer-Encoding")
	keeps := h.p.conduct().KeepRefused && resp.ContentLength >= 0
	if !keeps {
		out.add("Connection", "close")
	}
	h.p.conduct().Refused.apply(out)
	if !keeps {
		out.put("Connection", []string{"close"})
	}
	h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: left, Rule: rule, Fields: responseFields(out)})
	if _, err = h.client.Write(out.bytes()); err == nil {
		_, err = io.Copy(h.client, resp.Body)
	}
	if h.keeps = keeps && err == nil; h.keeps {
		return
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
	var why string
	switch {
	case errors.As(err, &bad):
		why = "the upstream's answer: " + bad.text
	case errors.As(err, &ne) && ne.Timeout():
		h.failed(&h.p.conduct().Unanswered, http.StatusGatewayTimeout, fmt.Sprintf("the upstream did not answer within %v", h.p.conduct().HandshakeTimeout))
		return
	case isReset(err):
		h.l.record(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: arrived})
		why = "the upstream reset the connection before it answered"
	case errors.Is(err, io.EOF) && len(got) > 0:
		h.l.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: arrived})
		why = "the upstream closed the connection within the head of its answer"
	case errors.Is(err, io.EOF):
		h.l.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: arrived})
		why = "the upstream closed the connection without an answer"
	default:
		why = fmt.Sprintf("the upstream gave no answer: %v", err)
	}
	h.failed(&h.p.conduct().Incomplete, http.StatusBadGateway, why)
}

// failed records why a handshake failed and gives the client the answer for that, with
// the usual status if it has none of its own.
func (h *handshake) failed(a *Answer, usual int, why string) {
	h.p.fail(h.l.num, "handshake", errors.New(why))
	if h.server != nil {
		_ = h.server.Close() // whoever answers for the upstream is done with it
	}
	switch {
	case !h.wait(max(a.After, 0)):
	case a.Bare:
		h.cutOff(nil, Cut{How: FullClose}, 0)
	default:
		h.keeps = a.KeepOpen
		h.answer(cmp.Or(a.Status, usual), a.page(why), 0)
	}
}

// rejected gives the client the answer of a rule.
func (h *handshake) rejected(r *Reject, rule ruleRef) {
	page := Page{Header: r.Header, Body: r.Body}
	if page.Body == "" {
		page.Body = http.StatusText(r.status()) + "\n"
	}
	h.answer(r.status(), page, rule)
}

// answer sends an answer of the proxy's own and, unless it is to be kept, ends the
// connection.
func (h *handshake) answer(status int, page Page, rule ruleRef) {
	raw := page.bytes(status, !h.keeps)
	if !h.keeps {
		h.watch.stop()
	}
	h.l.record(timeline.Record{Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: left, Rule: rule,
		Fields: responseFields(parseHead(raw))})
	_ = h.client.SetWriteDeadline(time.Now().Add(closeFor))
	_, _ = h.client.Write(raw)
	if h.keeps {
		_ = h.client.SetWriteDeadline(time.Time{})
		return
	}
	drain(h.client)
}

// request is what a client sent to ask for something, or why that is none.
type request struct {
	raw, rest []byte
	err       error
}

// next waits for the next request on a connection that was kept open; nil means that
// the client ended it.
func (h *handshake) next() *request {
	got, here := h.watch.stop()
	if !here {
		h.clientLeft()
		return nil
	}
	raw, rest, err := readHead(h.client, got, checkRequest)
	var bad *badHead
	if err == nil || errors.As(err, &bad) {
		return &request{raw, rest, err}
	}
	h.watch.err = err
	h.clientLeft()
	return nil
}

// cutOff ends the client's side behind the first bytes of an answer.
func (h *handshake) cutOff(answer []byte, c Cut, rule ruleRef) {
	h.watch.stop()
	if n := min(c.After, len(answer)); n > 0 {
		h.l.record(timeline.Record{Kind: timeline.KindBytes, Dir: frame.ToClient, Seen: left, Rule: rule,
			Payload: answer[:n], Bytes: n})
		_ = h.client.SetWriteDeadline(time.Now().Add(closeFor))
		_, _ = h.client.Write(answer[:n])
	}
	p := peer{conn: h.client}
	switch c.how() {
	case RST:
		h.l.record(timeline.Record{Kind: timeline.KindRST, Dir: frame.ToClient, Seen: left, Rule: rule})
		p.reset()
	case FullClose:
		h.l.record(timeline.Record{Kind: timeline.KindClosed, Dir: frame.ToClient, Rule: rule,
			Fields: []timeline.Field{{Name: "how", Value: "close"}}})
		_ = h.client.Close()
	case HalfClose:
		h.l.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: left, Rule: rule})
		halfClose(h.client)
	default:
		h.l.record(timeline.Record{Kind: timeline.KindFIN, Dir: frame.ToClient, Seen: left, Rule: rule})
		drain(h.client)
	}
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
