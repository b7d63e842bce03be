package faultproxy

import "github.com/heartbreak-ws/heartbreak/faultproxy/frame"

// Ends says how the ends of one peer are passed to the other. The zero value
// passes them as they are; presets of middleboxes override it.
type Ends struct {
	OnFIN OnFIN
	OnRST OnRST

	rule ruleRef
}

// OnFIN is what a peer's FIN does.
type OnFIN uint8

// What a FIN can do.
const (
	// Forward passes it as a half-close; the other direction lives.
	Forward OnFIN = iota
	// TearDown closes both sides, once what came before the FIN is delivered, as
	// nginx, h2o and Squid do. What the other side still sends is lost.
	TearDown
	// HAProxy forwards the client's FIN, and tears down on the server's.
	HAProxy
)

// OnRST is what a peer's reset does to the other side.
type OnRST uint8

// What an RST can do.
const (
	// PassRST resets the other side too, once what came before is delivered.
	PassRST OnRST = iota
	// ResetFIN closes both sides without a reset: proxies that work at layer 7
	// hide an RST behind a FIN.
	ResetFIN
)

func (e Ends) tearsDown(dir frame.Direction) bool {
	return e.OnFIN == TearDown || e.OnFIN == HAProxy && dir == frame.ToClient
}
