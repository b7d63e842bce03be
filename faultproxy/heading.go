package faultproxy

import (
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// Heading is what a middlebox makes of the head of an upstream's answer that it passes
// on, behind what rules do to it. The zero value leaves it as it is.
type Heading struct {
	// Set replaces headers, where they stand, or adds them.
	Set http.Header
	// Dated adds a Date header with the time of the answer where there is none.
	Dated bool
	// Names is how the names of all headers are written.
	Names Spelling
}

// Spelling is how header names are written, which means nothing to HTTP (RFC 9110
// section 5.1) but something to what reads them by hand.
type Spelling uint8

// How a name is written.
const (
	AsSent    Spelling = iota // as the upstream wrote it
	LowerCase                 // sec-websocket-accept, as HAProxy does
	Canonical                 // Sec-Websocket-Accept, as Go's net/http does
)

func (s Spelling) write(name string) string {
	switch s {
	case LowerCase:
		return strings.ToLower(name)
	case Canonical:
		return textproto.CanonicalMIMEHeaderKey(name)
	}
	return name
}

// isZero reports whether it leaves a head as it is.
func (g *Heading) isZero() bool { return g.Set == nil && !g.Dated && g.Names == AsSent }

// apply makes of a head what the middlebox does.
func (g *Heading) apply(h *head) {
	for _, name := range slices.Sorted(maps.Keys(g.Set)) {
		h.put(name, g.Set[name])
	}
	if g.Dated && h.joined("Date") == "" {
		h.put("Date", []string{time.Now().UTC().Format(http.TimeFormat)})
	}
	for i, l := range h.lines {
		if name := g.Names.write(l.name); name != l.name {
			h.lines[i].name, h.lines[i].raw = name, name+strings.TrimPrefix(l.raw, l.name)
		}
	}
}
