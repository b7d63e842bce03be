package frame_test

import (
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestOpcodeNamesAndKinds(t *testing.T) {
	for _, c := range []struct {
		op                frame.Opcode
		name              string
		control, reserved bool
	}{
		{frame.OpContinuation, "continuation", false, false},
		{frame.OpText, "text", false, false},
		{frame.OpBinary, "binary", false, false},
		{0x3, "reserved(0x3)", false, true},
		{0x7, "reserved(0x7)", false, true},
		{frame.OpClose, "close", true, false},
		{frame.OpPing, "ping", true, false},
		{frame.OpPong, "pong", true, false},
		{0xB, "reserved(0xb)", true, true},
		{0xF, "reserved(0xf)", true, true},
	} {
		if c.op.String() != c.name || c.op.IsControl() != c.control || c.op.IsReserved() != c.reserved {
			t.Errorf("%#x: %q control=%t reserved=%t, want %q %t %t", uint8(c.op),
				c.op, c.op.IsControl(), c.op.IsReserved(), c.name, c.control, c.reserved)
		}
		if back, err := frame.ParseOpcode(c.name); err != nil || back != c.op {
			t.Errorf("ParseOpcode(%q) = %v, %v", c.name, back, err)
		}
	}
}

func TestParseOpcodeRefusesWithAdvice(t *testing.T) {
	for name, advice := range map[string]string{
		"pnog": `did you mean "pong"?`,
		"Ping": `did you mean "ping"?`,
		"0x10": "a number from 0x0 to 0xf",
		"":     "use continuation, text, binary, close, ping, pong",
		"0x":   "a number from 0x0 to 0xf",
		"3":    "a number from 0x0 to 0xf",
	} {
		if _, err := frame.ParseOpcode(name); err == nil || !strings.Contains(err.Error(), advice) {
			t.Errorf("ParseOpcode(%q): error %v, want one with %q", name, err, advice)
		}
	}
	if op, err := frame.ParseOpcode("0xB"); err != nil || op != 0xB {
		t.Errorf("ParseOpcode(0xB) = %v, %v", op, err)
	}
}

func TestOpcodeSet(t *testing.T) {
	s := frame.OpcodesOf(frame.OpPong, frame.OpText)
	if !s.Has(frame.OpText) || !s.Has(frame.OpPong) || s.Has(frame.OpPing) || s.Has(0x1A) {
		t.Errorf("wrong members: %s", s)
	}
	for set, want := range map[frame.OpcodeSet]string{
		s:                                 "text or pong",
		0:                                 "no opcode",
		frame.AllOpcodes:                  "any opcode",
		frame.OpcodesOf(0x3):              "reserved(0x3)",
		frame.OpcodesOf(0x0, 0x1, 0x2):    "continuation, text or binary",
		frame.OpcodesOf(frame.OpClose, 8): "close",
	} {
		if set.String() != want {
			t.Errorf("%#x: %q, want %q", uint16(set), set, want)
		}
	}
	for op := range frame.Opcode(16) {
		if !frame.AllOpcodes.Has(op) {
			t.Errorf("AllOpcodes lacks %s", op)
		}
	}
}

func TestDirection(t *testing.T) {
	for _, d := range []frame.Direction{frame.ToServer, frame.ToClient, frame.Both} {
		if back, err := frame.ParseDirection(d.String()); err != nil || back != d {
			t.Errorf("ParseDirection(%q) = %v, %v", d, back, err)
		}
	}
	if _, err := frame.ParseDirection("up"); err == nil || !strings.Contains(err.Error(), "to-server") {
		t.Errorf("ParseDirection(up): %v", err)
	}
	if frame.ToServer.Opposite() != frame.ToClient || frame.ToClient.Opposite() != frame.ToServer || frame.Both.Opposite() != frame.Both {
		t.Error("wrong opposites")
	}
	if !frame.Both.Has(frame.ToClient) || frame.ToClient.Has(frame.Both) || frame.Both.Has(0) {
		t.Error("wrong Has")
	}
	if frame.Direction(0).String() != "none" || frame.Direction(9).String() != "direction(9)" {
		t.Error("wrong names of no direction")
	}
}
