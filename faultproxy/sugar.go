package faultproxy

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// DropPongs drops every answer to a heartbeat toward the client, so that its beats
// stay unanswered while data flows. Without a dialect these are protocol pongs and
// the text message "pong".
func DropPongs(dialects ...heartbeat.Dialect) Rule {
	if len(dialects) == 0 {
		dialects = []heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")}
	}
	answers := make([]frame.Match, len(dialects))
	for i, d := range dialects {
		answers[i] = d.Answers()
	}
	return Rule{
		Name: "drop-pongs",
		On:   frame.AllOf(frame.Toward(frame.ToClient), frame.AnyOf(answers...)),
		Do:   Drop{},
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

// Flap takes the port down again and again: it is up for a while, then dials are
// refused and connections end with a FIN for a while. Rule.Times ends it.
func Flap(up, down time.Duration) Rule {
	return Rule{Name: "flap", On: At(up).Every(up + down), Do: Down{For: down, Drop: End{Client: FIN, Server: FIN}}}
}
