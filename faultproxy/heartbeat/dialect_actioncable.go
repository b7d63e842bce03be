package heartbeat

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// ActionCable is that of Rails' Action Cable: the server sends a ping every 3 s,
// which carries a number (in Rails the time) and is not answered. The client gives
// up when it has received nothing at all for 6 s. The server opens with a welcome;
// the session confirms every subscription.
//
// Source: https://docs.anycable.io/misc/action_cable_protocol; the interval is
// BEAT_INTERVAL in actioncable/lib/action_cable/server/connections.rb of
// https://github.com/rails/rails, the client's patience its staleThreshold.
func ActionCable() Dialect {
	return Dialect{
		Name:        nameActionCable,
		Source:      "https://docs.anycable.io/misc/action_cable_protocol",
		By:          Server,
		Interval:    3 * time.Second,
		Subprotocol: "actioncable-v1-json",
		Beat:        jsonForm(`{"type":"ping","message":{n}}`, frame.JSON("type", "ping")),
		Greeting:    []Template{text(`{"type":"welcome"}`)},
		Session: []Exchange{{
			On:    frame.JSON("command", "subscribe"),
			Reply: []Template{text(`{"identifier":{$.identifier},"type":"confirm_subscription"}`)},
		}},
	}
}
