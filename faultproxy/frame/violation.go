package frame

import "fmt"

// Violation is a rule that a frame breaks.
type Violation struct {
	Rule    string    // the rule's ID, such as "masked-server-frame"; see [Rules]
	Section string    // where it is stated, such as "RFC 6455 section 5.1"
	Code    CloseCode // the close code that it implies for who received the frame
	Text    string    // what is wrong, in words
}

// Error returns "masked-server-frame: … (RFC 6455 section 5.1, close 1002)".
func (v *Violation) Error() string {
	return fmt.Sprintf("%s: %s (%s, close %d)", v.Rule, v.Text, v.Section, v.Code)
}

// The IDs of the rules, in the order in which a Checker tries them.
const (
	ruleReservedBits           = "reserved-bits"
	ruleReservedOpcode         = "reserved-opcode"
	ruleLengthOutOfRange       = "length-out-of-range"
	ruleMisplacedCompression   = "misplaced-compression-bit"
	ruleUnmaskedClientFrame    = "unmasked-client-frame"
	ruleMaskedServerFrame      = "masked-server-frame"
	ruleNonMinimalLength       = "non-minimal-length"
	ruleFragmentedControl      = "fragmented-control"
	ruleOversizedControl       = "oversized-control"
	ruleCloseAfterClose        = "close-after-close"
	ruleDataAfterClose         = "data-after-close"
	ruleUnexpectedContinuation = "unexpected-continuation"
	ruleInterleavedMessage     = "interleaved-message"
	ruleShortClosePayload      = "short-close-payload"
	ruleForbiddenCloseCode     = "forbidden-close-code"
	ruleUndefinedCloseCode     = "undefined-close-code"
	ruleCloseReasonNotUTF8     = "close-reason-not-utf8"
	ruleTextNotUTF8            = "text-not-utf8"
)

// The sections that state the rules.
const (
	section51  = "RFC 6455 section 5.1"
	section52  = "RFC 6455 section 5.2"
	section54  = "RFC 6455 section 5.4"
	section55  = "RFC 6455 section 5.5"
	section551 = "RFC 6455 section 5.5.1"
	section741 = "RFC 6455 section 7.4.1"
	section742 = "RFC 6455 section 7.4.2"
	section81  = "RFC 6455 section 8.1"

	sectionDeflate = "RFC 7692 section 6"
)

// Rules returns the IDs of all rules that a [Checker] knows, in the order in which
// it tries them. The caller owns the slice.
func Rules() []string {
	return []string{
		ruleReservedBits, ruleReservedOpcode, ruleLengthOutOfRange, ruleMisplacedCompression,
		ruleUnmaskedClientFrame, ruleMaskedServerFrame, ruleNonMinimalLength,
		ruleFragmentedControl, ruleOversizedControl, ruleCloseAfterClose, ruleDataAfterClose,
		ruleUnexpectedContinuation, ruleInterleavedMessage,
		ruleShortClosePayload, ruleForbiddenCloseCode, ruleUndefinedCloseCode,
		ruleCloseReasonNotUTF8, ruleTextNotUTF8,
	}
}

// protocolError is a violation that implies 1002, as most do: RFC 6455 section
// 7.4.1 gives that code to protocol errors.
func protocolError(rule, section, format string, args ...any) *Violation {
	return &Violation{Rule: rule, Section: section, Code: CodeProtocolError, Text: fmt.Sprintf(format, args...)}
}

// Impossible returns what is wrong with a header that no peer could have sent,
// whatever else it does wrong: reserved bits nobody negotiated, a reserved opcode,
// a length beyond 2^63-1. Where a stream shows one, it is not (or no longer) a
// stream of frames. deflate says that permessage-deflate was negotiated.
func Impossible(h Header, deflate bool) *Violation {
	// RFC 6455 section 5.2, RSV1 to RSV3: must be 0 unless a negotiated extension
	// gives non-zero values a meaning; RFC 7692 section 6 does so for RSV1.
	allowed := uint8(0)
	if deflate {
		allowed = RSV1
	}
	if h.RSV&^allowed != 0 {
		return protocolError(ruleReservedBits, section52,
			"%s set, which no negotiated extension defines", bitNames(h.RSV&^allowed))
	}
	// RFC 6455 section 5.2, opcode: 0x3-7 and 0xB-F are reserved, and an unknown
	// opcode fails the connection.
	if h.Opcode.IsReserved() {
		return protocolError(ruleReservedOpcode, section52, "opcode %#x is reserved", uint8(h.Opcode))
	}
	// RFC 6455 section 5.2, payload length: the most significant bit of the 64-bit
	// form must be 0.
	if h.Length>>63 != 0 {
		return protocolError(ruleLengthOutOfRange, section52,
			"a declared length of %d bytes, beyond 2^63-1", h.Length)
	}
	return nil
}

func bitNames(rsv uint8) string {
	var names []string
	for i, bit := range []uint8{RSV1, RSV2, RSV3} {
		if rsv&bit != 0 {
			names = append(names, fmt.Sprintf("RSV%d", i+1))
		}
	}
	return joinWords(names, "and")
}
