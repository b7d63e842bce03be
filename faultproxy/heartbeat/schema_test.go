package heartbeat_test

import (
	"encoding/json"
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
			beat, _ := d.NewBeat(1)
			readBeat, _ := read.NewBeat(1)
			if beat.String() != readBeat.String() || read.Correlate != d.Correlate || read.By != d.By {
				t.Errorf("read %+v, want %+v", read, d)
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
