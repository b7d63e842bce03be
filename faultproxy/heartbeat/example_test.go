package heartbeat_test

import (
	"fmt"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func ExampleText() {
	d := heartbeat.Text("hb", "ack")
	fmt.Println(d)
	fmt.Println(d.Beats())
	fmt.Println(d.Answers())
	// Output:
	// text:hb/ack
	// text equal to "hb"
	// text equal to "ack"
}

func ExampleJSON() {
	d := heartbeat.JSON("type", "ping", "pong")
	beat, _ := d.NewBeat(1)
	answer, _ := d.AnswerTo(frame.View{Dir: frame.ToServer, Header: beat.Header(), Payload: []byte(`{"id":7,"type":"ping"}`)})
	fmt.Println(d, beat, answer)
	// Output: json text "{\"type\":\"ping\"}" text "{\"type\":\"pong\"}"
}

func ExampleDialect_AnswerTo() {
	ping := frame.Ping([]byte("42"))
	pong, ok := heartbeat.Protocol().AnswerTo(frame.View{Dir: frame.ToClient, Header: ping.Header(), Payload: ping.Payload})
	fmt.Println(pong, ok)
	// Output: pong "42" true
}

func ExampleTracker() {
	frames := []struct {
		at  time.Duration
		dir frame.Direction
		frame.Frame
	}{
		{3 * time.Second, frame.ToServer, frame.Text("ping")},
		{3020 * time.Millisecond, frame.ToClient, frame.Text("pong")},
		{6 * time.Second, frame.ToServer, frame.Text("ping")},
	}
	tracker := heartbeat.NewTracker(heartbeat.Text("ping", "pong"), heartbeat.Client)
	for i, f := range frames {
		tracker.See(f.at, i, frame.View{Dir: f.dir, Header: f.Header(), Payload: f.Payload})
	}
	for _, b := range tracker.Beats() {
		fmt.Println(b.At, b.Answered, b.Latency())
	}
	// Output:
	// 3s true 20ms
	// 6s false 0s
}

func ExampleParse() {
	d, _ := heartbeat.Parse("engine.io:300ms/200ms")
	fmt.Println(d.By, "beats every", d.Interval)
	for _, f := range d.Greet(1) {
		fmt.Printf("%s\n", f.Payload)
	}
	// Output:
	// server beats every 300ms
	// 0{"sid":"heartbreak-1","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}
}

func ExamplePlayer() {
	player := heartbeat.NewPlayer(heartbeat.Phoenix())
	join := frame.Text(`["1","2","room:lobby","phx_join",{}]`)
	for _, f := range player.Replies(frame.View{Dir: frame.ToServer, Header: join.Header(), Payload: join.Payload}) {
		fmt.Printf("%s\n", f.Payload)
	}
	// Output: ["1","2","room:lobby","phx_reply",{"status":"ok","response":{}}]
}
