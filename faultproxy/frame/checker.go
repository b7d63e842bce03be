package frame

// Checker says which rule of RFC 6455 the frames of one direction of a connection
// break. It is told of every frame in order, either whole by Frame, or piece by
// piece by Header and then Payload. Of the rules that a header breaks the first is
// reported, and so of a payload; then the checker goes on, and what follows is
// judged too. The zero value is ready for what a server sends on a connection
// without extensions.
//
// The payload of compressed messages is not looked at: whether it is UTF-8 shows
// only after inflating it.
type Checker struct {
	FromClient bool // the direction is client to server
	Deflate    bool // permessage-deflate was negotiated (RFC 7692)

	fragmented bool // a message has begun and not ended
	closed     bool // a Close was sent

	message content // what the current message's fragments carry
	current content // what the current frame carries
	text    utf8Stream
	badText bool // the current message's payload was already reported

	closeSeen int // bytes of the current Close's code so far
	closeCode CloseCode
	reason    utf8Stream
	badClose  bool // the current Close's payload was already reported
}

// content is what has to be checked in a payload.
type content uint8

const (
	unchecked content = iota
	plainText
	closeStatus
)

// Header takes the next frame's header and returns the rule it breaks, or nil.
func (c *Checker) Header(h Header) *Violation {
	v := Impossible(h, c.Deflate)
	if v == nil {
		v = c.anyFrame(h)
	}
	var state *Violation
	if h.Opcode.IsControl() {
		state = c.controlFrame(h)
	} else {
		state = c.dataFrame(h)
	}
	if v == nil {
		v = state
	}
	return v
}

// anyFrame checks what holds for frames of every kind, whatever came before.
func (c *Checker) anyFrame(h Header) *Violation {
	// RFC 7692 section 6: the "Per-Message Compressed" bit is RSV1 of the first
	// frame of a data message, and must not be set on any other.
	if h.RSV&RSV1 != 0 && (h.Opcode.IsControl() || h.Opcode == OpContinuation) {
		return protocolError(ruleMisplacedCompression, sectionDeflate,
			"RSV1 set on a %s frame; only a message's first frame says that it is compressed", h.Opcode)
	}
	// RFC 6455 section 5.1: a client masks all frames that it sends, and a server
	// closes the connection upon one that is not masked.
	if c.FromClient && !h.Masked {
		return protocolError(ruleUnmaskedClientFrame, section51, "a client's %s frame is not masked", h.Opcode)
	}
	// RFC 6455 section 5.1: a server masks no frame that it sends, and a client
	// closes the connection upon one that is masked.
	if !c.FromClient && h.Masked {
		return protocolError(ruleMaskedServerFrame, section51, "a server's %s frame is masked", h.Opcode)
	}
	// RFC 6455 section 5.2, payload length: the minimal number of bytes must be
	// used to encode the length.
	if used, least := h.lengthBytes(), shortest(h.Length); used > least {
		return protocolError(ruleNonMinimalLength, section52,
			"a length of %d takes %d extra bytes where %d do", h.Length, used, least)
	}
	return nil
}

// controlFrame checks a control frame; the message around it is not touched.
func (c *Checker) controlFrame(h Header) *Violation {
	second := h.Opcode == OpClose && c.closed
	c.current = unchecked
	if h.Opcode == OpClose {
		c.closed = true
		c.current = closeStatus
		c.closeSeen, c.closeCode, c.reason, c.badClose = 0, 0, utf8Stream{}, false
	}
	switch {
	// RFC 6455 section 5.5: control frames must not be fragmented.
	case !h.Fin:
		return protocolError(ruleFragmentedControl, section55, "a %s frame is fragmented (FIN is not set)", h.Opcode)
	// RFC 6455 section 5.5: control frames must have a payload of 125 bytes or less.
	case h.Length > MaxControlPayload:
		return protocolError(ruleOversizedControl, section55,
			"a %s frame of %d bytes, over the %d of control frames", h.Opcode, h.Length, MaxControlPayload)
	// RFC 6455 section 5.5.1: a Close is answered only if none was sent yet; with
	// one sent and one received the connection is closed.
	case second:
		return protocolError(ruleCloseAfterClose, section551, "a second Close after the first")
	}
	return nil
}

