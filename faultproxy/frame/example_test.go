package frame_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func ExampleFrame_Append() {
	fmt.Printf("% x\n", frame.Text("Hello").Append(nil))
	fmt.Printf("% x\n", frame.Text("Hello").WithMask([4]byte{0x37, 0xfa, 0x21, 0x3d}).Append(nil))
	fmt.Printf("% x\n", frame.Close(1006, "").Append(nil)) // illegal, and written all the same
	// Output:
	// 81 05 48 65 6c 6c 6f
	// 81 85 37 fa 21 3d 7f 9f 4d 51 58
	// 88 02 03 ee
}

func ExampleFrame_String() {
	fmt.Println(frame.Text("hi"))
	fmt.Println(frame.Ping([]byte("beat")))
	fmt.Println(frame.Close(1012, "restart"))
	// Output:
	// text "hi"
	// ping "beat"
	// close 1012 "restart"
}

func ExampleParser() {
	stream := frame.Ping(nil).Append(frame.Text("Hello").Append(nil))
	var p frame.Parser
	for _, piece := range [][]byte{stream[:4], stream[4:]} { // as the network cuts it
		for len(piece) > 0 {
			part, n := p.Next(piece)
			piece = piece[n:]
			fmt.Printf("%s start=%t %q end=%t\n", part.Header.Opcode, part.Start, part.Payload, part.End)
		}
	}
	// Output:
	// text start=true "He" end=false
	// text start=false "llo" end=true
	// ping start=true "" end=true
}

func ExampleReader() {
	r := frame.NewReader(strings.NewReader("\x81\x02hi\x89\x00\x88\x02\x03\xe8"))
	for {
		f, err := r.ReadFrame()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f)
	}
	// Output:
	// text "hi"
	// ping
	// close 1000
	// EOF
}

func ExampleChecker() {
	server := frame.Checker{} // FromClient is false: the frames are a server's
	for _, f := range []frame.Frame{
		frame.Text("hi"),
		frame.Ping(make([]byte, 126)),
		frame.Text("hi").WithMask([4]byte{1, 2, 3, 4}),
		frame.Close(1006, ""),
	} {
		if v := server.Frame(f); v != nil {
			fmt.Println(v)
		}
	}
	// Output:
	// oversized-control: a ping frame of 126 bytes, over the 125 of control frames (RFC 6455 section 5.5, close 1002)
	// masked-server-frame: a server's text frame is masked (RFC 6455 section 5.1, close 1002)
	// forbidden-close-code: close code 1006 (Abnormal Closure) must never be sent (RFC 6455 section 7.4.1, close 1002)
}

func ExampleAllOf() {
	m := frame.AllOf(frame.Op(frame.OpText), frame.Toward(frame.ToClient), frame.JSON("type", "pong"))
	fmt.Println(m)

	pong := frame.Text(`{"type":"pong"}`)
	fmt.Println(m.Match(frame.View{Dir: frame.ToClient, Header: pong.Header(), Payload: pong.Payload}))

	tree, _ := frame.EncodeMatch(m)
	document, _ := json.Marshal(tree)
	fmt.Println(string(document))
	// Output:
	// text to-client with JSON type = "pong"
	// true
	// {"dir":"to-client","json":{"path":"type","value":"pong"},"op":"text"}
}

func ExampleCloseCode_Info() {
	info := frame.CloseCode(1012).Info()
	fmt.Println(info.Codes(), info.Name)
	fmt.Println(info.Meaning)
	fmt.Println(info.LookAt)
	// Output:
	// 1012 Service Restart
	// the server restarts and will be back
	// deployments; do clients come back spread over 5 to 30 s, or all at once?
}
