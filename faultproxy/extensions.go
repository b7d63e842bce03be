package faultproxy

import (
	"slices"
	"strings"
)

const (
	deflateToken   = "permessage-deflate"
	serverTakeover = "server_no_context_takeover"
	clientTakeover = "client_no_context_takeover"
)

// Compression is what the proxy does about permessage-deflate (RFC 7692) during a
// handshake.
type Compression uint8

// What can be done about compression.
const (
	// Pass leaves the negotiation to client and server, unless some rule in force
	// looks at payloads: then as NoTakeover.
	Pass Compression = iota
	// NoTakeover makes both sides compress each message on its own, so that it can
	// be read, and dropped or changed without harm to the next.
	NoTakeover
	// Strip removes the offer, so that nothing is compressed.
	Strip
)

// stripDeflate removes the offers of permessage-deflate.
func stripDeflate(value string) string {
	exts := slices.DeleteFunc(strings.Split(value, ","), func(ext string) bool { return extensionName(ext) == deflateToken })
	return strings.TrimSpace(strings.Join(exts, ","))
}

// offerSingle asks, in every offer of permessage-deflate, that messages be
// compressed each on its own (RFC 7692 section 7.1.1).
func offerSingle(value string) string {
	return eachExtension(value, func(ext string) string { return withParams(ext, serverTakeover, clientTakeover) })
}

// answerSingle tells the client to compress each message on its own, which a
// server may do unasked (RFC 7692 section 7.1.1.2).
func answerSingle(value string) string {
	return eachExtension(value, func(ext string) string { return withParams(ext, clientTakeover) })
}

func eachExtension(value string, change func(string) string) string {
	exts := strings.Split(value, ",")
	for i, ext := range exts {
		if extensionName(ext) == deflateToken {
			exts[i] = change(ext)
		}
	}
	return strings.Join(exts, ",")
}

func extensionName(ext string) string {
	name, _, _ := strings.Cut(ext, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

func withParams(ext string, params ...string) string {
	for _, p := range params {
		if !hasParam(ext, p) {
			ext += "; " + p
		}
	}
	return ext
}

func hasParam(ext, param string) bool {
	for _, p := range strings.Split(ext, ";")[1:] {
		name, _, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), param) {
			return true
		}
	}
	return false
}

// negotiated says what a 101's extensions mean for payloads.
func negotiated(value string) deflateMode {
	for _, ext := range strings.Split(value, ",") {
		if extensionName(ext) != deflateToken {
			continue
		}
		if hasParam(ext, serverTakeover) && hasParam(ext, clientTakeover) {
			return deflateSingle
		}
		return deflateTakeover
	}
	return deflateOff
}

func (m deflateMode) String() string {
	return [...]string{"off", "context takeover", "no context takeover"}[m]
}

// needsPayload reports whether some rule may have to look into this connection's
// messages.
func (h *handshake) needsPayload() bool {
	rules := h.p.rules.Load()
	if !rules.payload {
		return false
	}
	for _, a := range rules.all {
		if a.needs.Payload && h.l.selected(a) {
			return true
		}
	}
	return false
}
