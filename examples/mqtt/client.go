// Package mqtt is the heartbeat of an MQTT 3.1.1 client over WebSocket.
//
// The client promises the broker a keep-alive time, and the broker ends a connection on
// which nothing came for one and a half times that. PINGREQ keeps the promise; PINGRESP is
// all that the client hears from a broker with no news. How long it waits for that is its
// own affair, says section 3.1.2.10, so it must decide: here 10 s.
package mqtt

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

const (
	keepAlive  = 60 * time.Second
	respWithin = 10 * time.Second
	tryAgain   = time.Second
)

var (
	// connect is CONNECT: protocol MQTT, level 4, clean session, keep-alive 60 s, client "a".
	connect = []byte{0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 1, 'a'}
	pingReq = []byte{0xc0, 0}
)

// Run keeps a connection until ctx is done.
func Run(ctx context.Context, d *websocket.Dialer, url string) {
	dialer := *d
	dialer.Subprotocols = []string{"mqtt"}
	for ctx.Err() == nil {
		if ws, _, err := dialer.DialContext(ctx, url, nil); err == nil {
			live(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
}

// live pings every keepAlive, and hangs up if nothing came for respWithin after that.
func live(ctx context.Context, ws *websocket.Conn) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, func() { ws.Close() })
	if ws.WriteMessage(websocket.BinaryMessage, connect) != nil {
		return
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(keepAlive):
				_ = ws.WriteMessage(websocket.BinaryMessage, pingReq)
			}
		}
	}()
	for ws.SetReadDeadline(time.Now().Add(keepAlive+respWithin)) == nil {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
