package frame

import "fmt"

// CloseEvent is how a client learns that its connection is over: what a browser
// puts into the close event of a WebSocket.
type CloseEvent struct {
	// Code is that of the Close frame received; [CodeNoStatus] (1005) if it had
	// none, [CodeAbnormalClosure] (1006) if no Close frame was received.
	Code CloseCode
	// Reason is that of the Close frame received, else empty.
	Reason string
	// WasClean says that the closing handshake was completed (RFC 6455 section
	// 7.1.4).
	WasClean bool
	// Error says that an error event precedes the close event. Browsers fire one
	// when the handshake fails and when they fail the connection themselves for a
	// protocol violation, but not when an open connection is lost.
	Error bool
}

// String returns `1012 "restart" wasClean=true`, with "error, then " before it if
// an error event precedes.
func (e CloseEvent) String() string {
	s := fmt.Sprintf("%d %q wasClean=%t", e.Code, e.Reason, e.WasClean)
	if e.Error {
		return "error, then " + s
	}
	return s
}