// dataFrame checks a text, binary or continuation frame and where it stands in its
// message. A reserved opcode counts as the beginning of a message of its own.
func (c *Checker) dataFrame(h Header) *Violation {
	inside := c.fragmented
	c.fragmented = !h.Fin
	if h.Opcode != OpContinuation {
		c.message = unchecked
		c.text, c.badText = utf8Stream{}, false
		if h.Opcode == OpText && h.RSV&RSV1 == 0 {
			c.message = plainText
		}
	} else if !inside {
		c.message = unchecked
	}
	c.current = c.message
	switch {
	// RFC 6455 section 5.5.1: no data frames after a Close frame was sent.
	case c.closed:
		return protocolError(ruleDataAfterClose, section551, "a %s frame after the Close", h.Opcode)
	// RFC 6455 section 5.4: a fragmented message begins with another opcode than 0.
	case h.Opcode == OpContinuation && !inside:
		return protocolError(ruleUnexpectedContinuation, section54, "a continuation without a message to continue")
	// RFC 6455 section 5.4: the fragments of one message must not be interleaved
	// with those of another, unless an extension says how.
	case h.Opcode != OpContinuation && inside:
		return protocolError(ruleInterleavedMessage, section54,
			"a new %s message before the fragmented one has ended", h.Opcode)
	}
	return nil
}

// Payload takes the next piece of the current frame's payload, unmasked, and
// returns the rule it breaks, or nil. last says that the frame ends with it; a frame
// without payload ends with Payload(nil, true). p is not kept.
func (c *Checker) Payload(p []byte, last bool) *Violation {
	switch c.current {
	case plainText:
		return c.textPayload(p, last && !c.fragmented)
	case closeStatus:
		return c.closePayload(p, last)
	}
	return nil
}

// Frame takes a whole frame: its header as [Frame.Append] would write it, then its
// payload.
func (c *Checker) Frame(f Frame) *Violation {
	v := c.Header(f.Header())
	if later := c.Payload(f.Payload, true); v == nil {
		v = later
	}
	return v
}

func (c *Checker) textPayload(p []byte, messageEnds bool) *Violation {
	if c.badText {
		return nil
	}
	why := ""
	if !c.text.write(p) {
		why = "a text message has bytes that are not UTF-8"
	} else if messageEnds && !c.text.complete() {
		why = "a text message ends inside a UTF-8 character"
	}
	if why == "" {
		return nil
	}
	// RFC 6455 section 8.1: bytes that are not valid UTF-8 fail the connection,
	// with 1007 (section 7.4.1).
	c.badText = true
	return &Violation{Rule: ruleTextNotUTF8, Section: section81, Code: CodeInvalidPayload, Text: why}
}

func (c *Checker) closePayload(p []byte, last bool) *Violation {
	if c.badClose {
		return nil
	}
	v := c.closeViolation(p, last)
	c.badClose = v != nil
	return v
}

func (c *Checker) closeViolation(p []byte, last bool) *Violation {
	for ; len(p) > 0 && c.closeSeen < 2; p = p[1:] {
		c.closeCode = c.closeCode<<8 | CloseCode(p[0])
		c.closeSeen++
		if c.closeSeen == 2 {
			if v := checkCode(c.closeCode); v != nil {
				return v
			}
		}
	}
	// RFC 6455 section 5.5.1: a Close body begins with a two-byte status code.
	if last && c.closeSeen == 1 {
		return protocolError(ruleShortClosePayload, section551, "a Close payload of one byte, which holds no code")
	}
	// RFC 6455 section 5.5.1: the reason is UTF-8; what is not fails the connection
	// as section 8.1 says, with 1007.
	if !c.reason.write(p) || last && !c.reason.complete() {
		return &Violation{Rule: ruleCloseReasonNotUTF8, Section: section551, Code: CodeInvalidPayload,
			Text: "the reason of the Close is not UTF-8"}
	}
	return nil
}

// checkCode says whether a code may be on the wire.
func checkCode(code CloseCode) *Violation {
	info := code.Info()
	switch {
	case info.OnWire:
		return nil
	// RFC 6455 section 7.4.1: 1005, 1006 and 1015 must not be set as a status code
	// in a Close frame.
	case code == CodeNoStatus, code == CodeAbnormalClosure, code == CodeTLSHandshake:
		return protocolError(ruleForbiddenCloseCode, section741,
			"close code %d (%s) must never be sent", code, info.Name)
	// RFC 6455 section 7.4.1: 1004 is reserved.
	case code == 1004:
		return protocolError(ruleUndefinedCloseCode, section741, "close code 1004 is reserved")
	}
	// RFC 6455 section 7.4.2: 0-999 are not used, 1000-2999 are for definition by
	// the protocol and its extensions, and no range goes beyond 4999.
	return protocolError(ruleUndefinedCloseCode, section742, "close code %d is not defined (%s)", code, info.Name)
}
