package heartbeat_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func TestAWrongAnswerIsNoAnswerToTheBeat(t *testing.T) {
	for _, test := range []struct {
		dialect heartbeat.Dialect
		beat    frame.Frame
		toward  frame.Direction
		want    string
	}{
		{heartbeat.Protocol(), frame.Ping([]byte("a")), frame.ToServer, "`"},
		{heartbeat.Protocol(), frame.Ping(nil), frame.ToServer, "wrong"},
		{heartbeat.Text("ping", "pong"), frame.Text("ping"), frame.ToServer, "wrong"},
		{heartbeat.Phoenix(), frame.Text(`[null,"7","phoenix","heartbeat",{}]`), frame.ToServer,
			`[null,"wrong","phoenix","phx_reply",{"status":"ok","response":{}}]`},
		{heartbeat.Phoenix(), frame.Text(`[null,"wrong","phoenix","heartbeat",{}]`), frame.ToServer,
			`[null,"wrong again","phoenix","phx_reply",{"status":"ok","response":{}}]`},
		{heartbeat.EngineIO(time.Second, time.Second), frame.Text("2"), frame.ToClient, "wrong"},
	} {
		beat := frame.View{Dir: test.toward, Header: test.beat.Header(), Payload: test.beat.Payload}
		answer, ok := test.dialect.AnswerTo(beat)
		if !ok {
			t.Fatalf("%s: %v has no answer", test.dialect, test.beat)
		}
		right := string(answer.Payload)
		wrong := test.dialect.WrongAnswer(answer)
		if string(wrong.Payload) != test.want || string(answer.Payload) != right {
			t.Errorf("%s: wrong answer %q, want %q; the right one is now %q", test.dialect, wrong.Payload, test.want, answer.Payload)
		}
		back := frame.ToServer
		if test.toward == frame.ToServer {
			back = frame.ToClient
		}
		if test.dialect.IsAnswer(beat, frame.View{Dir: back, Header: wrong.Header(), Payload: wrong.Payload}) {
			t.Errorf("%s: %v counts as the answer to %v", test.dialect, wrong, test.beat)
		}
	}
}
