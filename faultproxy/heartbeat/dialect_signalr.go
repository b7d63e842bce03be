package heartbeat

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// SignalR is that of ASP.NET Core SignalR with its JSON protocol, whose records end
// with the byte 0x1e: each side sends {"type":6} when it has sent nothing else for a
// while, 15 s by default, and nobody answers. A side that has received nothing for
// 30 s gives up. The session answers the client's handshake, and the negotiation
// that precedes the connection over HTTP, for a hub at the path "/": for a hub at
// "/chat" set the path of HTTP[0] to "/chat/negotiate". Invocations stay
// unanswered.
//
// Source: https://github.com/dotnet/aspnetcore/tree/main/src/SignalR/docs/specs,
// HubProtocol.md and TransportProtocols.md; the defaults are those of
// HubConnection's keepAliveIntervalInMilliseconds and serverTimeoutInMilliseconds.
func SignalR() Dialect {
	return Dialect{
		Name:     nameSignalR,
		Source:   "https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md",
		By:       Either,
		Interval: 15 * time.Second,
		Beat:     textForm("{\"type\":6}\x1e"),
		Session: []Exchange{{
			// A handshake is the only record with this and no object within.
			On:    frame.AllOf(frame.Op(frame.OpText), frame.Regexp(`^\{[^{}\x1e]*"protocol":\s*"json"[^{}\x1e]*\}\x1e`)),
			Reply: []Template{text("{}\x1e")},
		}},
		HTTP: []Endpoint{{Path: "/negotiate", Answers: []HTTPAnswer{{
			Status: http.StatusOK,
			Body: `{"negotiateVersion":1,"connectionId":"heartbreak","connectionToken":"heartbreak",` +
				`"availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}`,
		}}}},
	}
}
