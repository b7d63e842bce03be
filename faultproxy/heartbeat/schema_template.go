package heartbeat

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// tree writes the payload as text if it is some, else as hexadecimal digits, in
// which placeholders stand as they are.
func (t Template) tree() map[string]any {
	m := map[string]any{}
	natural := frame.OpText
	switch {
	case t.Payload == "" && t.Op != frame.OpText:
	case t.isText():
		m["text"] = t.Payload
	default:
		m["hex"] = encodeHex(t.Payload)
		natural = frame.OpBinary
	}
	if t.Op != natural {
		m["op"] = t.Op.String()
	}
	return m
}

// isText reports whether the payload is readable as text. That of a text frame is
// whenever it can be, for a stray control character in it is not the point.
func (t Template) isText() bool {
	return utf8.ValidString(t.Payload) && (t.Op == frame.OpText || strings.IndexFunc(t.Payload, unicode.IsControl) < 0)
}

func encodeHex(payload string) string {
	var digits strings.Builder
	at := 0
	for _, place := range bytesOf.FindAllStringIndex(payload, -1) {
		digits.WriteString(hex.EncodeToString([]byte(payload[at:place[0]])))
		digits.WriteString(payload[place[0]:place[1]])
		at = place[1]
	}
	digits.WriteString(hex.EncodeToString([]byte(payload[at:])))
	return digits.String()
}

func decodeHex(digits string) (payload string, err error) {
	var decoded strings.Builder
	at := 0
	add := func(end int) {
		part, partErr := hex.DecodeString(digits[at:end])
		if err == nil {
			err = partErr
		}
		decoded.Write(part)
	}
	for _, place := range bytesOf.FindAllStringIndex(digits, -1) {
		add(place[0])
		decoded.WriteString(digits[place[0]:place[1]])
		at = place[1]
	}
	add(len(digits))
	return decoded.String(), err
}

func decodeTemplates(n schema.Node) []Template {
	var list []Template
	for _, each := range n.OneOrMany() {
		list = append(list, decodeTemplate(each))
	}
	return list
}

func decodeTemplate(n schema.Node) Template {
	n.Only("op", "text", "hex")
	text, digits := n.At("text"), n.At("hex")
	t := Template{Op: frame.OpText, Payload: text.String()}
	if digits.Exists() {
		payload, err := decodeHex(digits.String())
		if err != nil {
			digits.Fail("want bytes in hexadecimal, such as c000 or 9003{@2:4}00: %v", err)
		}
		if text.Exists() {
			digits.Fail("give text or hex, not both")
		}
		t = Template{Op: frame.OpBinary, Payload: payload}
	}
	switch op := n.At("op"); op.Enum("text", "binary", "ping", "pong") {
	case "text":
		t.Op = frame.OpText
	case "binary":
		t.Op = frame.OpBinary
	case "ping":
		t.Op = frame.OpPing
	case "pong":
		t.Op = frame.OpPong
	default:
		if !text.Exists() && !digits.Exists() {
			n.Fail("nothing to send: give text, hex or op")
		}
	}
	return t
}
