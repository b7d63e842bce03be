// Package graphql is a GraphQL subscription over graphql-transport-ws that notices when
// its server has gone.
//
// The protocol has its own {"type":"ping"} and {"type":"pong"}, which a page can send, but
// says nothing of when; the usual library beats only if keepAlive is set, and does not
// miss the pong even then. The client must beat, hang up when no pong comes, and subscribe
// again on the new connection, after connection_ack and not before.
package graphql

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery  = 20 * time.Second
	pongWithin = 5 * time.Second
	tryAgain   = time.Second
)

type message struct {
	Type    string         `json:"type"`
	ID      string         `json:"id,omitempty"`
	Payload map[string]any `json:"payload,omitempty"`
}

// Subscribe keeps a subscription until ctx is done.
func Subscribe(ctx context.Context, d *websocket.Dialer, url, query string) {
	dialer := *d
	dialer.Subprotocols = []string{"graphql-transport-ws"}
	for ctx.Err() == nil {
		if ws, _, err := dialer.DialContext(ctx, url, nil); err == nil {
			live(ctx, ws, query)
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
}

// live writes from one goroutine, since gorilla allows one writer, and reads in another.
func live(ctx context.Context, ws *websocket.Conn, query string) {
	defer ws.Close()
	received, ended := make(chan string), make(chan struct{})
	defer close(ended)
	go func() {
		defer close(received)
		for m := (message{}); ws.ReadJSON(&m) == nil; m = (message{}) {
			select {
			case received <- m.Type:
			case <-ended:
			}
		}
	}()
	err := ws.WriteJSON(message{Type: "connection_init"})
	beat, dead := time.After(pingEvery), (<-chan time.Time)(nil)
	for err == nil {
		select {
		case kind, ok := <-received:
			switch {
			case !ok:
				return
			case kind == "connection_ack":
				err = ws.WriteJSON(message{Type: "subscribe", ID: "1", Payload: map[string]any{"query": query}})
			case kind == "pong":
				dead = nil
			}
		case <-beat:
			err, beat, dead = ws.WriteJSON(message{Type: "ping"}), time.After(pingEvery), time.After(pongWithin)
		case <-dead:
			return
		case <-ctx.Done():
			return
		}
	}
}
