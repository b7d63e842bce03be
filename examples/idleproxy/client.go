// Package idleproxy is a price feed that survives an idle proxy.
//
// nginx cuts a socket after 60 s without a byte in either direction (proxy_read_timeout),
// with a FIN and no Close frame, so the client is told 1006 and nothing else. A feed with
// nothing to say is such a socket. The client must see to it that there is a byte often
// enough: a protocol ping every 25 s, less than half of 60 s, so that one may be lost.
package idleproxy

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

// pingEvery is less than half of the shortest idle timeout on the path.
const pingEvery = 25 * time.Second

// Listen hands every message to got, until the connection ends or ctx is done.
func Listen(ctx context.Context, d *websocket.Dialer, url string, got func([]byte)) error {
	ws, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	go keepAlive(ctx, ws)
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		got(message)
	}
}

// keepAlive pings until the connection is closed. WriteControl may run beside other
// writers.
func keepAlive(ctx context.Context, ws *websocket.Conn) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(pingEvery):
			if ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(pingEvery)) != nil {
				return
			}
		}
	}
}
