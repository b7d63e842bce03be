// Package hardcodedurl is a client whose address cannot be changed.
//
// The URL is a constant, as in many clients that are tested by nobody. What can be changed
// is how its host is reached: a Dialer with a NetDialContext leads the connection
// elsewhere, while URL and Host header stay as they are. So the client needs one seam, an
// exported dialer.
package hardcodedurl

import (
	"context"

	"github.com/gorilla/websocket"
)

const url = "ws://stream.example.com/v1/prices"

// Dialer connects. A test sets its NetDialContext.
var Dialer = &websocket.Dialer{}

// First returns the first message of the stream.
func First(ctx context.Context) (string, error) {
	ws, _, err := Dialer.DialContext(ctx, url, nil)
	if err != nil {
		return "", err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	_, message, err := ws.ReadMessage()
	return string(message), err
}
