package fakeserver

import (
	"fmt"
	"net/http"
	"strings"
)

// Detail is a part of an HTTP answer: of a refusal ([RejectWith]), of the 101
// ([AcceptWith]), or of a plain answer ([Respond]). It prints as the call that
// made it. In header values and bodies {ws} and {http} stand for the address that
// the client used, such as ws://127.0.0.1:41234 and http://127.0.0.1:41234.
type Detail struct {
	text string
	edit func(*answer)
}

// String returns the call that made the detail.
func (d Detail) String() string { return d.text }

// answer is an HTTP answer in the making.
type answer struct {
	status      int
	header      []field
	body        string
	sub         *string // of a 101: the subprotocol, whatever was negotiated
	compression *bool
	wrongAccept bool
	noUpgrade   bool
}

type field struct{ name, value string }

// Header adds a header field.
func Header(name, value string) Detail {
	return Detail{fmt.Sprintf("Header(%q, %q)", name, value), func(a *answer) {
		a.header = append(a.header, field{name, value})
	}}
}

// Body sets the body. Of a 101 it is what follows right after it, as garbage.
func Body(text string) Detail {
	return Detail{fmt.Sprintf("Body(%q)", text), func(a *answer) { a.body = text }}
}

// Subprotocol makes the 101 select a subprotocol, whether or not the client offered
// it; "" selects none. A client that is told one it did not offer has to fail the
// connection (RFC 6455 section 4.1).
func Subprotocol(name string) Detail {
	return Detail{fmt.Sprintf("Subprotocol(%q)", name), func(a *answer) { a.sub = &name }}
}

// Extension makes the 101 claim an extension, whether or not the client offered it.
// A client has to fail a connection with one it did not offer (RFC 6455 section 4.1).
func Extension(value string) Detail {
	return Detail{fmt.Sprintf("Extension(%q)", value), func(a *answer) {
		a.header = append(a.header, field{"Sec-WebSocket-Extensions", value})
	}}
}

// Compression accepts permessage-deflate if the client offers it, or does not,
// whatever Server.Compression says.
func Compression(on bool) Detail {
	return Detail{fmt.Sprintf("Compression(%v)", on), func(a *answer) { a.compression = &on }}
}

// WrongAccept makes the 101 carry a Sec-WebSocket-Accept that is not the answer to
// the client's key, as a cache would. A client has to fail the connection (RFC 6455
// section 4.1).
func WrongAccept() Detail {
	return Detail{"WrongAccept()", func(a *answer) { a.wrongAccept = true }}
}

// WithoutUpgrade makes the 101 lack its Upgrade header, as what passes through an
// unconfigured nginx does. A client has to fail the connection (RFC 6455 section 4.1).
func WithoutUpgrade() Detail {
	return Detail{"WithoutUpgrade()", func(a *answer) { a.noUpgrade = true }}
}

func makeAnswer(status int, details []Detail) answer {
	a := answer{status: status}
	for _, d := range details {
		d.edit(&a)
	}
	return a
}

// wrong says what is wrong with an answer other than a 101.
func (a *answer) wrong() error {
	if a.status < 200 || a.status > 599 {
		return fmt.Errorf("%d is no status of a final answer: those are 200 to 599 (RFC 9110 section 15)", a.status)
	}
	return nil
}

// hasBody reports whether an answer with that status has a body at all (RFC 9110
// section 6.4.1).
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// bytes returns the answer as it stands on the wire, to be followed by the end of
// the connection, and its header fields for the record.
func (a *answer) bytes(req *http.Request) (raw []byte, fields []field) {
	body := expand(req, a.body)
	if a.body == "" {
		body = http.StatusText(a.status) + "\n"
	}
	if !hasBody(a.status) {
		body = ""
	}
	for _, f := range a.header {
		fields = append(fields, field{f.name, expand(req, f.value)})
	}
	if !has(fields, "Content-Type") && hasBody(a.status) {
		fields = append(fields, field{"Content-Type", contentType(body)})
	}
	if !has(fields, "Content-Length") && !has(fields, "Transfer-Encoding") && hasBody(a.status) {
		fields = append(fields, field{"Content-Length", fmt.Sprint(len(body))})
	}
	if !has(fields, "Connection") {
		fields = append(fields, field{"Connection", "close"})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	return []byte(b.String() + "\r\n" + body), fields
}

func has(fields []field, name string) bool {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// contentType says what a body is: JSON if it looks like it.
func contentType(body string) string {
	if s := strings.TrimSpace(body); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// expand replaces {ws} and {http} by the address the client used.
func expand(req *http.Request, s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	secure := ""
	if req.TLS != nil {
		secure = "s"
	}
	return strings.NewReplacer("{ws}", "ws"+secure+"://"+req.Host, "{http}", "http"+secure+"://"+req.Host).Replace(s)
}
