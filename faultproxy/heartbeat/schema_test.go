package heartbeat_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

func TestSchemaRoundTrip(t *testing.T) {
	for _, d := range everyDialect() {
		t.Run(d.Name, func(t *testing.T) {
			written, err := heartbeat.Encode(d)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(written, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			var tree any
			if err := json.Unmarshal(text, &tree); err != nil {
				t.Fatal(err)
			}
			var read heartbeat.Dialect
			if err := schema.Decode(tree, func(n schema.Node) { read = heartbeat.Decode(n) }); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			again, err := heartbeat.Encode(read)
			if err != nil {
				t.Fatal(err)
			}
			text2, _ := json.MarshalIndent(again, "", " ")
			if string(text) != string(text2) {
				t.Errorf("wrote\n%s\nread and wrote again\n%s", text, text2)
			}
			// Matches are compared by what they say: compiled ones differ inside.
			type fields heartbeat.Dialect // without String
			if want, got := fmt.Sprintf("%+v", fields(d)), fmt.Sprintf("%+v", fields(read)); got != want {
				t.Errorf("read\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestDecodeName(t *testing.T) {
	var d heartbeat.Dialect
	if err := schema.Decode("text:hb/ack", func(n schema.Node) { d = heartbeat.Decode(n) }); err != nil || d.Name != "text:hb/ack" {
		t.Errorf("decoded %q, %v", d.Name, err)
	}
}

func TestDecodeComplains(t *testing.T) {
	tests := []struct{ document, want string }{
		{`"phoneix"`, "unknown dialect"},
		{`{}`, "name: missing"},
		{`{"name":"x","by":"clint","beat":{"match":{"op":"ping"}}}`, "by: unknown value"},
		{`{"name":"x","by":"client"}`, "beat: missing"},
		{`{"name":"x","by":"client","beat":{}}`, "beat.match: missing"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"}},"anser":{}}`, "anser"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"},"send":{"hex":"zz"}}}`, "beat.send.hex: want bytes"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"},"send":{"hex":"00","text":"a"}}}`, "not both"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"},"send":{}}}`, "nothing to send"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"},"send":{"hex":"90{@2:4}0"}}}`, "beat.send.hex: want bytes"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"},"send":{"text":"{@4:2}"}}}`, "ends before it begins"},
		{`{"name":"x","by":"client","interval":"often","beat":{"match":{"op":"ping"}}}`, "interval: want a duration"},
		{`{"name":"x","by":"client","packets":"stomp","beat":{"match":{"op":"ping"}}}`, "packets: unknown value"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"}},"correlate":"orde"}`, "correlate: unknown value"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"}},"correlate":{"json":"a..b"}}`, "no JSON path"},
		{`{"name":"x","by":"client","beat":{"match":{"op":"ping"}},"http":[{"path":"/","answers":{"status":42}}]}`, "status"},
	}
	for _, tt := range tests {
		var tree any
		if err := json.Unmarshal([]byte(tt.document), &tree); err != nil {
			t.Fatal(err)
		}
		err := schema.Decode(tree, func(n schema.Node) { heartbeat.Decode(n) })
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.document, err, tt.want)
		}
	}
}

func TestEncodeRefusesGoFunctions(t *testing.T) {
	d := heartbeat.Protocol()
	d.Beat.Match = frame.Func("mine", func(frame.View) bool { return true })
	if _, err := heartbeat.Encode(d); err == nil || !strings.Contains(err.Error(), "beat.match") {
		t.Errorf("error %v, want one that names beat.match", err)
	}
}

func TestPlaceholdersStandInHex(t *testing.T) {
	d := heartbeat.MQTT()
	written, err := heartbeat.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(written)
	for _, want := range []string{`"hex":"9003{@2:4}00"`, `"hex":"d000"`, `"interval":"1m0s"`, `"packets":"mqtt"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
