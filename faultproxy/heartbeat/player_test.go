package heartbeat_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

// The packets of an MQTT client; subscribe2's length takes two bytes.
var (
	mqttConnect     = []byte("\x10\x1b\x00\x04MQTT\x04\x02\x00\x01\x00\x0fmqttjs_f5055c14")
	mqttPublish     = []byte("\x30\x04\x00\x01xy")
	mqttSubscribe   = []byte("\x82\x0e\xd0\xac\x00\x09weather/#\x00")
	mqttSubscribe2  = []byte("\x82\xcd\x01\xc3\xa9\x00\xc8" + strings.Repeat("t", 200) + "\x02")
	mqttUnsubscribe = []byte("\xa2\x0d\x82\x07\x00\x09weather/#")
	mqttPingreq     = []byte("\xc0\x00")
	mqttDisconnect  = []byte("\xe0\x00")
)

func TestSessions(t *testing.T) {
	tests := []struct {
		dialect  heartbeat.Dialect
		question frame.Frame
		want     string // of all replies; empty: none
	}{
		{heartbeat.GraphQLTransportWS(), frame.Text(`{"type":"connection_init","payload":{"token":"t"}}`), `{"type":"connection_ack"}`},
		{heartbeat.GraphQLTransportWS(), frame.Text(`{"type":"ping"}`), ""},
		{heartbeat.Phoenix(), frame.Text(`["3","4","room:lobby","phx_join",{"a":1}]`), `["3","4","room:lobby","phx_reply",{"status":"ok","response":{}}]`},
		{heartbeat.Phoenix(), frame.Text(`["3","9","room:lobby","phx_leave",{}]`), `["3","9","room:lobby","phx_reply",{"status":"ok","response":{}}]`},
		{heartbeat.Phoenix(), frame.Text(`["3","5","room:lobby","shout",{}]`), ""},
		{heartbeat.SignalR(), frame.Text("{\"protocol\":\"json\",\"version\":1}\x1e"), "{}\x1e"},
		{heartbeat.SignalR(), frame.Text("{\"protocol\":\"json\",\"version\":2}\x1e{\"type\":1,\"target\":\"a\",\"arguments\":[]}\x1e"), "{}\x1e"},
		{heartbeat.SignalR(), frame.Text("{\"type\":1,\"target\":\"a\",\"arguments\":[{\"protocol\":\"json\"}]}\x1e"), ""},
		{heartbeat.SignalR(), frame.Text("{\"type\":6}\x1e{\"protocol\":\"json\",\"version\":1}\x1e"), ""},
		{heartbeat.MQTT(), frame.Binary(mqttConnect), "\x20\x02\x00\x00"},
		{heartbeat.MQTT(), frame.Binary(mqttPublish), ""},
		{heartbeat.MQTT(), frame.Binary(mqttSubscribe), "\x90\x03\xd0\xac\x00"},
		{heartbeat.MQTT(), frame.Binary(mqttSubscribe2), "\x90\x03\xc3\xa9\x00"},
		{heartbeat.MQTT(), frame.Binary(mqttUnsubscribe), "\xb0\x02\x82\x07"},
		{heartbeat.MQTT(), frame.Binary(mqttPingreq), ""},
		{heartbeat.MQTT(), frame.Binary(mqttDisconnect), ""},
		{heartbeat.MQTT(), frame.Text(string(mqttConnect)), ""},
		{heartbeat.STOMP(10 * time.Second), frame.Text("CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\x00"), "CONNECTED\nversion:1.2\nheart-beat:10000,10000\n\n\x00"},
		{heartbeat.STOMP(time.Second), frame.Binary([]byte("STOMP\r\nhost:h\r\n\r\n\x00")), "CONNECTED\nversion:1.2\nheart-beat:1000,1000\n\n\x00"},
		{heartbeat.STOMP(time.Second), frame.Text("DISCONNECT\nreceipt:close-0\n\n\x00"), "RECEIPT\nreceipt-id:close-0\n\n\x00"},
		{heartbeat.STOMP(time.Second), frame.Text("SUBSCRIBE\r\nid:0\r\nreceipt:r 1\r\ndestination:/q\r\n\r\n\x00"), "RECEIPT\nreceipt-id:r 1\n\n\x00"},
		{heartbeat.STOMP(time.Second), frame.Text("SEND\nx-receipt:no\nreceipt:yes\n\n\x00"), "RECEIPT\nreceipt-id:yes\n\n\x00"},
		{heartbeat.STOMP(time.Second), frame.Text("SEND\ndestination:/q\n\nreceipt:in the body\x00"), ""},
		{heartbeat.STOMP(time.Second), frame.Text("\n"), ""},
		{heartbeat.ActionCable(), frame.Text(`{"command":"subscribe","identifier":"{\"channel\":\"A\"}"}`), `{"identifier":"{\"channel\":\"A\"}","type":"confirm_subscription"}`},
		{heartbeat.ActionCable(), frame.Text(`{"command":"message","identifier":"{}","data":"{}"}`), ""},
	}
	for _, tt := range tests {
		got := joined(heartbeat.NewPlayer(tt.dialect).Replies(sent(tt.question)))
		if got != tt.want {
			t.Errorf("%s replied %q to %s, want %q", tt.dialect, got, tt.question, tt.want)
		}
		if got := heartbeat.NewPlayer(tt.dialect).Replies(received(tt.question)); got != nil {
			t.Errorf("%s replied %v to what a server sent", tt.dialect, got)
		}
	}
}

