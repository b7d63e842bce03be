package timeline_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// exampleTimeline records a connection whose pong is dropped.
func exampleTimeline() *timeline.Timeline {
	tl := timeline.New()
	ping, pong := frame.Ping([]byte("abcd")), frame.Pong([]byte("abcd")).WithMask([4]byte{1, 2, 3, 4})
	tl.Append(timeline.Record{At: 3 * time.Millisecond, Conn: 1, Kind: timeline.KindRequest, Dir: frame.ToServer, Seen: timeline.Passed,
		Fields: []timeline.Field{{Name: "method", Value: "GET"}, {Name: "target", Value: "/ws?token=hunter2"}}})
	tl.Append(timeline.Record{At: 4 * time.Millisecond, Conn: 1, Kind: timeline.KindResponse, Dir: frame.ToClient, Seen: timeline.Passed,
		Fields: []timeline.Field{{Name: "status", Value: "101"}}})
	tl.Append(timeline.Record{At: 1004 * time.Millisecond, Conn: 1, Kind: timeline.KindFrame, Dir: frame.ToClient, Seen: timeline.Passed,
		Header: ping.Header(), Payload: ping.Payload})
	tl.Append(timeline.Record{At: 1005 * time.Millisecond, Conn: 1, Kind: timeline.KindFrame, Dir: frame.ToServer, Seen: timeline.Arrived,
		Header: pong.Header(), Payload: pong.Payload, Plain: true, Rule: tl.Intern("drop-pongs")})
	tl.Append(timeline.Record{At: 61005 * time.Millisecond, Conn: 1, Kind: timeline.KindEnded})
	return tl
}

func ExampleTimeline_WriteText() {
	tl := exampleTimeline()
	_ = tl.WriteText(os.Stdout)
	// Output:
	//    0.003s  #1  →  GET /ws?token=[redacted]  upgrade
	//    0.004s  #1  ←  101 Switching Protocols
	//    1.004s  #1  ←  ping 4 B "abcd"  (+1.0s)
	//    1.005s  #1  →  pong 4 B "abcd"   dropped by drop-pongs
	//   61.005s  #1     ended  (+60.0s)
}

func ExampleTimeline_Wait() {
	tl := exampleTimeline()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	pong, err := tl.Wait(ctx, frame.Op(frame.OpPong))
	fmt.Println(pong.At, err)
	end, err := tl.WaitFrom(ctx, pong.Seq+1, timeline.Ended(1))
	fmt.Println(end.At, err)
	// Output:
	// 1.005s <nil>
	// 1m1.005s <nil>
}

func ExampleTimeline_Conn() {
	tl := exampleTimeline()
	for e := range tl.Conn(1).All() {
		if timeline.Selects(frame.Op(frame.OpPing, frame.OpPong), e) {
			fmt.Println(e.At, e.Dir, e.Header.Opcode)
		}
	}
	// Output:
	// 1.004s to-client ping
	// 1.005s to-server pong
}

func ExampleEvent_AppendJSON() {
	events := exampleTimeline().Events()
	fmt.Println(string(events[2].AppendJSON(nil)))
	fmt.Println(string(events[4].AppendJSON(nil, timeline.Extra{Key: "cause", Value: "idle-timeout"})))
	// Output:
	// {"event":"frame","t":1.004,"conn":1,"dir":"to-client","seen":"passed","op":"ping","fin":true,"rsv":0,"masked":false,"len":4,"text":"abcd"}
	// {"event":"ended","t":61.005,"conn":1,"cause":"idle-timeout"}
}

func ExampleReadJSONL() {
	recording := `{"event":"ready","v":1,"start":"2026-03-01T12:00:00Z","seed":"7"}
{"event":"opened","t":0.004,"conn":1}
{"event":"frame","t":1.004,"conn":1,"dir":"to-cl`
	tl, err := timeline.ReadJSONL(strings.NewReader(recording))
	fmt.Println(tl.Len(), "event:", tl.Events()[0])
	fmt.Println(err)
	// Output:
	// 1 event:    0.004s  #1     open
	// recording, line 3: the recording ends in the middle of a line: not JSON: unexpected EOF (the 1 event before it were kept)
}

func ExampleRedactURL() {
	fmt.Println(timeline.RedactURL("wss://example.com/ws?room=5&access_token=eyJhbGciOi"))
	// Output: wss://example.com/ws?room=5&access_token=[redacted]
}
