package main

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/middlebox"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// demoCmd is `faultproxy demo`.
type demoCmd struct{}

const (
	demoTimeout = 2 * time.Second
	demoBeat    = 400 * time.Millisecond
	demoBeats   = 3
)

var demoBefore = []string{
	"A WebSocket dies of an idle timeout.",
	"",
	"  client  →  faultproxy, behaving like nginx with proxy_read_timeout 2s  →  echo server",
	"",
	"The client beats three times with the text ping, then falls silent. Nothing crashes.",
	"",
}

var demoAfter = []string{
	"That is all it will ever know: 1006 without a reason stands for crashes, resets and timeouts alike.",
	"The cause above was found in the traffic alone. Next:",
	"",
	"  faultproxy run --preset nginx --upstream ws://127.0.0.1:9000   between your client and your server",
	"  faultproxy run --help                                          everything else it can break",
}

// Run lets a socket die.
func (demoCmd) Run(s *session) error {
	echo, err := startEcho()
	if err != nil {
		return err
	}
	defer echo.close()
	p := &faultproxy.Proxy{Upstream: echo.url(), Timeline: timeline.New()}
	if err := p.Use(middlebox.Nginx().WithIdle(demoTimeout)); err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	b := newBroadcast(s, p.Timeline)
	if err := b.tell(&teller{tl: p.Timeline}, nil); err != nil {
		return errors.Join(err, p.Close())
	}
	b.begin(nil, demoBefore)
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	told, err := client(ctx, p.URL)
	if err == nil {
		_, err = p.Timeline.Wait(ctx, timeline.Ended(1))
	}
	err = errors.Join(err, p.Close())
	if s.ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		return errors.Join(err, b.end(nil))
	}
	return b.end(append([]string{"The client was told: " + told}, demoAfter...))
}

// client beats for a while, then says nothing, and returns how it was told of its end.
func client(ctx context.Context, url string) (told string, err error) {
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		return "", err
	}
	defer ws.Close()
	stop := context.AfterFunc(ctx, func() { _ = ws.Close() })
	defer stop()
	for range demoBeats {
		if err := ws.WriteMessage(websocket.TextMessage, []byte("ping")); err != nil {
			return "", err
		}
		if _, _, err := ws.ReadMessage(); err != nil {
			return "", err
		}
		select {
		case <-time.After(demoBeat):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if _, _, err = ws.ReadMessage(); err == nil {
		return "", errors.New("the client received a message that nobody sent")
	}
	return err.Error(), ctx.Err()
}
