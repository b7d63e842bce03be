package heartbeat

import "github.com/heartbreak-ws/heartbreak/faultproxy/frame"

// GraphQLTransportWS is the subprotocol graphql-transport-ws of the library
// graphql-ws: {"type":"ping"}, which either side may send at any time, is answered
// by {"type":"pong"}; both may have a payload. The client opens with
// connection_init, which the server acknowledges. The client of the library beats
// only if its option keepAlive is set, and closes for a missing pong only if the
// application does so. Older clients speak the subprotocol graphql-ws, which is
// another one.
//
// Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
func GraphQLTransportWS() Dialect {
	return Dialect{
		Name:        nameGraphQL,
		Source:      "https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md",
		By:          Either,
		Subprotocol: "graphql-transport-ws",
		Beat:        jsonForm(`{"type":"ping"}`, frame.JSON("type", "ping")),
		Answer:      jsonForm(`{"type":"pong"}`, frame.JSON("type", "pong")),
		Session: []Exchange{{
			On:    frame.JSON("type", "connection_init"),
			Reply: []Template{text(`{"type":"connection_ack"}`)},
		}},
	}
}
