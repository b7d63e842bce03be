package faultproxy_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// pingServer reads, and pings every 15 s.
func pingServer(t *testing.T, n *memnet.Network) string {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	return httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for {
				kind, m, err := c.ReadMessage()
				if err != nil {
					return
				}
				_ = c.WriteMessage(kind, m)
			}
		}()
		for {
			select {
			case <-gone:
				return
			case <-time.After(15 * sec):
				_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(sec))
			}
		}
	})
}

// beatServer is an echo server that answers the text ping with the text pong.
func beatServer(t *testing.T, n *memnet.Network) string {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	return httpServer(t, n, func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, m, err := c.ReadMessage()
			if err != nil {
				return
			}
			if string(m) == "ping" {
				m = []byte("pong")
			}
			if c.WriteMessage(kind, m) != nil {
				return
			}
		}
	})
}
