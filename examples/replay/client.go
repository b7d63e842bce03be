// Package replay is a client that was recorded in staging, and is tested with the
// recording.
//
// What happens in staging once a week happens in no test: a recording brings it there.
// faultproxy run --record staging.jsonl, between client and server, writes every frame and
// every end. The test first asks the recording what the client of that day did wrong,
// which needs no client at all; then it plays what the server of that day did to the
// client of today, which must do better.
package replay

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery = 20 * time.Second
	deadAfter = 45 * time.Second
	tryAgain  = time.Second
)

// Run keeps a connection until ctx is done. The client of that day had no deadline.
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

func live(ctx context.Context, ws *websocket.Conn) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, func() { ws.Close() })
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pingEvery):
				_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(pingEvery))
			}
		}
	}()
	alive := func(string) error { return ws.SetReadDeadline(time.Now().Add(deadAfter)) }
	ws.SetPongHandler(alive)
	for alive("") == nil {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
