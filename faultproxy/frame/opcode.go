package frame

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

// Opcode is the four-bit frame type of RFC 6455 section 5.2.
type Opcode uint8

// The opcodes RFC 6455 section 11.8 registers; all others are reserved.
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

var opcodeNames = []string{"continuation", "text", "binary", "close", "ping", "pong"}
var namedOpcodes = []Opcode{OpContinuation, OpText, OpBinary, OpClose, OpPing, OpPong}

// String returns "continuation", "text", "binary", "close", "ping", "pong", or
// "reserved(0x3)" for an opcode that RFC 6455 gives no meaning.
func (o Opcode) String() string {
	for i, named := range namedOpcodes {
		if o == named {
			return opcodeNames[i]
		}
	}
	return fmt.Sprintf("reserved(%#x)", uint8(o))
}

// IsControl reports whether the opcode is of a control frame: its highest bit is
// set (RFC 6455 section 5.5), reserved ones included.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsReserved reports whether RFC 6455 section 5.2 gives the opcode no meaning.
func (o Opcode) IsReserved() bool { return !definedOpcodes.Has(o) }

// ParseOpcode reads an opcode: its name, or its number from 0x0 to 0xf ("0x3",
// and "reserved(0x3)" as String writes it).
func ParseOpcode(name string) (Opcode, error) {
	for i, n := range opcodeNames {
		if name == n {
			return namedOpcodes[i], nil
		}
	}
	number := strings.TrimSuffix(strings.TrimPrefix(name, "reserved("), ")")
	if strings.HasPrefix(number, "0x") {
		if n, err := strconv.ParseUint(number[2:], 16, 8); err == nil && n <= 0xf {
			return Opcode(n), nil
		}
	}
	meant := ""
	if s := schema.Suggest(name, opcodeNames); s != "" {
		meant = fmt.Sprintf("did you mean %q? ", s)
	}
	return 0, errors.New("unknown opcode " + strconv.Quote(name) + ": " + meant +
		"use " + strings.Join(opcodeNames, ", ") + ", or a number from 0x0 to 0xf")
}

// OpcodeSet is a set of opcodes, one bit each (1<<op).
type OpcodeSet uint16

// AllOpcodes holds all sixteen opcodes, reserved ones included.
const AllOpcodes OpcodeSet = 0xFFFF

const definedOpcodes = OpcodeSet(1<<OpContinuation | 1<<OpText | 1<<OpBinary | 1<<OpClose | 1<<OpPing | 1<<OpPong)

// OpcodesOf returns the set of these opcodes. Only the low four bits of each
// count, as on the wire.
func OpcodesOf(ops ...Opcode) OpcodeSet {
	var s OpcodeSet
	for _, o := range ops {
		s |= 1 << (o & 0xF)
	}
	return s
}

// Has reports whether the opcode is in the set.
func (s OpcodeSet) Has(o Opcode) bool { return o < 16 && s>>o&1 != 0 }

// List returns the opcodes of the set in ascending order.
func (s OpcodeSet) List() []Opcode {
	ops := make([]Opcode, 0, bits.OnesCount16(uint16(s)))
	for o := range Opcode(16) {
		if s.Has(o) {
			ops = append(ops, o)
		}
	}
	return ops
}

// String returns the names joined by "or": "text or binary"; "any opcode" for
// [AllOpcodes] and "no opcode" for the empty set.
func (s OpcodeSet) String() string {
	switch s {
	case AllOpcodes:
		return "any opcode"
	case 0:
		return "no opcode"
	}
	var names []string
	for _, o := range s.List() {
		names = append(names, o.String())
	}
	return joinWords(names, "or")
}

// joinWords joins names as a sentence does: "a, b or c".
func joinWords(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}
