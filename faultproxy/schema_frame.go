package faultproxy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

var frameKeys = []string{"op", "text", "hex", "code", "reason", "fin", "rsv", "masked", "key", "length_bytes"}

// DecodeFrame reads a frame, such as {op: text, text: "hi"}, {op: ping} or
// {op: close, code: 1012, reason: restart}. Anything illegal may be said: hex for
// any payload, rsv, masked, length_bytes, a reserved op such as 0x3. What is wrong is
// recorded at the node, and the result is then of no use.
func DecodeFrame(n schema.Node) frame.Frame {
	n.Only(frameKeys...)
	f := frame.Frame{
		Fin:    !n.At("fin").Exists() || n.At("fin").Bool(),
		Opcode: decodeOpcode(n),
		RSV:    uint8(n.At("rsv").IntIn(0, 7)),
		Masked: n.At("masked").Bool(),
	}
	if key := n.At("key"); key.Exists() {
		if copy(f.Key[:], decodeHex(key)) != len(f.Key) && !key.Failed() {
			key.Fail("want a masking key of four bytes in hexadecimal, such as 01020304")
		}
		f.Masked = !n.At("masked").Exists() || f.Masked
	}
	if size := n.At("length_bytes"); size.Exists() {
		if f.LengthBytes = size.IntIn(0, 8); f.LengthBytes != 0 && f.LengthBytes != 2 && f.LengthBytes != 8 {
			size.Fail("want 0 (the shortest form), 2 or 8, got %d", f.LengthBytes)
		}
	}
	text, digits, code := n.At("text"), n.At("hex"), n.At("code")
	switch {
	case text.Exists() && digits.Exists(), code.Exists() && (text.Exists() || digits.Exists()):
		n.Fail("want one payload: text, hex, or code and reason of a close")
	case code.Exists():
		f.Payload = decodeClosePayload(n, f.Opcode)
	case n.At("reason").Exists():
		n.Fail("a reason needs a code (RFC 6455 section 5.5.1)")
	case text.Exists():
		f.Payload = payloadOf(text.String())
	case digits.Exists():
		f.Payload = payloadOf(string(decodeHex(digits)))
	}
	return f
}

func decodeOpcode(n schema.Node) frame.Opcode {
	op := n.At("op")
	switch op.Value().(type) {
	case nil:
		if n.At("code").Exists() {
			return frame.OpClose
		}
		if n.At("text").Exists() {
			return frame.OpText
		}
		n.Required("op")
		return 0
	}
	return decodeOneOpcode(op)
}

// decodeOneOpcode reads an opcode's name or number.
func decodeOneOpcode(n schema.Node) frame.Opcode {
	if _, ok := n.Value().(string); !ok {
		return frame.Opcode(n.IntIn(0, 15)) // YAML reads 0x3 as a number
	}
	o, err := frame.ParseOpcode(n.String())
	if err != nil {
		n.Fail("%v", err)
	}
	return o
}

// opcodeName is what decodeOneOpcode reads.
func opcodeName(o frame.Opcode) string {
	if o.IsReserved() {
		return fmt.Sprintf("%#x", uint8(o&0xF))
	}
	return o.String()
}

func decodeClosePayload(n schema.Node, op frame.Opcode) []byte {
	if op != frame.OpClose {
		n.At("code").Fail("only a close has a code")
	}
	return frame.Close(frame.CloseCode(n.At("code").IntIn(0, 65535)), n.At("reason").String()).Payload
}

func decodeHex(n schema.Node) []byte {
	b, err := hex.DecodeString(n.String())
	if err != nil {
		n.Fail("want an even number of hexadecimal digits such as 00ff, in quotes, got %q", n.String())
	}
	return b
}

func payloadOf(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func frameTree(f frame.Frame) any {
	tree := map[string]any{"op": opcodeName(f.Opcode)}
	code, reason, ok := frame.ParseClose(f.Payload)
	switch {
	case len(f.Payload) == 0:
	case f.Opcode == frame.OpClose && ok && isText(reason):
		tree["code"] = int(code)
		put(tree, "reason", reason)
	case f.Opcode != frame.OpClose && isText(string(f.Payload)):
		tree["text"] = string(f.Payload)
	default:
		tree["hex"] = hex.EncodeToString(f.Payload)
	}
	if !f.Fin {
		tree["fin"] = false
	}
	put(tree, "rsv", int(f.RSV))
	put(tree, "length_bytes", f.LengthBytes)
	if f.Key != [4]byte{} {
		tree["key"] = hex.EncodeToString(f.Key[:])
		if !f.Masked {
			tree["masked"] = false
		}
	} else {
		put(tree, "masked", f.Masked)
	}
	return tree
}

// frameProblem says what of a frame the schema has no place for.
func frameProblem(f frame.Frame) error {
	switch {
	case f.Opcode > 0xF, f.RSV > 7:
		return fmt.Errorf("the frame's opcode %#x or reserved bits %#x do not fit a header", uint8(f.Opcode), f.RSV)
	case f.LengthBytes != 0 && f.LengthBytes != 2 && f.LengthBytes != 8:
		return errors.New("the frame's LengthBytes is none of 0, 2 and 8")
	}
	return nil
}

// isText reports whether a payload is better shown as text than as hex: UTF-8
// without control characters other than tab and line ends.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
	})
}
