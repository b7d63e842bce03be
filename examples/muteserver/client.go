// Package muteserver is a client that notices a server which has gone mute.
//
// A process that hangs, a NAT that forgot the connection, a cable pulled out: TCP stays
// open, nothing arrives, and a read waits for ever. Sending does not help, for the kernel
// takes bytes for minutes. The client must set itself a deadline: it pings every 10 s,
// every sign of life moves the deadline, and after 25 s without one it hangs up and
// connects again.
package muteserver

import (
	"context"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery = 10 * time.Second
	deadAfter = 25 * time.Second // two pings unanswered, and 5 s for the second
	tryAgain  = time.Second
)

// Run keeps a connection until ctx is done.
func Run(ctx context.Context, d *websocket.Dialer, url string) {
	for ctx.Err() == nil {
		if ws, _, err := d.DialContext(ctx, url, nil); err == nil {
			watch(ctx, ws)
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryAgain):
		}
	}
}

// watch reads until the connection ends, or has been silent for too long.
func watch(ctx context.Context, ws *websocket.Conn) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, func() { ws.Close() })
	go ping(ctx, ws)
	alive := func(string) error { return ws.SetReadDeadline(time.Now().Add(deadAfter)) }
	ws.SetPongHandler(alive)
	for alive("") == nil {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

func ping(ctx context.Context, ws *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pingEvery):
			_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(pingEvery))
		}
	}
}
