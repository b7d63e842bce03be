package timeline

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// frameText describes the frame: `ping 4 B "abcd"`, `close 1012 "restart"`.
func (e Event) frameText() string {
	h := e.Header
	s := h.Opcode.String()
	if h.Opcode == frame.OpClose && !e.Truncated && e.Kind == KindFrame {
		s += closeText(e.Payload)
	} else if h.Length > 0 {
		s += " " + strconv.FormatUint(h.Length, 10) + " B"
		if len(e.Payload) > 0 {
			s += " " + payloadText(e.Payload, e.Truncated, h.Opcode == frame.OpText || h.Opcode == frame.OpContinuation)
		}
	}
	var notes []string
	if !h.Fin {
		notes = append(notes, "more follows")
	}
	for i, bit := range []uint8{frame.RSV1, frame.RSV2, frame.RSV3} {
		switch {
		case h.RSV&bit == 0:
		case bit == frame.RSV1 && e.Inflated:
			notes = append(notes, "inflated")
		case bit == frame.RSV1 && !h.Opcode.IsControl():
			notes = append(notes, "compressed")
		default:
			notes = append(notes, "rsv"+strconv.Itoa(i+1))
		}
	}
	switch {
	case h.Masked && e.Dir == frame.ToClient:
		notes = append(notes, "masked")
	case !h.Masked && e.Dir == frame.ToServer:
		notes = append(notes, "not masked")
	}
	if len(notes) > 0 {
		s += " (" + strings.Join(notes, ", ") + ")"
	}
	return s
}

func closeText(payload []byte) string {
	code, reason, ok := frame.ParseClose(payload)
	switch {
	case !ok:
		return " with half a code, " + hex.EncodeToString(payload)
	case len(payload) == 0:
		return " without a code"
	case !utf8.ValidString(reason):
		return " " + strconv.Itoa(int(code)) + " " + hexText([]byte(reason))
	case reason == "":
		return " " + strconv.Itoa(int(code))
	}
	return " " + strconv.Itoa(int(code)) + " " + quote(reason)
}

// payloadText shows a payload: text in quotes, anything else in hex, both cut.
func payloadText(p []byte, truncated, isText bool) string {
	if truncated {
		p = wholeRunes(p)
	}
	strange := unicode.IsControl
	if isText {
		strange = control
	}
	if !utf8.Valid(p) || strings.ContainsFunc(string(p), strange) {
		return hexText(p)
	}
	s := quote(string(p))
	if truncated && !strings.HasSuffix(s, "…") {
		s += "…"
	}
	return s
}

// control reports whether a letter is one that a text message does not have. Line
// ends, tabs, and what STOMP and SignalR end their messages with are text.
func control(r rune) bool {
	return unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\x00\x1e", r)
}

// wholeRunes drops a letter that was cut at the end.
func wholeRunes(p []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if b := p[len(p)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(p[len(p)-n:]) {
				return p[:len(p)-n]
			}
			break
		}
	}
	return p
}

func hexText(p []byte) string {
	const most = 24
	if len(p) > most {
		return hex.EncodeToString(p[:most]) + "…"
	}
	return hex.EncodeToString(p)
}
