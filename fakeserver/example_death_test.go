package fakeserver_test

import (
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// patient is a client that beats every 10 s and gives up after 30 s without a word.
func patient(srv *fake.Server, ws *websocket.Conn) {
	heard := func() { _ = ws.SetReadDeadline(time.Now().Add(30 * time.Second)) }
	ws.SetPongHandler(func(string) error { heard(); return nil })
	beats := make(chan struct{})
	defer func() { <-beats }()
	defer ws.Close()
	go func() {
		defer close(beats)
		for ws.WriteControl(websocket.PingMessage, nil, time.Time{}) == nil {
			time.Sleep(10 * time.Second)
		}
	}()
	heard()
	for {
		_, message, err := ws.ReadMessage()
		if err != nil {
			fmt.Println(srv.Timeline.Now(), err)
			return
		}
		heard()
		fmt.Println(srv.Timeline.Now(), string(message))
	}
}

func ExampleGoDark() {
	inVirtualTime(fake.Script(fake.Pause(25*time.Second), fake.GoDark()), patient)
	// Output: 50s read tcp 127.0.0.1:49152->127.0.0.1:20000: i/o timeout
}

func ExampleFreeze() {
	// A process that stops, and is killed ten seconds later.
	inVirtualTime(fake.Script(fake.Pause(25*time.Second), fake.Freeze(), fake.Pause(10*time.Second), fake.Reset()), patient)
	// Output: 35s read tcp 127.0.0.1:49152->127.0.0.1:20000: read: connection reset by peer
}

func ExampleStopReading() {
	// It still speaks, so the client that takes any word for life is deceived.
	inVirtualTime(fake.Script(fake.Every(20*time.Second, fake.Send(frame.Text("news"))), fake.StopReading(), fake.Pause(time.Minute), fake.GoDark()), patient)
	// Output:
	// 20s news
	// 40s news
	// 1m0s news
	// 1m30s read tcp 127.0.0.1:49152->127.0.0.1:20000: i/o timeout
}

func ExampleHalfClose() {
	script := fake.Script(fake.HalfClose(), fake.Expect(frame.Text("goodbye")))
	inVirtualTime(script, func(srv *fake.Server, ws *websocket.Conn) {
		hear(srv, ws)
		_ = ws.WriteMessage(websocket.TextMessage, []byte("goodbye")) // and the server hears it
	})
	// Output: 0s websocket: close 1006 (abnormal closure): unexpected EOF
}

func ExampleReset() {
	inVirtualTime(fake.Script(fake.Reset()), hear)
	// Output: 0s read tcp 127.0.0.1:49152->127.0.0.1:20000: read: connection reset by peer
}

func ExampleIgnore() {
	// A server that answers no pings, and knows nothing of Closes.
	inVirtualTime(fake.Script(fake.Ignore(frame.Op(frame.OpPing, frame.OpClose))), patient)
	// Output: 30s read tcp 127.0.0.1:49152->127.0.0.1:20000: i/o timeout
}

func ExampleSend() {
	masked := frame.Text("a server must not mask").WithMask([4]byte{1, 2, 3, 4})
	inVirtualTime(fake.Script(fake.Send(masked)), hear)
	inVirtualTime(fake.Script(fake.Send(frame.Deflated(frame.Text("nobody asked for compression")))), hear)
	inVirtualTime(fake.Script(fake.Send(frame.Close(1006, "must not be on the wire"))), hear)
	// Output:
	// 0s websocket: bad MASK
	// 0s websocket: RSV1 set
	// 0s websocket: bad close code 1006
}

func ExampleStall() {
	srv := started(fake.Stall())
	defer srv.Close()
	d := srv.Dialer()
	d.HandshakeTimeout = 50 * time.Millisecond
	_, _, err := d.Dial(srv.URL, nil)
	fmt.Println(err != nil)
	// Output: true
}
