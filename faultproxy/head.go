package faultproxy

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// maxHead bounds a request's or response's head.
const maxHead = 64 << 10

// head is a request or response head that can be changed in places and keeps the
// order, the case and the line ends of all the rest.
type head struct {
	first  string // without its line end
	lines  []headLine
	ending string // of the first line
	blank  string // the empty line behind the last header
}

type headLine struct {
	name, value string
	raw         string // the line as it came, with its end
}

// badHead is a head that is none, and the answer it deserves.
type badHead struct {
	status int
	text   string
}

func (e *badHead) Error() string { return e.text }

// readHead reads from c until a head is complete, and returns it and what came
// behind it. pre was read already.
func readHead(c net.Conn, pre []byte, check func([]byte) error) (raw, rest []byte, err error) {
	lent := lend(false)
	defer giveBack(lent)
	buf := append((*lent)[:0], pre...)
	for {
		if err := check(buf); err != nil {
			return bytes.Clone(buf), nil, err
		}
		if n := headEnd(buf); n > 0 {
			return bytes.Clone(buf[:n]), append([]byte(nil), buf[n:]...), nil
		}
		if len(buf) >= maxHead {
			return bytes.Clone(buf), nil, &badHead{http.StatusRequestHeaderFieldsTooLarge, "the head is larger than 64 KiB"}
		}
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, maxHead), buf...)
		}
		n, err := c.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil && n == 0 {
			return bytes.Clone(buf), nil, err
		}
	}
}

// headEnd returns the length of the head at the beginning of b, 0 if it is not whole.
func headEnd(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		if len(bytes.TrimRight(b[i:i+n], "\r")) == 0 {
			return i + n + 1
		}
		i += n + 1
	}
}

const preface = "PRI * HTTP/2.0\r\n"

// checkRequest tells early that what a client sends will never be an HTTP/1 request.
func checkRequest(b []byte) error {
	switch {
	case len(b) == 0:
		return nil
	case b[0] == 0x16 && (len(b) < 2 || b[1] == 3):
		if len(b) < 2 {
			return nil
		}
		return &badHead{0, "a TLS handshake on a port without TLS: use ws://, or serve wss"}
	case len(b) >= len(preface) && string(b[:len(preface)]) == preface:
		return &badHead{http.StatusHTTPVersionNotSupported, "an HTTP/2 preface: this port speaks HTTP/1.1, as a WebSocket upgrade needs (RFC 6455 section 4.1)"}
	}
	for i, c := range b {
		if c == ' ' && i > 0 {
			return nil
		}
		if i > 24 || c != '-' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return &badHead{http.StatusBadRequest, fmt.Sprintf("not an HTTP request: it begins with %q", b[:min(len(b), 16)])}
		}
	}
	return nil
}

// checkResponse tells early that what an upstream sends will never be a response.
func checkResponse(b []byte) error {
	const want = "HTTP/1."
	if n := min(len(b), len(want)); string(b[:n]) != want[:n] {
		return &badHead{http.StatusBadGateway, fmt.Sprintf("not HTTP/1, it begins with %q", b[:min(len(b), 32)])}
	}
	return nil
}

func parseHead(raw []byte) *head {
	text := string(raw)
	h := &head{lines: make([]headLine, 0, strings.Count(text, "\n"))}
	line, text := cutLine(text)
	h.first = strings.TrimRight(line, "\r\n")
	h.ending = line[len(h.first):]
	for text != "" {
		line, text = cutLine(text)
		trimmed := strings.TrimRight(line, "\r\n")
		if trimmed == "" {
			h.blank = line
			break
		}
		name, value, _ := strings.Cut(trimmed, ":")
		h.lines = append(h.lines, headLine{name: name, value: strings.TrimSpace(value), raw: line})
	}
	return h
}

func cutLine(s string) (line, rest string) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i+1], s[i+1:]
	}
	return s, ""
}

