// Package socketio is the heartbeat of a Socket.IO client.
//
// In Engine.IO 4, below Socket.IO, the server beats: it sends "2" every pingInterval, and
// ends a connection on which "3" has not come back within pingTimeout. Both are in the
// packet that it opens with. The client must answer, and it must miss the server: if no
// "2" came for pingInterval and pingTimeout together, nobody is there.
package socketio

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gorilla/websocket"
)

// tryAgain is the wait before the next attempt.
const tryAgain = time.Second

// Run keeps a connection until ctx is done. url ends in ?EIO=4&transport=websocket.
func Run(ctx context.Context, d *websocket.Dialer, url string) {
	for ctx.Err() == nil {
		if ws, _, err := d.DialContext(ctx, url, nil); err == nil {
			live(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
}

// live answers the server until it is missed. 45 s are the usual 25 s and 20 s.
func live(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	missed := 45 * time.Second
	for ws.SetReadDeadline(time.Now().Add(missed)) == nil {
		_, packet, err := ws.ReadMessage()
		if err != nil {
			return
		}
		switch kind, body := string(packet[:min(1, len(packet))]), packet[min(1, len(packet)):]; kind {
		case "0": // open: the server's times; then Socket.IO's own CONNECT
			var open struct{ PingInterval, PingTimeout int }
			if json.Unmarshal(body, &open) == nil && open.PingInterval > 0 {
				missed = time.Duration(open.PingInterval+open.PingTimeout) * time.Millisecond
			}
			err = ws.WriteMessage(websocket.TextMessage, []byte("40"))
		case "2":
			err = ws.WriteMessage(websocket.TextMessage, []byte("3"))
		}
		if err != nil {
			return
		}
	}
}
