package fakeserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// started starts a server outside of a test, as the examples have to; a test calls
// fake.Start(t, handlers…) instead.
func started(handlers ...fake.Handler) *fake.Server {
	srv := &fake.Server{Handlers: handlers}
	if err := srv.Start(); err != nil {
		panic(err)
	}
	return srv
}

func dialled(srv *fake.Server) *websocket.Conn {
	ws, res, err := srv.Dialer().Dial(srv.URL, nil)
	if err != nil {
		fmt.Println("dial:", err, res.Status)
	}
	return ws
}

func Example() {
	srv := started()
	defer srv.Close()
	ws := dialled(srv)
	_ = ws.WriteMessage(websocket.TextMessage, []byte("hello"))
	_, echo, _ := ws.ReadMessage()
	fmt.Println(string(echo))
	// Output: hello
}

func ExampleRejectWith() {
	srv := started(fake.RejectWith(503, fake.Header("Retry-After", "1")).Times(2), fake.Echo)
	defer srv.Close()
	for range 3 {
		dialled(srv)
	}
	fmt.Println(srv.Conns())
	// Output:
	// dial: websocket: bad handshake 503 Service Unavailable
	// dial: websocket: bad handshake 503 Service Unavailable
	// [connection 1 connection 2 connection 3]
}

func ExampleFunc() {
	srv := started(fake.Func("greeter", func(c *fake.Conn) {
		name, err := c.Next(context.Background())
		if err != nil {
			return
		}
		_ = c.Send(frame.Text("hello " + string(name.Payload)))
		_ = c.SendClose(1000, "bye")
	}))
	defer srv.Close()
	ws := dialled(srv)
	_ = ws.WriteMessage(websocket.TextMessage, []byte("gopher"))
	_, greeting, _ := ws.ReadMessage()
	_, _, err := ws.ReadMessage()
	fmt.Printf("%s; %v\n", greeting, err)
	// Output: hello gopher; websocket: close 1000 (normal): bye
}

func ExampleServer_NextConn() {
	srv := started(fake.Silent)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ws := dialled(srv)
	conn, _ := srv.NextConn(ctx)
	_ = ws.WriteMessage(websocket.TextMessage, []byte("subscribe"))
	f, _ := conn.Next(ctx)
	fmt.Println(conn, "received", f.Opcode, string(f.Payload))
	_ = conn.SendClose(1012, "restart")
	_, _, err := ws.ReadMessage()
	fmt.Println(err)
	// Output:
	// connection 1 received text subscribe
	// websocket: close 1012: restart
}

func ExampleFin() {
	srv := started()
	defer srv.Close()
	ws := dialled(srv)
	_ = srv.Conn(1).Fin()
	_, _, err := ws.ReadMessage()
	fmt.Println(err)
	// Output: websocket: close 1006 (abnormal closure): unexpected EOF
}

func ExampleServer_HTTP() {
	srv := started()
	defer srv.Close()
	srv.HTTP("/open", fake.Respond(200, `{"url":"{ws}/link"}`), fake.Respond(500, "no"))
	for range 3 {
		res, err := http.Get("http" + strings.TrimPrefix(srv.URL, "ws") + "/open")
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, strings.Replace(string(body), srv.URL, "ws://…", 1))
	}
	// Output:
	// 200 {"url":"ws://…/link"}
	// 500 no
	// 500 no
}

func ExampleServer_Stop() {
	srv := started()
	defer srv.Close()
	_ = srv.Stop()
	_, _, err := srv.Dialer().Dial(srv.URL, nil)
	fmt.Println("stopped:", strings.HasSuffix(err.Error(), "connection refused"))
	_ = srv.Resume()
	fmt.Println("resumed:", dialled(srv) != nil)
	// Output:
	// stopped: true
	// resumed: true
}

func ExampleServer_DropAll() {
	srv := started()
	defer srv.Close()
	a, b := dialled(srv), dialled(srv)
	srv.DropAll(fake.Close(1001, "deploy"))
	for _, ws := range []*websocket.Conn{a, b} {
		_, _, err := ws.ReadMessage()
		fmt.Println(err)
	}
	// Output:
	// websocket: close 1001 (going away): deploy
	// websocket: close 1001 (going away): deploy
}

func ExampleServer_Failures() {
	srv := started(fake.Echo, fake.RejectWith(403))
	dialled(srv)
	_ = srv.Close()
	for _, f := range srv.Failures() {
		fmt.Println(f.Text)
	}
	// Output: handler 2, RejectWith(403), was never reached: the server saw 1 upgrade attempt in all
}

func ExampleHandler_String() {
	fmt.Println(fake.RejectWith(503, fake.Body("busy")).For(10 * time.Second))
	fmt.Println(fake.AcceptWith(fake.WrongAccept(), fake.Subprotocol("v2")))
	fmt.Println(fake.Close(1012, "restart"))
	// Output:
	// RejectWith(503, Body("busy")).For(10s)
	// AcceptWith(WrongAccept(), Subprotocol("v2"))
	// Close(1012, "restart")
}
