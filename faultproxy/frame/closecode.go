package frame

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
)

// CloseCode is the status code of a Close frame (RFC 6455 section 7.4), any of
// 0 to 65535. [CloseCode.Info] says what it means.
type CloseCode uint16

// The codes with a meaning of their own: RFC 6455 section 7.4.1 and the IANA
// WebSocket Close Code Number registry. 1005, 1006 and 1015 stand for something
// that was not a code and never appear in a Close frame.
const (
	CodeNormalClosure      CloseCode = 1000
	CodeGoingAway          CloseCode = 1001
	CodeProtocolError      CloseCode = 1002
	CodeUnsupportedData    CloseCode = 1003
	CodeNoStatus           CloseCode = 1005
	CodeAbnormalClosure    CloseCode = 1006
	CodeInvalidPayload     CloseCode = 1007
	CodePolicyViolation    CloseCode = 1008
	CodeMessageTooBig      CloseCode = 1009
	CodeMandatoryExtension CloseCode = 1010
	CodeInternalError      CloseCode = 1011
	CodeServiceRestart     CloseCode = 1012
	CodeTryAgainLater      CloseCode = 1013
	CodeBadGateway         CloseCode = 1014
	CodeTLSHandshake       CloseCode = 1015
	CodeUnauthorized       CloseCode = 3000
	CodeForbidden          CloseCode = 3003
	CodeTimeout            CloseCode = 3008
)

// CodeInfo is an entry of the close-code registry: a single code, or a range of
// codes that share their meaning.
type CodeInfo struct {
	From, To CloseCode // the codes, both included; equal for a single one
	Name     string    // the registered name where there is one, such as "Going Away"
	// MaySend says that an application may choose the code: the browser's close()
	// takes 1000 and 3000 to 4999 and throws on every other. The other codes that
	// OnWire permits are sent by WebSocket implementations and by servers.
	MaySend bool
	// OnWire says that the code may appear in a Close frame; seeing it where it may
	// not is a protocol error ([Checker]).
	OnWire  bool
	Meaning string // what it usually means in the field
	LookAt  string // what to look at when you see it
	Source  string // the RFC section, registry or document that defines it
}

// Codes returns "1000" or "0-999".
func (i CodeInfo) Codes() string {
	if i.From == i.To {
		return strconv.Itoa(int(i.From))
	}
	return fmt.Sprintf("%d-%d", i.From, i.To)
}

// Info returns the registry entry of the code. Every code has one.
func (c CloseCode) Info() CodeInfo {
	i := sort.Search(len(registry), func(i int) bool { return registry[i].To >= c })
	return registry[i]
}

// Registry returns all entries, ascending: every code from 0 to 65535 is in exactly
// one. The caller owns the slice.
func Registry() []CodeInfo { return slices.Clone(registry) }
