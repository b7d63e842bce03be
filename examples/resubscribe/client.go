// Package resubscribe is a feed that resubscribes and loses nothing.
//
// A new connection knows nothing of the old one: the server has forgotten what the client
// was subscribed to, and what was sent while nobody was connected is gone, unless the
// client asks for it. So messages are numbered, the client remembers the last number it
// has handled, and on every connection it subscribes to what comes after that. What comes
// twice all the same is handled once.
package resubscribe

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

// tryAgain is the wait before the next attempt.
const tryAgain = time.Second

// Message is what the server sends; Seq counts from 1.
type Message struct {
	Seq  int    `json:"seq"`
	Text string `json:"text"`
}

type subscribe struct {
	Op    string `json:"op"`
	After int    `json:"after"`
}

// Follow hands every message to handle, in order and once, until ctx is done.
func Follow(ctx context.Context, d *websocket.Dialer, url string, handle func(Message)) {
	last := 0
	for ctx.Err() == nil {
		if ws, _, err := d.DialContext(ctx, url, nil); err == nil {
			last = read(ctx, ws, last, handle)
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
}

// read subscribes to what comes after last, and returns the last number it handled.
func read(ctx context.Context, ws *websocket.Conn, last int, handle func(Message)) int {
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	if err := ws.WriteJSON(subscribe{Op: "subscribe", After: last}); err != nil {
		return last
	}
	for {
		var m Message
		if err := ws.ReadJSON(&m); err != nil {
			return last
		}
		if m.Seq > last {
			handle(m)
			last = m.Seq
		}
	}
}
