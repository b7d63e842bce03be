package goclient

import (
	"context"

	"github.com/gorilla/websocket"
)

// Naive is the client that everybody writes first. It reads, and believes that it will be
// told when its connection is gone.
type Naive struct {
	URL    string
	Dialer *websocket.Dialer
}

// Run reads until the connection ends, or ctx is done.
func (c *Naive) Run(ctx context.Context) {
	ws, _, err := c.Dialer.DialContext(ctx, c.URL, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
