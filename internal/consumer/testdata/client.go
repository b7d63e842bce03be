// Package consumer is a user's module: it knows the kit by a replace line alone, and its
// tests are what the first hour with it looks like. The client is in client.go, a fault
// proxy before its server in client_test.go, a fake server in server_test.go, matchers in
// matchers_test.go, and what all that costs in modules_test.go.
package consumer

import (
	"time"

	"github.com/gorilla/websocket"
)

// live is the user's client: it pings every interval, and gives up when nothing
// came for three of them.
func live(c *websocket.Conn, interval time.Duration) error {
	alive := func(string) error { return c.SetReadDeadline(time.Now().Add(3 * interval)) }
	_ = alive("")
	c.SetPongHandler(alive)
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(interval))
			case <-done:
				return
			}
		}
	}()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return err
		}
	}
}
