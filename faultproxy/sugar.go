package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// DropPongs drops every pong toward the client: protocol pongs and the text
// message "pong", so that the client's beats stay unanswered while data flows.
func DropPongs() Rule {
	return Rule{
		Name: "drop-pongs",
		On: frame.AllOf(frame.Toward(frame.ToClient),
			frame.AnyOf(frame.Op(frame.OpPong), frame.AllOf(frame.Op(frame.OpText), frame.Equals("pong")))),
		Do: Drop{},
	}
}

// IdleTimeout closes both sides, server first, without a Close frame, when no
// byte arrived from either for d: what most proxies do.
func IdleTimeout(d time.Duration) Rule {
	return Rule{Name: "idle-timeout", On: Idle(d), Do: End{Client: FullClose, Server: FullClose, ServerFirst: true}}
}

// Lifetime closes both sides without a Close frame d after the connection opened,
// whatever its traffic.
func Lifetime(d time.Duration) Rule {
	return Rule{Name: "lifetime", On: Elapsed(d), Do: End{Client: FullClose, Server: FullClose, ServerFirst: true}}
}
