package heartbeat

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// Phoenix is that of Phoenix channels with the V2 serializer, in which a message is
// [join_ref, ref, topic, event, payload]: the client sends the event heartbeat to
// the topic phoenix, every 30 s by default, and the server answers with a phx_reply
// of the same ref. The client of the framework gives up when the reply is not there
// by the time of the next beat. The session lets the client join and leave every
// topic.
//
// Source: https://hexdocs.pm/phoenix/writing_a_channels_client.html.
func Phoenix() Dialect {
	reply := []Template{text(`[{$[0]},{$[1]},{$[2]},"phx_reply",{"status":"ok","response":{}}]`)}
	return Dialect{
		Name:     namePhoenix,
		Source:   "https://hexdocs.pm/phoenix/writing_a_channels_client.html",
		By:       Client,
		Interval: 30 * time.Second,
		Beat: jsonForm(`[null,"{n}","phoenix","heartbeat",{}]`,
			frame.JSON("[2]", "phoenix"), frame.JSON("[3]", "heartbeat")),
		Answer: jsonForm(`[null,{$[1]},"phoenix","phx_reply",{"status":"ok","response":{}}]`,
			frame.JSON("[2]", "phoenix"), frame.JSON("[3]", "phx_reply")),
		Correlate: Correlation{By: ByJSON, Path: "[1]"},
		Session: []Exchange{
			{On: frame.JSON("[3]", "phx_join"), Reply: reply},
			{On: frame.JSON("[3]", "phx_leave"), Reply: reply},
		},
	}
}
