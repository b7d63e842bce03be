package faultproxy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answer is what the client gets for an upgrade that a middlebox cannot pass on. The
// zero value is a line of text that says why, at once, with the usual status; then the
// connection ends.
type Answer struct {
	// Status of the answer. 0: 504 for an upstream that does not answer, else 502.
	Status int
	// After is how much later than its cause the answer comes, as HAProxy's does for
	// its retries.
	After time.Duration
	// Bare sends no HTTP at all, only the FIN of a closed connection, as Varnish does
	// when it pipes.
	Bare bool
	// KeepOpen leaves the connection open behind the answer, and serves the client's
	// next request on it, until the client ends it. Bare comes first.
	KeepOpen bool
	// Page is what the answer holds. Zero: a line of text.
	Page Page
}

// Page is an answer's header and body.
type Page struct {
	// Reason is the status line's phrase. Empty: the standard one.
	Reason string
	// Header is sent besides Content-Length and, if the connection ends with the
	// answer, Connection: close. Names are sent as they are written here. A body
	// without a Content-Type is text/plain.
	Header http.Header
	// Lower writes the names that are added in lower case, as HAProxy does.
	Lower bool
	// Dated adds a Date header with the time of the answer.
	Dated bool
	Body  string
}

func (g *Page) isZero() bool {
	return g.Reason == "" && g.Header == nil && !g.Lower && !g.Dated && g.Body == ""
}

func (a *Answer) isZero() bool {
	return a.Status == 0 && a.After == 0 && !a.Bare && !a.KeepOpen && a.Page.isZero()
}

// page returns what the answer holds; why stands in it if nothing else does.
func (a *Answer) page(why string) Page {
	if a.Page.isZero() {
		return Page{Body: "faultproxy: " + why + "\n"}
	}
	return a.Page
}

// bytes is the whole HTTP response for a status. ends says that the connection ends
// after it.
func (g *Page) bytes(status int, ends bool) []byte {
	reason := g.Reason
	if reason == "" {
		reason = http.StatusText(status)
	}
	h := &head{first: fmt.Sprintf("HTTP/1.1 %d %s", status, reason), ending: "\r\n", blank: "\r\n"}
	add := func(name, value string) {
		if g.Lower {
			name = strings.ToLower(name)
		}
		h.add(name, value)
	}
	if g.Body != "" && !g.has("Content-Type") {
		add("Content-Type", "text/plain; charset=utf-8")
	}
	if g.Dated {
		add("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	for _, k := range slices.Sorted(maps.Keys(g.Header)) {
		for _, v := range g.Header[k] {
			h.add(k, v)
		}
	}
	add("Content-Length", strconv.Itoa(len(g.Body)))
	if ends {
		add("Connection", "close")
	}
	return append(h.bytes(), g.Body...)
}

// has reports whether the page brings a header, however its name is written.
func (g *Page) has(name string) bool {
	for k := range g.Header {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}
