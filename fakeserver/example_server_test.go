package fakeserver_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func ExampleInMemory() {
	t := new(testing.T) // of the test
	synctest.Test(t, func(t *testing.T) {
		srv := fake.InMemory(t, fake.Script(fake.Pause(time.Hour), fake.Close(1001, "good night")))
		ws, _, _ := srv.Dialer().Dial(srv.URL, nil)
		begun := time.Now()
		_, _, err := ws.ReadMessage()
		fmt.Println(time.Since(begun), err)
	})
	// Output: 1h0m0s websocket: close 1001 (going away): good night
}

func ExampleServer_routes() {
	srv := &fake.Server{
		Routes: []fake.Route{
			{Path: "/chat/*", Subprotocol: "v2", Handlers: []fake.Handler{fake.Script(fake.Send(frame.Text("chat, version 2")))}},
			{Path: "/chat/*", Handlers: []fake.Handler{fake.RejectWith(426)}},
		},
		Handlers:  []fake.Handler{fake.RejectWith(404)},
		AfterLast: fake.RepeatLast,
	}
	if err := srv.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	try := func(path string, subprotocols ...string) {
		d := srv.Dialer()
		d.Subprotocols = subprotocols
		ws, res, err := d.Dial(srv.URL+path, nil)
		if err != nil {
			fmt.Println(path, res.Status)
			return
		}
		_, greeting, _ := ws.ReadMessage()
		fmt.Println(path, string(greeting))
	}
	try("/chat/room", "v2")
	try("/chat/room", "v1")
	try("/news")
	// Output:
	// /chat/room chat, version 2
	// /chat/room 426 Upgrade Required
	// /news 404 Not Found
}

func ExampleHandler_Until() {
	srv := started(fake.RejectWith(503).Until(timeline.Noted("healthy")), fake.Echo)
	defer srv.Close()
	dialled(srv)
	dialled(srv)
	srv.Mark("healthy")
	fmt.Println("open:", dialled(srv) != nil)
	// Output:
	// dial: websocket: bad handshake 503 Service Unavailable
	// dial: websocket: bad handshake 503 Service Unavailable
	// open: true
}

func ExampleServer_Broadcast() {
	srv := started(fake.Silent)
	defer srv.Close()
	clients := []*websocket.Conn{dialled(srv), dialled(srv)}
	srv.Broadcast(frame.Text("maintenance at noon"))
	for _, ws := range clients {
		_, message, _ := ws.ReadMessage()
		fmt.Println(string(message))
	}
	// Output:
	// maintenance at noon
	// maintenance at noon
}

func ExampleServer_Flap() {
	synctest.Test(new(testing.T), func(t *testing.T) {
		srv := fake.InMemory(t)
		_ = srv.Flap(20*time.Second, 10*time.Second, 2) // twice: up for 20 s, down for 10 s
		for range 6 {
			time.Sleep(9 * time.Second)
			ws, _, err := srv.Dialer().Dial(srv.URL, nil)
			fmt.Println(srv.Timeline.Now(), "up:", err == nil)
			if err == nil {
				_ = ws.Close()
			}
		}
	})
	// Output:
	// 9s up: true
	// 18s up: true
	// 27s up: false
	// 36s up: true
	// 45s up: true
	// 54s up: false
}

func ExampleStartTLS() {
	t := new(testing.T) // of the test
	synctest.Test(t, func(t *testing.T) {
		srv := (&fake.Server{TLS: true}).On(t, fake.InMemory(t).Network()).StartIn(t)
		ws, _, err := srv.Dialer().Dial(srv.URL, nil) // its Dialer trusts it, as all do that use its CertPool
		fmt.Println(err == nil && ws.Close() == nil)
	})
	// Output: true
}

func ExampleServer_compression() {
	srv := &fake.Server{Compression: true}
	if err := srv.Start(); err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	_, res, _ := srv.Dialer().Dial(srv.URL, http.Header{})
	fmt.Println(res.Header.Get("Sec-WebSocket-Extensions"))
	// Output: permessage-deflate; server_no_context_takeover; client_no_context_takeover
}
