package faultproxy

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// RequestHeaders changes headers of an upgrade request on its way to the upstream.
type RequestHeaders struct {
	Set    http.Header // replaces, where they stand, or adds
	Remove []string
}

// Stages of RequestHeaders: the request.
func (RequestHeaders) Stages() Stage { return StageRequest }

// Apply changes the request.
func (f RequestHeaders) Apply(p *Plan) { editHeaders(p, f.Set, f.Remove) }

// Validate refuses headers that cannot be sent, those that frame a message, and no
// change at all.
func (f RequestHeaders) Validate() error { return checkHeaders("request-headers", f.Set, f.Remove) }

func (f RequestHeaders) String() string { return describeHeaders("request-headers", f.Set, f.Remove) }

// ResponseHeaders changes headers of the upstream's answer on its way to the client,
// of the 101 or any other. Nothing stops the proxy or the upstream from going on as if
// the client had been told what they agreed to.
type ResponseHeaders struct {
	Set    http.Header // replaces, where they stand, or adds
	Remove []string
}

// Stages of ResponseHeaders: the upstream's response.
func (ResponseHeaders) Stages() Stage { return StageResponse }

// Apply changes the answer.
func (f ResponseHeaders) Apply(p *Plan) { editHeaders(p, f.Set, f.Remove) }

// Validate refuses headers that cannot be sent, those that frame a message, and no
// change at all.
func (f ResponseHeaders) Validate() error { return checkHeaders("response-headers", f.Set, f.Remove) }

func (f ResponseHeaders) String() string { return describeHeaders("response-headers", f.Set, f.Remove) }

// WrongAccept gives the 101 a Sec-WebSocket-Accept that is not the answer to the
// client's key, as a cache would. A client has to fail the connection (RFC 6455
// section 4.1).
func WrongAccept() ResponseHeaders {
	return ResponseHeaders{Set: http.Header{acceptHeader: {base64.StdEncoding.EncodeToString([]byte("wrong accept, twenty"))}}}
}

// NoAccept takes Sec-WebSocket-Accept out of the 101. A client has to fail the
// connection (RFC 6455 section 4.1).
func NoAccept() ResponseHeaders { return ResponseHeaders{Remove: []string{acceptHeader}} }

// WithoutUpgrade takes Upgrade out of the 101. A client has to fail the connection
// (RFC 6455 section 4.1).
func WithoutUpgrade() ResponseHeaders { return ResponseHeaders{Remove: []string{"Upgrade"}} }

// Subprotocol makes the 101 select a subprotocol, whether or not the client offered
// it. A client that did not has to fail the connection (RFC 6455 section 4.1).
func Subprotocol(name string) ResponseHeaders {
	return ResponseHeaders{Set: http.Header{"Sec-WebSocket-Protocol": {name}}}
}

// Extension makes the 101 claim an extension, whether or not the client offered it. A
// client that did not has to fail the connection (RFC 6455 section 4.1).
func Extension(value string) ResponseHeaders {
	return ResponseHeaders{Set: http.Header{"Sec-WebSocket-Extensions": {value}}}
}

// Unconfigured passes an upgrade request on as a proxy does that was not told about
// WebSocket, such as nginx without its Upgrade and Connection settings: the hop-by-hop
// headers are gone, so the upstream sees a plain GET and answers that.
func Unconfigured() RequestHeaders {
	return RequestHeaders{Set: http.Header{"Connection": {"close"}}, Remove: []string{"Upgrade"}}
}

const acceptHeader = "Sec-WebSocket-Accept"

// StripDeflate takes permessage-deflate out of what the client offers, so that
// nothing is compressed. Proxy.Compression does it for all connections.
type StripDeflate struct{}

// Stages of StripDeflate: the request.
func (StripDeflate) Stages() Stage { return StageRequest }

// Apply changes the request.
func (StripDeflate) Apply(p *Plan) { p.StripDeflate() }

func (StripDeflate) String() string { return "strip-deflate" }

func editHeaders(p *Plan, set http.Header, remove []string) {
	for _, name := range remove {
		p.SetHeader(name)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		p.SetHeader(name, set[name]...)
	}
}

func checkHeaders(what string, set http.Header, remove []string) error {
	if len(set)+len(remove) == 0 {
		return fmt.Errorf("%s: they change nothing; set Set or Remove", what)
	}
	names := slices.Concat(slices.Sorted(maps.Keys(set)), remove)
	for i, name := range names {
		switch {
		case strings.EqualFold(name, "Content-Length"), strings.EqualFold(name, "Transfer-Encoding"):
			return fmt.Errorf("%s: the proxy frames messages itself, so %s cannot be changed", what, name)
		case slices.ContainsFunc(names[:i], func(other string) bool { return strings.EqualFold(other, name) }):
			return fmt.Errorf("%s: header %q is there twice", what, name)
		case i < len(set) && len(set[name]) == 0:
			return fmt.Errorf("%s: header %q has no value; use Remove to take it out", what, name)
		}
		if err := sendable(what, http.Header{name: set[name]}); err != nil {
			return err
		}
	}
	return nil
}

func describeHeaders(what string, set http.Header, remove []string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, fmt.Sprintf("%s: %s", name, strings.Join(set[name], ", ")))
	}
	for _, name := range remove {
		parts = append(parts, "no "+name)
	}
	return what + " " + strings.Join(parts, "; ")
}