func joined(frames []frame.Frame) string {
	var all []byte
	for _, f := range frames {
		all = append(all, f.Payload...)
	}
	return string(all)
}

func TestPacketsAreCutAndJoined(t *testing.T) {
	stream := bytes.Join([][]byte{mqttConnect, mqttPublish, mqttSubscribe2, mqttPingreq, mqttUnsubscribe, mqttDisconnect}, nil)
	const want = "\x20\x02\x00\x00" + "\x90\x03\xc3\xa9\x00" + "\xb0\x02\x82\x07"
	for size := 1; size <= len(stream); size++ {
		player := heartbeat.NewPlayer(heartbeat.MQTT())
		var got string
		for i := 0; i < len(stream); i += size {
			f := frame.Binary(stream[i:min(i+size, len(stream))])
			if i%2 == 1 {
				f.Opcode = frame.OpContinuation
			}
			got += joined(player.Replies(sent(f)))
			if reply := player.Replies(sent(frame.Ping([]byte("\x10")))); reply != nil {
				t.Fatalf("replied %v to a ping", reply)
			}
		}
		if got != want {
			t.Errorf("in pieces of %d bytes: replied %q, want %q", size, got, want)
		}
	}
}

func TestPacketsTooLongArePassedOver(t *testing.T) {
	player := heartbeat.NewPlayer(heartbeat.MQTT())
	stream := append([]byte("\x30\x80\x80\x80\x01"), make([]byte, 1<<21)...) // 2 MiB PUBLISH
	stream = append(stream, mqttSubscribe...)
	if got, want := joined(player.Replies(sent(frame.Binary(stream)))), "\x90\x03\xd0\xac\x00"; got != want {
		t.Errorf("replied %q, want %q", got, want)
	}
}

func TestMalformedLengthEndsTheStream(t *testing.T) {
	player := heartbeat.NewPlayer(heartbeat.MQTT())
	stream := append([]byte("\x30\x80\x80\x80\x80\x00"), mqttSubscribe...)
	if got := player.Replies(sent(frame.Binary(stream))); got != nil {
		t.Errorf("replied %v after a length of more than four bytes", got)
	}
	if got := player.Replies(sent(frame.Binary(mqttConnect))); got != nil {
		t.Errorf("replied %v after a length of more than four bytes", got)
	}
}

func TestReplyOutlivesTheQuestion(t *testing.T) {
	question := bytes.Clone(mqttSubscribe)
	replies := heartbeat.NewPlayer(heartbeat.MQTT()).Replies(sent(frame.Binary(question)))
	clear(question)
	if got, want := joined(replies), "\x90\x03\xd0\xac\x00"; got != want {
		t.Errorf("the reply changed to %q with the buffer of the question", got)
	}
}
