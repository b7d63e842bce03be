package frame_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/internal/schema"
)

func decode(t testing.TB, document string) (m frame.Match, err error) {
	t.Helper()
	var tree any
	if err := json.Unmarshal([]byte(document), &tree); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	err = schema.Decode(tree, func(n schema.Node) { m = frame.DecodeMatch(n) })
	return m, err
}

func TestDecodeMatch(t *testing.T) {
	for document, words := range map[string]string{
		`{}`:                                          "any frame",
		`null`:                                        "any frame",
		`{"op":"pong"}`:                               "pong",
		`{"op":["pong","text"]}`:                      "text or pong",
		`{"op":3}`:                                    "reserved(0x3)",
		`{"op":"0xb"}`:                                "reserved(0xb)",
		`{"dir":"to-client","op":"pong"}`:             "pong to-client",
		`{"equals":"pong"}`:                           `frame equal to "pong"`,
		`{"hex":"00FF"}`:                              "frame equal to hex 00ff",
		`{"contains":"x","op":"text"}`:                `text containing "x"`,
		`{"regexp":"^a+$"}`:                           "frame matching /^a+$/",
		`{"json":{"path":"n","value":1e1}}`:           "frame with JSON n = 10",
		`{"json":{"path":"a","value":null}}`:          "frame with JSON a = null",
		`{"size":{"min":1,"max":10}}`:                 "frame of 1 to 10 B",
		`{"size":{"min":1}}`:                          "frame of 1 B or more",
		`{"size":{"max":0}}`:                          "frame of 0 B",
		`{"fin":false}`:                               "frame without FIN",
		`{"not":{"op":"ping"}}`:                       "frame other than ping",
		`{"any":[{"op":"ping"},{"fin":true}]}`:        "ping or frame with FIN",
		`{"all":[{"contains":"a"},{"contains":"b"}]}`: `frame containing "a" containing "b"`,
		`{"any":{"op":"ping"}}`:                       "ping",
		`{"op":"text","size":{"min":2,"max":2},"all":{"fin":true}}`: "text of 2 B with FIN",
	} {
		if m, err := decode(t, document); err != nil || m.String() != words {
			t.Errorf("%s: %v, %v, want %s", document, m, err, words)
		}
	}
}

func TestDecodeMatchRefuses(t *testing.T) {
	for document, want := range map[string]string{
		`{"opp":"pong"}`:                      `opp: unknown key "opp"; did you mean "op"?`,
		`{"op":"pnog"}`:                       `op: unknown opcode "pnog": did you mean "pong"?`,
		`{"op":["ping",16]}`:                  `op[1]: want a whole number from 0 to 15, got 16`,
		`{"op":[]}`:                           `op: want at least one opcode`,
		`{"dir":"to-clent"}`:                  `dir: unknown value "to-clent"; did you mean "to-client"?`,
		`{"hex":"0"}`:                         `hex: want an even number of hexadecimal digits such as 00ff, got "0"`,
		`{"regexp":"("}`:                      `regexp: error parsing regexp: missing closing )`,
		`{"contains":5}`:                      `contains: want a text, got the number 5: put it in quotes`,
		`{"json":{"path":"a"}}`:               `json.value: missing, but required`,
		`{"json":{"path":"a[","value":1}}`:    `json: "a[" is no JSON path: a [ is not closed`,
		`{"json":{"path":"a[-1]","value":1}}`: `[-1] is no index counted from 0`,
		`{"json":{"path":"$a","value":1}}`:    `want . or [ before "a"`,
		`{"json":{"path":"","value":1}}`:      `it is empty`,
		`{"json":{"path":"a[\"b","value":1}}`: `a quoted key needs "] behind it`,
		`{"json":{"pth":"a","value":1}}`:      `json.pth: unknown key "pth"; did you mean "path"?`,
		`{"size":{"min":3,"max":2}}`:          `size: min 3 is above max 2`,
		`{"size":{"min":-1}}`:                 `size.min: want a whole number from 0`,
		`{"size":3}`:                          `size: want a map, got the number 3`,
		`{"fin":"yes"}`:                       `fin: want true or false, got the text "yes"`,
		`{"not":{"op":"x"}}`:                  `not.op: unknown opcode "x"`,
		`{"any":[]}`:                          `any: want at least one match`,
		`{"any":[{"op":"ping"},{"oops":1}]}`:  `any[1].oops: unknown key "oops"`,
		`"pong"`:                              `want a map, got the text "pong"`,
	} {
		m, err := decode(t, document)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", document, err, want)
		}
		if m == nil {
			t.Errorf("%s: a nil match", document)
		}
	}
}

