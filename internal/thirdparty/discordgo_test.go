package thirdparty

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// discord is discordgo, the Discord client. It asks over HTTPS for the address of
// the gateway. Its heartbeat is an application's: op 1, answered with op 11.
var discord = reconnectingClient{
	name:  "discordgo",
	serve: fake.Func("discord gateway", discordGateway),
	start: startDiscord,
	wait: func(n int) time.Duration {
		if n == 1 {
			return time.Second // between its own Close frame and its reconnecting
		}
		return doubling(n, time.Second, 600*time.Second)
	},
	// A beat every 41.25 s, the one at 41.25 s the last that was answered. At the first
	// beat more than 5 intervals later it gives up.
	notices: 7*41250*time.Millisecond - untilFault,
}

func startDiscord(t *testing.T, srv *fake.Server) func() bool {
	session := openDiscord(t, srv)
	t.Cleanup(func() {
		srv.DropAll(fake.GoDark()) // or its clock stands still: see TestLimits
		_ = session.Close()
	})
	return func() bool {
		session.RLock()
		defer session.RUnlock()
		return session.DataReady
	}
}

func openDiscord(t *testing.T, srv *fake.Server) *discordgo.Session {
	srv.HTTP("/api/v9/gateway", fake.Respond(200, `{"url":"{ws}"}`))
	session, err := discordgo.New("Bot token")
	if err != nil {
		t.Fatal(err)
	}
	session.LogLevel = -1
	// DialTLSContext brings connections that are taken for secured ones. A connection
	// kept alive would go on after the port was closed.
	session.Client = &http.Client{Transport: &http.Transport{DialTLSContext: dialing(srv), DisableKeepAlives: true}}
	session.Dialer = &websocket.Dialer{NetDialContext: dialing(srv)}
	if err := session.Open(); err != nil {
		t.Fatal(err)
	}
	return session
}

func discordGateway(c *fake.Conn) {
	answers := map[int]string{
		1: `{"op":11}`,
		2: `{"op":0,"s":1,"t":"READY","d":{"v":9,"session_id":"s","user":{"id":"1"},"guilds":[]}}`,
		6: `{"op":0,"s":2,"t":"RESUMED","d":{}}`,
	}
	_ = c.Send(frame.Text(`{"op":10,"d":{"heartbeat_interval":41250}}`))
	for {
		f, err := c.Next(context.Background())
		if err != nil {
			return
		}
		var asked struct{ Op int }
		if json.Unmarshal(f.Payload, &asked) == nil {
			_ = c.Send(frame.Text(answers[asked.Op]))
		}
	}
}
