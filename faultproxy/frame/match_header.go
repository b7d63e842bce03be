package frame

import (
	"fmt"
	"strconv"
)

// Any matches every frame, legal or not.
var Any Match = anyMatch{}

type anyMatch struct{ trigger }

func (anyMatch) String() string            { return "any frame" }
func (anyMatch) Match(View) bool           { return true }
func (anyMatch) Needs() Needs              { return Needs{Dirs: Both, Opcodes: AllOpcodes} }
func (anyMatch) words() string             { return "" }
func (anyMatch) tree() (conditions, error) { return conditions{}, nil }

// Op matches frames with one of these opcodes, given at least one. It panics on a
// value over 0xf, which no frame can have.
func Op(ops ...Opcode) Match {
	if len(ops) == 0 {
		panic("frame.Op: name at least one opcode")
	}
	for _, o := range ops {
		if o > 0xF {
			panic(fmt.Sprintf("frame.Op: opcode %#x does not fit into four bits", uint8(o)))
		}
	}
	return opMatch{set: OpcodesOf(ops...)}
}

type opMatch struct {
	trigger
	set OpcodeSet
}

func (m opMatch) String() string    { return m.set.String() }
func (m opMatch) Match(v View) bool { return m.set.Has(v.Header.Opcode) }
func (m opMatch) Needs() Needs      { return Needs{Dirs: Both, Opcodes: m.set} }
func (m opMatch) words() string     { return m.set.String() }

func (m opMatch) tree() (conditions, error) {
	ops := m.set.List()
	if len(ops) == 1 {
		return conditions{"op": opcodeName(ops[0])}, nil
	}
	names := make([]any, len(ops))
	for i, o := range ops {
		names[i] = opcodeName(o)
	}
	return conditions{"op": names}, nil
}

// opcodeName is how documents write an opcode.
func opcodeName(o Opcode) string {
	if o.IsReserved() {
		return fmt.Sprintf("%#x", uint8(o))
	}
	return o.String()
}

// Toward matches frames that travel this way; [Both] is either way. It panics if
// dir is none of the three.
func Toward(dir Direction) Match {
	if dir == 0 || dir > Both {
		panic("frame.Toward: " + dir.String() + " is no direction; use ToServer, ToClient or Both")
	}
	return dirMatch{dir: dir}
}

type dirMatch struct {
	trigger
	dir Direction
}

func (m dirMatch) String() string            { return "frame " + m.words() }
func (m dirMatch) Match(v View) bool         { return m.dir&v.Dir != 0 }
func (m dirMatch) Needs() Needs              { return Needs{Dirs: m.dir, Opcodes: AllOpcodes} }
func (m dirMatch) tree() (conditions, error) { return conditions{"dir": m.dir.String()}, nil }

func (m dirMatch) words() string {
	if m.dir == Both {
		return "in both directions"
	}
	return m.dir.String()
}

// Size matches frames whose payload is from min to max bytes long, both included,
// as the header declares it: of a compressed message it is the compressed size. A
// negative max is no upper bound. Size panics if min is negative or above max.
func Size(min, max int64) Match {
	if min < 0 || max >= 0 && max < min {
		panic(fmt.Sprintf("frame.Size(%d, %d): want 0 <= min <= max, or a negative max for no upper bound", min, max))
	}
	if max < 0 {
		max = -1
	}
	return sizeMatch{min: min, max: max}
}

type sizeMatch struct {
	trigger
	min, max int64 // max -1: none
}

func (m sizeMatch) String() string { return "frame " + m.words() }
func (sizeMatch) Needs() Needs     { return Needs{Dirs: Both, Opcodes: AllOpcodes} }

func (m sizeMatch) Match(v View) bool {
	return v.Header.Length >= uint64(m.min) && (m.max < 0 || v.Header.Length <= uint64(m.max))
}

func (m sizeMatch) words() string {
	switch {
	case m.max < 0:
		return "of " + strconv.FormatInt(m.min, 10) + " B or more"
	case m.min == m.max:
		return "of " + strconv.FormatInt(m.min, 10) + " B"
	}
	return fmt.Sprintf("of %d to %d B", m.min, m.max)
}

func (m sizeMatch) tree() (conditions, error) {
	size := map[string]any{"min": m.min}
	if m.max >= 0 {
		size["max"] = m.max
	}
	return conditions{"size": size}, nil
}

// Fin matches frames whose FIN bit is set, or those whose is not: final fragments
// and unfragmented frames, or fragments that others follow (RFC 6455 section 5.4).
func Fin(set bool) Match { return finMatch{set: set} }

type finMatch struct {
	trigger
	set bool
}

func (m finMatch) String() string            { return "frame " + m.words() }
func (m finMatch) Match(v View) bool         { return v.Header.Fin == m.set }
func (finMatch) Needs() Needs                { return Needs{Dirs: Both, Opcodes: AllOpcodes} }
func (m finMatch) tree() (conditions, error) { return conditions{"fin": m.set}, nil }

func (m finMatch) words() string {
	if m.set {
		return "with FIN"
	}
	return "without FIN"
}
