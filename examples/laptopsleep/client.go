// Package laptopsleep is a client on a laptop whose lid is closed.
//
// While the machine sleeps its network is gone, and nobody ends the connection: when it
// wakes the socket looks open and is dead, the balancer has forgotten it hours ago. And
// the network is not back at once, so that the first attempts hang. The client must not
// wait for TCP, which takes a quarter of an hour: a read deadline finds the dead socket,
// a deadline of its own ends every attempt, and the delay between attempts has a limit,
// so that it is back seconds after the network is.
//
// In the test the network sleeps and the client's timers run on. On a laptop they stop, too,
// and what they were for is due when it wakes, so a client that gets through this gets
// through that.
package laptopsleep

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery   = 10 * time.Second
	deadAfter   = 25 * time.Second
	dialWithin  = 10 * time.Second
	longestWait = 15 * time.Second
)

// Run keeps a connection until ctx is done.
func Run(ctx context.Context, d *websocket.Dialer, url string) {
	delay := time.Second
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, dialWithin)
		ws, _, err := d.DialContext(attempt, url, nil)
		cancel()
		if err == nil {
			delay = time.Second
			live(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay = min(2*delay, longestWait)
	}
}

func live(ctx context.Context, ws *websocket.Conn) {
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	alive := func(string) error { return ws.SetReadDeadline(time.Now().Add(deadAfter)) }
	ws.SetPongHandler(alive)
	var ping *time.Timer
	ping = time.AfterFunc(pingEvery, func() {
		_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(pingEvery))
		ping.Reset(pingEvery)
	})
	defer ping.Stop()
	for alive("") == nil {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
