package frame

// Trigger is whatever a rule, a wait or a script step can be hung on: a [Match]
// (some frame), or a moment (see packages timeline and faultproxy). String says
// what it waits for, in words a failure message can use.
type Trigger interface {
	String() string
	// IsTrigger marks the types that may be used where a Trigger is asked for.
	IsTrigger()
}

// Match selects frames. Matches are immutable values; the same value may be used
// by many rules and goroutines at once. A [Frame] is itself a Match: it selects
// frames of its opcode with exactly its payload.
type Match interface {
	Trigger
	// Match reports whether the frame is selected. When Needs asks for no payload,
	// it is called with v.Payload nil, possibly before the payload has arrived.
	Match(v View) bool
	// Needs says what the match looks at, so that others need not be asked.
	Needs() Needs
}

// View is one frame as a Match sees it.
type View struct {
	Dir    Direction
	Header Header
	// Payload is unmasked and, where permessage-deflate was negotiated without
	// context takeover, inflated. It is only valid during the call.
	Payload []byte
	// Opaque says that the payload is compressed and could not be inflated, so
	// only header matches mean anything.
	Opaque bool
}

// Needs is what a Match has to see. The zero value selects nothing.
type Needs struct {
	Dirs    Direction // the directions it can match in
	Opcodes OpcodeSet // the opcodes it can match
	Payload bool      // whether the payload is looked at, not only the header
}
