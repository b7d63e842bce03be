package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

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

// Flap takes the port down again and again: it is up for a while, then dials are
// refused and connections end with a FIN for a while. Rule.Times ends it.
func Flap(up, down time.Duration) Rule {
	return Rule{Name: "flap", On: At(up).Every(up + down), Do: Down{For: down, Drop: End{Client: FIN, Server: FIN}}}
}

// IgnoreClose loses the client's Close, so that it is never answered: the server goes
// on as if nothing had been said. The client's FIN still passes.
func IgnoreClose() Rule {
	return Rule{Name: "ignore-close", On: frame.AllOf(frame.Toward(frame.ToServer), frame.Op(frame.OpClose)), Do: Drop{}}
}

// LateClose holds the server's Close, and everything behind it, its FIN included, for
// d: mostly that is the answer to the client's Close, which so comes late.
func LateClose(d time.Duration) Rule {
	return Rule{Name: "late-close", On: frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpClose)), Do: Latency{Delay: d}}
}
