// Package redeploy is a client that comes back after a deploy.
//
// A server that restarts says 1012 (service restart) to everybody, one after the other if
// it is kind. Clients that all come back at once knock over what has just got up, so RFC
// 6455 section 7.2.3 asks each to wait for a random time, and suggests up to 5 s. The
// client must come back by itself, once, and not at the same moment as the others.
package redeploy

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/gorilla/websocket"
)

// spread is within what time all clients are back.
const spread = 5 * time.Second

// Run keeps a connection until ctx is done, whatever the server says.
func Run(ctx context.Context, d *websocket.Dialer, url string) {
	for ctx.Err() == nil {
		if ws, _, err := d.DialContext(ctx, url, nil); err == nil {
			read(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(spread)):
		}
	}
}

// read reads until the connection ends. gorilla answers the server's Close.
func read(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
