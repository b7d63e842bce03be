// Package alb is a client behind an AWS Application Load Balancer.
//
// The balancer closes a connection after idle_timeout, 60 s unless somebody changed it,
// without data in either direction. Its manual does not say whether with a FIN or an RST,
// so the client must get over both; and what somebody changed, nobody told the client. So
// it beats well below 60 s, with a text as browsers must, and when it is cut all the same
// it comes back.
package alb

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

const (
	beatEvery = 20 * time.Second
	tryAgain  = time.Second
)

// Run keeps a connection until ctx is done.
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

// live beats until the connection ends, as a reader of its own finds out.
func live(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			return
		case <-time.After(beatEvery):
			_ = ws.WriteMessage(websocket.TextMessage, []byte("ping"))
		}
	}
}
