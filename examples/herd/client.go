// Package herd is one of many clients, after a server has died under all of them.
//
// They are cut at the same moment, so clients that wait for the same time come back at
// the same moment, and knock over what has just got up; then they wait again for the same
// time. Two things take the herd apart: delays that grow, so that a server that is down
// is asked less and less, and chance ("full jitter": anything from 0 to the delay), so
// that no two clients keep step.
package herd

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/gorilla/websocket"
)

const (
	first = 5 * time.Second // the longest first delay
	most  = time.Minute     // the longest delay of all
)

// Run keeps a connection until ctx is done.
func Run(ctx context.Context, d *websocket.Dialer, url string) {
	delay := first
	for ctx.Err() == nil {
		if ws, _, err := d.DialContext(ctx, url, nil); err == nil {
			delay = first
			read(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rand.N(delay)):
		}
		delay = min(2*delay, most)
	}
}

func read(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
