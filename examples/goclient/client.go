// Package goclient is a chat client that keeps its socket alive, and the naive one that
// it was made from.
//
// A socket dies for many reasons, and TCP tells nobody of most of them. So whoever wants
// to know has to ask: 3 s after the last message the client says "ping"; any message is
// proof of life; if nothing has come 3 s later it closes, and 2 s after that it connects
// again, once.
package goclient

import (
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Client beats, notices, and comes back. The zero durations are those of the story.
type Client struct {
	URL    string
	Dialer *websocket.Dialer
	Beat   time.Duration // after the last message; 0: 3 s
	Answer time.Duration // to wait for an answer; 0: 3 s
	Again  time.Duration // until the next attempt; 0: 2 s
}

// Run keeps the client connected until ctx is done. It is the lock of the story: one
// loop makes all attempts, so there is never more than one.
func (c *Client) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if ws, _, err := c.Dialer.DialContext(ctx, c.URL, nil); err == nil {
			c.live(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(or(c.Again, 2*time.Second)):
		}
	}
}

// live is the life of one connection. A beat goes out when it has been quiet for a
// while, a read that takes longer than beat and answer together ends it.
func (c *Client) live(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	beat, answer := or(c.Beat, 3*time.Second), or(c.Answer, 3*time.Second)
	var writing sync.Mutex // gorilla allows one writer at a time; chat lines would take it, too
	quiet := time.AfterFunc(beat, func() {
		writing.Lock()
		defer writing.Unlock()
		_ = ws.WriteMessage(websocket.TextMessage, []byte("ping"))
	})
	defer quiet.Stop()
	for {
		_ = ws.SetReadDeadline(time.Now().Add(beat + answer))
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
		quiet.Reset(beat)
	}
}

func or(d, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return d
}
