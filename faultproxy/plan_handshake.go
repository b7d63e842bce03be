package faultproxy

import "net/http"

// What a plan can do to a handshake.

// headEdit is a change to the head of a request or an answer.
type headEdit struct {
	name    string
	values  []string // nil: the header is removed
	deflate bool     // instead: permessage-deflate is removed from what is offered
}

func (e headEdit) apply(h *head) {
	if e.deflate {
		h.set("Sec-WebSocket-Extensions", stripDeflate)
		h.withoutEmpty("Sec-WebSocket-Extensions")
		return
	}
	h.put(e.name, e.values)
}

// credit notes that the rule in hand changed what the client or the upstream gets.
func (p *Plan) credit() {
	p.changed = true
	if p.by == 0 {
		p.by = p.rule
	}
}

// SetHeader gives the header of the request these values, where it stands or behind
// the others; none remove it. At StageResponse: of the upstream's answer.
func (p *Plan) SetHeader(name string, values ...string) {
	if p.needs(StageRequest|StageResponse, "setting a header") {
		p.credit()
		p.edits = append(p.edits, headEdit{name: name, values: values})
	}
}

// StripDeflate removes permessage-deflate from what the client offers.
func (p *Plan) StripDeflate() {
	if p.needs(StageRequest, "strip-deflate") {
		p.credit()
		p.edits = append(p.edits, headEdit{deflate: true})
	}
}

// Reject answers the upgrade request in the upstream's place.
func (p *Plan) Reject(status int, header http.Header, body string) {
	if p.needs(StageRequest|StageResponse, "reject") {
		p.credit()
		p.answer = &Reject{Status: status, Header: header, Body: body}
	}
}

// Cut ends the client's side of a handshake: at StageResponse behind the first n bytes
// of the answer.
func (p *Plan) Cut(n int, how Ending) {
	if p.needs(StageRequest|StageResponse, "cut") {
		p.credit()
		p.cut = &Cut{After: n, How: how}
	}
}

// Hang leaves the handshake unanswered until the client goes.
func (p *Plan) Hang() {
	if p.needs(StageAccept|StageRequest|StageResponse, "hang") {
		p.credit()
		p.hang = true
	}
}

// Refuse resets the TCP connection that was just accepted.
func (p *Plan) Refuse() {
	if p.needs(StageAccept, "refuse") {
		p.credit()
		p.refuse = true
	}
}