func (h *head) bytes() []byte {
	n := len(h.first) + len(h.ending) + len(h.blank)
	for _, l := range h.lines {
		n += len(l.raw)
	}
	b := append(make([]byte, 0, n), h.first...)
	b = append(b, h.ending...)
	for _, l := range h.lines {
		b = append(b, l.raw...)
	}
	return append(b, h.blank...)
}

func (h *head) header() http.Header {
	m := make(http.Header, len(h.lines))
	for _, l := range h.lines {
		k := textproto.CanonicalMIMEHeaderKey(l.name)
		m[k] = append(m[k], l.value)
	}
	return m
}

// joined returns all values of a list header as one list.
func (h *head) joined(name string) string {
	var values []string
	for _, l := range h.lines {
		if strings.EqualFold(l.name, name) {
			values = append(values, l.value)
		}
	}
	return strings.Join(values, ", ")
}

// set changes the header's value where it stands; it adds nothing.
func (h *head) set(name string, change func(old string) string) {
	for i, l := range h.lines {
		if strings.EqualFold(l.name, name) {
			if v := change(l.value); v != l.value {
				h.lines[i].value = v
				h.lines[i].raw = l.name + ": " + v + h.ending
			}
		}
	}
}

// without removes headers by name.
func (h *head) without(names ...string) {
	kept := h.lines[:0]
	for _, l := range h.lines {
		drop := false
		for _, n := range names {
			drop = drop || strings.EqualFold(l.name, n)
		}
		if !drop {
			kept = append(kept, l)
		}
	}
	h.lines = kept
}

// withoutEmpty removes a header where it has no value.
func (h *head) withoutEmpty(name string) {
	h.lines = slices.DeleteFunc(h.lines, func(l headLine) bool {
		return l.value == "" && strings.EqualFold(l.name, name)
	})
}

// put gives a header these values, where it stands, or behind the others; none remove
// it.
func (h *head) put(name string, values []string) {
	at := slices.IndexFunc(h.lines, func(l headLine) bool { return strings.EqualFold(l.name, name) })
	if at >= 0 {
		name = h.lines[at].name
	} else {
		at = len(h.lines)
	}
	h.without(name)
	for i, v := range values {
		h.lines = slices.Insert(h.lines, at+i, headLine{name, v, name + ": " + v + h.ending})
	}
}

func (h *head) add(name, value string) {
	h.lines = append(h.lines, headLine{name, value, name + ": " + value + h.ending})
}

// hasToken reports whether a list header names a token.
func (h *head) hasToken(name, token string) bool {
	for _, t := range strings.Split(h.joined(name), ",") {
		if strings.EqualFold(strings.TrimSpace(t), token) {
			return true
		}
	}
	return false
}

// checkRequestLine tells that the first line of a whole head asks for nothing in
// HTTP/1.
func (h *head) checkRequestLine() error {
	method, version := h.first, ""
	if i := strings.LastIndexByte(h.first, ' '); i >= 0 {
		method, version = h.first[:i], h.first[i+1:]
	}
	switch {
	case !strings.Contains(method, " "), !strings.HasPrefix(version, "HTTP/"):
		return &badHead{http.StatusBadRequest, fmt.Sprintf("not an HTTP request: its first line is %.80q", h.first)}
	case !strings.HasPrefix(version, "HTTP/1."):
		return &badHead{http.StatusHTTPVersionNotSupported, fmt.Sprintf("%.20q: this port speaks HTTP/1.1, as a WebSocket upgrade needs (RFC 6455 section 4.1)", version)}
	}
	return nil
}

// request returns method and target of a request line.
func (h *head) request() (method, target string) {
	parts := strings.Split(h.first, " ")
	if len(parts) < 3 {
		return parts[0], "/"
	}
	return parts[0], parts[1]
}

// status returns the status of a response line, 0 if it has none.
func (h *head) status() int {
	_, rest, _ := strings.Cut(h.first, " ")
	var n int
	if _, err := fmt.Sscanf(rest, "%3d", &n); err != nil {
		return 0
	}
	return n
}

func (h *head) isUpgrade() bool {
	method, _ := h.request()
	return method == http.MethodGet && h.hasToken("Upgrade", "websocket") && h.hasToken("Connection", "upgrade")
}
