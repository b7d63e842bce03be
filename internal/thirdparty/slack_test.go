package thirdparty

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// slackClient is the socket mode client of slack-go. It asks over HTTP for an
// address before each attempt. It sends no beats: it counts on the server's pings.
var slackClient = reconnectingClient{
	name:  "slack-go",
	serve: fake.Func("slack socket mode", slackServer),
	start: startSlack,
	wait: func(n int) time.Duration {
		if n == 1 {
			return 0
		}
		// Its source says at most 5 min, which 0.29.0 does not keep to and 0.30.0 does.
		return doubling(n, 100*time.Millisecond, time.Hour)
	},
	// Pings came until 60 s. Every 30 s it looks whether the last is older than 30 s.
	notices: 120*time.Second - untilFault,
}

func startSlack(t *testing.T, srv *fake.Server) func() bool {
	srv.HTTP("/api/apps.connections.open", fake.Respond(200, `{"ok":true,"url":"{ws}/link"}`))
	api := slack.New("", slack.OptionAppLevelToken("xapp-1"),
		slack.OptionAPIURL(strings.Replace(srv.URL, "ws", "http", 1)+"/api/"),
		slack.OptionHTTPClient(&http.Client{Transport: &http.Transport{DialContext: dialing(srv), DisableKeepAlives: true}}))
	client := socketmode.New(api, socketmode.OptionDialer(&websocket.Dialer{NetDialContext: dialing(srv)}),
		socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- client.RunContext(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the client ended with %v, want %v", err, context.Canceled)
		}
	})
	connected := false
	return func() bool {
		for {
			select {
			case e := <-client.Events:
				switch e.Type {
				case socketmode.EventTypeHello:
					connected = true
				case socketmode.EventTypeConnecting:
					connected = false
				}
			default:
				return connected
			}
		}
	}
}

func slackServer(c *fake.Conn) {
	_ = c.Send(frame.Text(`{"type":"hello","num_connections":1}`))
	for ticker := time.NewTicker(10 * time.Second); ; {
		select {
		case <-ticker.C:
			_ = c.Send(frame.Ping([]byte("slack")))
		case <-c.Done():
			ticker.Stop()
			return
		}
	}
}