func TestEncodeMatch(t *testing.T) {
	for want, m := range map[string]frame.Match{
		`{}`:                              frame.Any,
		`{"op":"pong"}`:                   frame.Op(frame.OpPong),
		`{"op":["text","0x3"]}`:           frame.Op(0x3, frame.OpText),
		`{"dir":"to-client","op":"pong"}`: frame.AllOf(frame.Op(frame.OpPong), frame.Toward(frame.ToClient)),
		`{"equals":"pong","op":"text"}`:   frame.Text("pong"),
		`{"hex":"00ff"}`:                  frame.Equals("\x00\xff"),
		`{"json":{"path":"n","value":1}}`: frame.JSON("n", 1.0),
		`{"json":{"path":"n","value":0.12345678901234567890123}}`: frame.JSON("n", json.Number("0.12345678901234567890123")),
		`{"json":{"path":"n","value":18446744073709551615}}`:      frame.JSON("n", uint64(1<<64-1)),
		`{"json":{"path":"n","value":1e+400}}`:                    frame.JSON("n", json.Number("1e+400")),
		`{"size":{"min":3}}`:                                      frame.Size(3, -1),
		`{"all":[{"contains":"b"}],"contains":"a"}`:               frame.AllOf(frame.Contains("a"), frame.Contains("b")),
		`{"not":{"fin":true}}`:                                    frame.Not(frame.Fin(true)),
		`{"any":[{"op":"ping"},{"op":"pong"}]}`:                   frame.AnyOf(frame.Op(frame.OpPing), frame.Op(frame.OpPong)),
	} {
		tree, err := frame.EncodeMatch(m)
		got, _ := json.Marshal(tree)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", m, got, err, want)
		}
	}
}

type foreign struct{ frame.Frame }

func TestEncodeMatchRefuses(t *testing.T) {
	fn := frame.Func("mine", func(frame.View) bool { return true })
	for want, m := range map[string]frame.Match{
		`"func mine (Go only)" cannot be written to a file: it is a Go function`: frame.AllOf(frame.Fin(true), frame.Not(frame.AnyOf(frame.Any, fn))),
		`its text is not UTF-8`:       frame.Contains("\xff"),
		`it is none of package frame`: foreign{frame.Text("x")},
		`the match is nil`:            nil,
	} {
		if _, err := frame.EncodeMatch(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", m, err, want)
		}
	}
}

// Written, sent as JSON and read again, a match judges every frame as before; and
// written a second time it is the same document.
func TestMatchesSurviveDocuments(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		m := randomMatch(r, 3)
		tree, err := frame.EncodeMatch(m)
		if err != nil {
			t.Fatalf("%s: %v", m, err)
		}
		document, err := json.Marshal(tree)
		if err != nil {
			t.Fatalf("%s: %v", m, err)
		}
		fromText, err := decode(t, string(document))
		if err != nil {
			t.Fatalf("%s became %s: %v", m, document, err)
		}
		var fromTree frame.Match
		if err := schema.Decode(tree, func(n schema.Node) { fromTree = frame.DecodeMatch(n) }); err != nil {
			t.Fatalf("%s became %v: %v", m, tree, err)
		}
		for _, back := range []frame.Match{fromText, fromTree} {
			for range 20 {
				if v := randomView(r); back.Match(v) != m.Match(v) {
					t.Fatalf("%s became %s and %s, which says %t of %s %s %q", m, document, back, back.Match(v), v.Dir, v.Header.Opcode, v.Payload)
				}
			}
		}
		again, err := frame.EncodeMatch(fromTree)
		if err != nil || !reflect.DeepEqual(again, tree) {
			t.Fatalf("%s: %v, then %v, %v", m, tree, again, err)
		}
	}
}
