package fakeserver

import (
	"slices"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

var (
	handlerWords  = []string{"script", "reject", "redirect", "handshake", "echo", "silent", "stall", "by-url"}
	handlerBare   = []string{"echo", "silent", "stall", "by-url"}
	handlerShares = []string{"times", "until", "for"}
	handlerBeside = besideAll(handlerWords, handlerShares)
)

func besideAll(words, keys []string) map[string][]string {
	beside := make(map[string][]string, len(words))
	for _, word := range words {
		beside[word] = keys
	}
	return beside
}

// handlers reads a list of handlers, or one.
func (d *document) handlers(n schema.Node) []Handler {
	var list []Handler
	for _, each := range n.OneOrMany() {
		h := d.handler(each)
		h.source = d.at(each)
		d.check(each, h)
		list = append(list, h)
	}
	if n.Exists() && len(list) == 0 {
		n.Fail(noHandlers)
	}
	return list
}

func (d *document) handler(n schema.Node) Handler {
	switch n.Value().(type) {
	case []any:
		return Script(d.steps(n)...)
	case string:
		return d.namedHandler(n.Enum(handlerBare...))
	case nil:
		n.Fail("want a handler such as echo or {script: [{pause: 2s}, fin]}, got nothing")
		return Handler{}
	}
	if isMap(n) {
		for _, key := range n.Keys() {
			if slices.Contains(stepWords, key) && !slices.Contains(handlerWords, key) {
				n.At(key).Fail("%q is a step of a script: want {script: [{%s: …}, …]}, or the list of steps alone", key, key)
				return Handler{}
			}
		}
	}
	var h Handler
	switch word, v := oneWord(n, handlerWords, handlerBeside); word {
	case "script":
		h = Script(d.steps(v)...)
	case "reject":
		h = decodeReject(v)
	case "redirect":
		h = RedirectTo(v.String())
	case "handshake":
		h = Handshake(d.shakes(v)...)
	case "":
		return Handler{}
	default:
		nothingBehind(word, v)
		h = d.namedHandler(word)
	}
	if times := n.At("times"); times.Exists() {
		h = h.Times(times.IntIn(1, maxCount))
	}
	if until := n.At("until"); until.Exists() {
		h = h.Until(d.event(until))
	}
	if span := n.At("for"); span.Exists() {
		h = h.For(span.Duration())
	}
	return h
}

func (d *document) namedHandler(name string) Handler {
	switch name {
	case "echo":
		return Echo
	case "silent":
		return Silent
	case "stall":
		return Stall()
	case "by-url":
		return ByURL
	}
	return Handler{}
}

// decodeReject reads a status, or {status, headers, body}.
func decodeReject(n schema.Node) Handler {
	if !isMap(n) {
		return RejectWith(n.IntIn(200, 599))
	}
	n.Only("status", "headers", "body")
	return RejectWith(n.Required("status").IntIn(200, 599), decodeDetails(n)...)
}

// decodeAnswer reads an answer to a plain HTTP request: {status, headers, body}, or the
// body of a 200.
func decodeAnswer(n schema.Node) Answer {
	if !isMap(n) {
		return Respond(200, n.String())
	}
	n.Only("status", "headers", "body")
	status := 200
	if given := n.At("status"); given.Exists() {
		status = given.IntIn(200, 599)
	}
	body := n.At("body").String()
	return Respond(status, body, decodeHeaders(n.At("headers"))...)
}

// decodeDetails reads headers and body.
func decodeDetails(n schema.Node) []Detail {
	details := decodeHeaders(n.At("headers"))
	if body := n.At("body"); body.Exists() {
		details = append(details, Body(body.String()))
	}
	return details
}

func decodeHeaders(n schema.Node) []Detail {
	var details []Detail
	for _, name := range n.Keys() {
		for _, each := range n.At(name).OneOrMany() {
			details = append(details, Header(name, decodeValue(each)))
		}
	}
	return details
}
