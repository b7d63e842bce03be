package fakeserver_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// inVirtualTime runs an example in a bubble, against one handler; a test calls
// synctest.Test and fake.InMemory(t, handlers…) instead.
func inVirtualTime(h fake.Handler, client func(srv *fake.Server, ws *websocket.Conn)) {
	synctest.Test(new(testing.T), func(*testing.T) {
		network := memnet.New()
		listener, _ := network.Listen("tcp", "127.0.0.1:0")
		srv := &fake.Server{Handlers: []fake.Handler{h}, Listener: listener}
		if err := srv.Start(); err != nil {
			fmt.Println(err)
			return
		}
		defer srv.Close()
		ws, _, err := (&websocket.Dialer{NetDialContext: network.DialContext}).Dial(srv.URL, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer ws.Close()
		client(srv, ws)
	})
}

// hear prints what the client hears until the connection ends, with its times.
func hear(srv *fake.Server, ws *websocket.Conn) {
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			fmt.Println(srv.Timeline.Now(), err)
			return
		}
		fmt.Println(srv.Timeline.Now(), string(message))
	}
}

func ExampleScript() {
	script := fake.Script(
		fake.Expect(frame.JSON("op", "login")),
		fake.Reply(`{"op":"welcome","id":{$.id}}`),
		fake.Pause(30*time.Second),
		fake.Close(1012, "restart"))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"op":"login","id":7}`))
		hear(srv, ws)
	})
	// Output:
	// 0s {"op":"welcome","id":7}
	// 30s websocket: close 1012: restart
}

func ExampleAnswerBeats() {
	script := fake.Script(fake.AnswerBeats(heartbeat.Text("ping", "pong"), fake.StopAfter(2)))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		go func() {
			for range 4 {
				time.Sleep(3 * time.Second)
				_ = ws.WriteMessage(websocket.TextMessage, []byte("ping"))
			}
		}()
		_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
		hear(srv, ws)
	})
	// Output:
	// 3s pong
	// 6s pong
	// 1m0s read tcp 127.0.0.1:49152->127.0.0.1:20000: i/o timeout
}

func ExampleBeat() {
	script := fake.Script(fake.Beat(heartbeat.ActionCable(), 3*time.Second), fake.Pause(7*time.Second), fake.Reset())
	inVirtualTime(script, hear)
	// Output:
	// 3s {"type":"ping","message":1}
	// 6s {"type":"ping","message":2}
	// 7s read tcp 127.0.0.1:49152->127.0.0.1:20000: read: connection reset by peer
}

func ExampleSession() {
	script := fake.Script(fake.Session(heartbeat.GraphQLTransportWS()), fake.Expect(frame.JSON("type", "subscribe")), fake.Close(4400, "no such field"))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init"}`))
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","id":"1"}`))
		hear(srv, ws)
	})
	// Output:
	// 0s {"type":"connection_ack"}
	// 0s websocket: close 4400: no such field
}

func ExampleOn() {
	script := fake.Script(
		fake.On(frame.Contains("stop"), fake.Pause(time.Second), fake.Fin()),
		fake.Every(400*time.Millisecond, fake.Send(frame.Text("tick"))))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte("stop"))
		hear(srv, ws)
	})
	// Output:
	// 400ms tick
	// 800ms tick
	// 1s websocket: close 1006 (abnormal closure): unexpected EOF
}

func ExampleWhenIdle() {
	script := fake.Script(
		fake.WhenIdle(time.Minute, frame.ToServer, fake.Reset()),
		fake.Every(25*time.Second, fake.Send(frame.Text("news"))))
	inVirtualTime(script, hear) // a client that only listens
	// Output:
	// 25s news
	// 50s news
	// 1m0s read tcp 127.0.0.1:49152->127.0.0.1:20000: read: connection reset by peer
}

func ExampleHandshake() {
	srv := started(
		fake.Handshake(fake.RequireBearer("secret")).Times(2),
		fake.Script(fake.Handshake(fake.AcceptWith(fake.WrongAccept()))))
	defer srv.Close()
	dialled(srv)
	ws, _, _ := srv.Dialer().Dial(srv.URL, map[string][]string{"Authorization": {"Bearer secret"}})
	fmt.Println("with the token:", ws != nil)
	dialled(srv)
	// Output:
	// dial: websocket: bad handshake 401 Unauthorized
	// with the token: true
	// dial: websocket: bad handshake 101 Switching Protocols
}

func ExampleEchoClose() {
	script := fake.Script(fake.On(frame.Op(frame.OpClose), fake.Pause(5*time.Second), fake.EchoClose()))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"))
		hear(srv, ws)
	})
	// Output: 5s websocket: close 1000 (normal)
}

func ExampleWaitFor() {
	script := fake.Script(fake.WaitFor(timeline.Noted("deploy")), fake.Close(1001, "deploy"))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		srv.Timeline.Note("deploy")
		hear(srv, ws)
	})
	// Output: 0s websocket: close 1001 (going away): deploy
}

func ExampleSendRaw() {
	half := frame.Text("you will never see this").Append(nil)[:5]
	inVirtualTime(fake.Script(fake.SendRaw(half), fake.Fin()), hear)
	// Output: 0s websocket: close 1006 (abnormal closure): unexpected EOF
}

func ExampleRepeat() {
	script := fake.Script(fake.Repeat(fake.Pause(time.Minute), fake.Send(frame.Text("still here"))).Times(2), fake.Close(1000, "done"))
	inVirtualTime(script, hear)
	// Output:
	// 1m0s still here
	// 2m0s still here
	// 2m0s websocket: close 1000 (normal): done
}

func ExampleServer_Since() {
	srv := started(fake.Script(fake.Fin()), fake.Echo)
	defer srv.Close()
	after := srv.Since(timeline.Ended(1))
	fmt.Println("begun:", after.Begun())
	_ = dialled(srv).Close()
	<-srv.Conn(1).Done()
	_ = dialled(srv).WriteMessage(websocket.TextMessage, []byte("subscribe"))
	_, _ = srv.Conn(2).Next(srv.Conn(2).Context())
	for e := range after.Conn(2).All() {
		if e.Kind == timeline.KindFrame && e.Dir == frame.ToServer {
			fmt.Printf("connection %d sent %s\n", e.Conn, e.Payload)
		}
	}
	// Output:
	// begun: false
	// connection 2 sent subscribe
}
