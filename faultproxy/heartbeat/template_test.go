package heartbeat_test

import (
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func TestTemplateKeepsOtherBraces(t *testing.T) {
	d := heartbeat.Text("x", "")
	for payload, want := range map[string]string{
		`{"a":{"b":{n}},"c":"{x}{"}`: `{"a":{"b":5},"c":"{x}{"}`,
		`{@2}{@:4}{@a:b}{/x}{$`:      `{@2}{@:4}{@a:b}{/x}{$`,
		`{{n}{n}}`:                   `{55}`,
	} {
		d.Beat.Send.Payload = payload
		if f, ok := d.NewBeat(5); !ok || string(f.Payload) != want {
			t.Errorf("made %q of %q, want %q", f.Payload, payload, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	tests := []struct {
		name     string
		reply    heartbeat.Template
		question frame.Frame
		want     string
		none     bool
	}{
		{"bytes in a binary", heartbeat.Template{Op: frame.OpBinary, Payload: "\x90\x03{@2:4}\x00"}, frame.Binary([]byte("\x82\x05\xd0\xacxy\x01")), "\x90\x03\xd0\xac\x00", false},
		{"bytes to the end", heartbeat.Template{Op: frame.OpBinary, Payload: "{@1:}|{@3:}"}, frame.Binary([]byte("abc")), "bc|", false},
		{"bytes in a text", text("<{@0:1}>"), frame.Text("abc"), "<a>", false},
		{"bytes that are not there", text("{@2:4}"), frame.Text("abc"), "", true},
		{"nothing else in a binary", heartbeat.Template{Op: frame.OpBinary, Payload: "{n}{$.id}{/./}"}, frame.Text("abc"), "{n}{$.id}{/./}", false},
		{"JSON", text(`{"re":{$.id},"all":{$}}`), frame.Text(`{"id": "a"}`), `{"re":"a","all":{"id": "a"}}`, false},
		{"JSON that is not there", text(`{$.id}`), frame.Text(`{"x":1}`), "", true},
		{"the first group", text(`id {/id:(\d{2})\d(\d)/}!`), frame.Text("x id:1234"), "id 12!", false},
		{"all of the expression", text(`{/\d+/}{/[a-z]/}`), frame.Text("x id:1234"), "1234x", false},
		{"a group that took no part", text(`<{/a(b)?/}>`), frame.Text("ac"), "<>", false},
		{"an expression that finds nothing", text(`{/z/}`), frame.Text("abc"), "", true},
		{"an expression that is none", text(`{/(/}`), frame.Text("("), "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := heartbeat.Exchange{On: frame.Any, Reply: []heartbeat.Template{tt.reply}}
			got := x.Replies(sent(tt.question))
			if (got == nil) != tt.none {
				t.Fatalf("replies %v, want none: %t", got, tt.none)
			}
			if !tt.none && string(got[0].Payload) != tt.want {
				t.Errorf("replied %q, want %q", got[0].Payload, tt.want)
			}
			opaque := sent(tt.question)
			opaque.Opaque = true
			if got := x.Replies(opaque); tt.reply.Payload != "{n}{$.id}{/./}" && got != nil {
				t.Errorf("replied %v to a payload that cannot be read", got)
			}
		})
	}
}
