package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// recording is what faultproxy run --record wrote.
const recording = `{"event":"ready","v":1,"start":"2026-03-01T12:00:00Z","seed":"7"}
{"event":"request","t":0.003,"conn":1,"dir":"to-server","seen":"passed","method":"GET","target":"/ws","host":"shop.example.test"}
{"event":"response","t":0.004,"conn":1,"dir":"to-client","seen":"passed","status":"101"}
{"event":"opened","t":0.004,"conn":1}
{"event":"frame","t":20.004,"conn":1,"dir":"to-server","seen":"passed","op":"text","fin":true,"masked":true,"len":4,"text":"ping"}
{"event":"frame","t":20.005,"conn":1,"dir":"to-client","seen":"passed","op":"text","fin":true,"len":4,"text":"pong"}
{"event":"frame","t":40.005,"conn":1,"dir":"to-server","seen":"passed","op":"text","fin":true,"masked":true,"len":4,"text":"ping"}
{"event":"frame","t":40.006,"conn":1,"dir":"to-client","seen":"arrived","rule":"drop-pongs","op":"text","fin":true,"len":4,"text":"pong"}
{"event":"fin","t":45.005,"conn":1,"dir":"to-server","seen":"passed"}
{"event":"ended","t":45.005,"conn":1}
`

func Example() {
	tl, err := timeline.ReadJSONL(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
	}
	f, err := os.CreateTemp("", "*.html")
	if err != nil {
		fmt.Println(err)
	}
	defer os.Remove(f.Name())
	policy := diagnosis.Policy{Dialect: heartbeat.Text("ping", "pong"), Interval: 20 * time.Second, AnswerTimeout: 5 * time.Second}
	fmt.Println(report.Page{Title: "A lost pong", Policy: &policy}.HTML(f, report.Named{Name: "out.jsonl", Viewer: tl}))
	fmt.Println(f.Close())
	// Output:
	// <nil>
	// <nil>
}

// The text of a diagram, without where it stands.
func ExampleSVG() {
	tl, _ := timeline.ReadJSONL(strings.NewReader(recording))
	var svg bytes.Buffer
	if err := report.SVG(&svg, tl.Conn(1)); err != nil {
		fmt.Println(err)
	}
	for _, text := range regexp.MustCompile(`<text[^>]*>([^<]*)`).FindAllStringSubmatch(svg.String(), -1) {
		fmt.Println(strings.ReplaceAll(text[1], "&#34;", `"`))
	}
	// Output:
	// connection 1: ended by the client after 45.0 s with a FIN
	// 20.0 s quiet
	// 20.0 s quiet
	// client
	// proxy
	// server
	// 0.003s
	// GET /ws upgrade
	// 0.004s
	// 101 Switching Protocols
	// open
	// 20.004s
	// text 4 B "ping"
	// 20.005s
	// text 4 B "pong" · after 1 ms
	// 40.005s
	// text 4 B "ping" · never answered
	// 40.006s
	// text 4 B "pong" dropped by drop-pongs
	// 45.005s
	// FIN
	// ended
	// Time runs down, to scale: 54 px are 20.0 s. Events closer than that of 27 px are drawn apart.
}

func ExampleHAR() {
	tl, _ := timeline.ReadJSONL(strings.NewReader(recording))
	var har bytes.Buffer
	if err := report.HAR(&har, tl); err != nil {
		fmt.Println(err)
	}
	var archive struct {
		Log struct {
			Entries []struct {
				Request     struct{ URL string }
				Received    []json.RawMessage `json:"_webSocketMessages"`
				NotReceived []json.RawMessage `json:"_serverSideMessages"`
			}
		}
	}
	if err := json.Unmarshal(har.Bytes(), &archive); err != nil {
		fmt.Println(err)
	}
	for _, e := range archive.Log.Entries {
		fmt.Println(e.Request.URL)
		for _, m := range e.Received {
			fmt.Println(string(m))
		}
		for _, m := range e.NotReceived {
			fmt.Println("the server's side only:", string(m))
		}
	}
	// Output:
	// ws://shop.example.test/ws
	// {"type":"send","time":1772366420.004000,"opcode":1,"data":"ping"}
	// {"type":"receive","time":1772366420.005000,"opcode":1,"data":"pong"}
	// {"type":"send","time":1772366440.005000,"opcode":1,"data":"ping"}
	// the server's side only: {"type":"receive","time":1772366440.006000,"opcode":1,"data":"pong","_rule":"drop-pongs"}
}
