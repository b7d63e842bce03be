package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/replay"
)

const ready = `{"event":"ready","v":1,"start":"2026-03-01T12:00:00Z","seed":"7"}`

// lines is a recording.
func lines(list ...string) []byte { return []byte(strings.Join(list, "\n") + "\n") }

// opens is how connection n opens at t.
func opens(n, t int) string {
	return fmt.Sprintf(`{"event":"request","t":%[2]d,"conn":%[1]d,"dir":"to-server","seen":"arrived","method":"GET","target":"/"}`+"\n"+
		`{"event":"response","t":%[2]d,"conn":%[1]d,"dir":"to-client","seen":"passed","status":"101","upgrade":"websocket"}`+"\n"+
		`{"event":"opened","t":%[2]d,"conn":%[1]d}`, n, t)
}

// says is a text that leaves for the client.
func says(n, t int, text string) string {
	return fmt.Sprintf(`{"event":"frame","t":%d,"conn":%d,"dir":"to-client","seen":"left","op":"text","fin":true,"rsv":0,"masked":false,"len":%d,"text":%q}`,
		t, n, len(text), text)
}

func fins(n, t int) string {
	return fmt.Sprintf(`{"event":"fin","t":%d,"conn":%d,"dir":"to-client","seen":"left"}`, t, n)
}

// three connections, of which one is refused.
var three = lines(ready, opens(2, 0), says(2, 1, "two"), fins(2, 2), opens(4, 10),
	`{"event":"request","t":10.5,"conn":5,"dir":"to-server","seen":"arrived","method":"GET","target":"/"}`,
	`{"event":"response","t":11,"conn":5,"dir":"to-client","seen":"left","status":"503"}`,
	says(4, 14, "four"), fins(4, 20))

func TestTheNthClientGetsTheNthConnection(t *testing.T) {
	for _, test := range []struct {
		name  string
		speed float64
		only  int
		once  bool
		want  []string
	}{
		{"all, and again", 1, 0, false, []string{`1s text "two"; 2s FIN`, `4s text "four"; 10s FIN`, "503", `1s text "two"; 2s FIN`, `4s text "four"; 10s FIN`}},
		{"all, once", 1, 0, true, []string{`1s text "two"; 2s FIN`, `4s text "four"; 10s FIN`, "503", "every connection of the recording has been played"}},
		{"one, to all", 1, 4, false, []string{`4s text "four"; 10s FIN`, `4s text "four"; 10s FIN`}},
		{"ten times as fast", 10, 2, false, []string{`100ms text "two"; 200ms FIN`}},
		{"half as fast", 0.5, 0, false, []string{`2s text "two"; 4s FIN`, `8s text "four"; 20s FIN`, "1.00000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r, err := replay.Read(three, replay.Options{Conn: test.only})
				if err != nil {
					t.Fatal(err)
				}
				srv := played(t, n, r, test.speed, test.once)
				for i, want := range test.want {
					saw := client{}.meets(t, n, srv.URL)
					if !strings.Contains(saw, want) && short(saw) != want {
						t.Errorf("client %d saw %q, want %q", i+1, saw, want)
					}
				}
			})
		})
	}
}

func TestWhatCannotBePlayedIsRefused(t *testing.T) {
	cut := func(n, t int) string {
		return strings.Replace(says(n, t, "abc"), `"len":3`, `"len":9,"truncated":true`, 1)
	}
	for _, test := range []struct {
		name string
		doc  []byte
		only int
		want string
	}{
		{"nothing at all", nil, 0, "the recording is empty, without even its first line"},
		{"blank lines", []byte("\n\n"), 0, "the recording is empty, without even its first line"},
		{"another program's lines", lines(`{"event":"login"}`), 0, "this is no recording: no line of it is an event"},
		{"text", lines("GET / HTTP/1.1"), 0, "line 1"},
		{"a torn first line", []byte(`{"event":"rea`), 0, "line 1"},
		{"no connection", lines(ready, `{"event":"note","t":1,"name":"a"}`), 0, "there is nothing to play: no connection in this recording"},
		{"only the first line", lines(ready), 0, "there is nothing to play: no connection in this recording"},
		{"a later version", lines(strings.Replace(ready, `"v":1`, `"v":2`, 1), opens(1, 0)), 0, "line 1: the recording is of version 2"},
		{"a damaged line that is not the last", lines(ready, opens(1, 0), `{"event":"fr`, fins(1, 1)), 0, "line 5"},
		{"a connection that is not there", three, 3, "there is no connection 3 in this recording; it has connections 2, 4, 5"},
		{"payloads in part", lines(ready, opens(1, 0), cut(1, 1), says(1, 2, "whole"), cut(1, 3)), 0,
			"line 5: of this payload of 9 bytes only the first 3 were recorded: pad (Options.Pad, --pad) to fill up the rest\n" +
				"line 7: of this payload of 9 bytes only the first 3 were recorded: pad (Options.Pad, --pad) to fill up the rest"},
		{"many of them", lines(ready, opens(1, 0), strings.Repeat(cut(1, 1)+"\n", 12)), 0, "line 14: of this payload of 9 bytes only the first 3 were recorded: pad (Options.Pad, --pad) to fill up the rest\nand 2 more"},
		{"compressed payloads that nobody can read", lines(ready, strings.Replace(opens(1, 0), `"event":"opened"`, `"event":"opened","deflate":"context takeover"`, 1),
			strings.Replace(says(1, 1, "?"), `"rsv":0`, `"rsv":4`, 1)), 0,
			"line 5: this compressed message cannot be read, because the ones before it are needed for that or not all of it was recorded: record with --compression strip"},
		{"a payload that nobody would fill up", lines(ready, opens(1, 0), strings.Replace(cut(1, 1), `"len":9`, `"len":9000000000000`, 1)), 0,
			"line 5: of this payload of 9000000000000 bytes only the first 3 were recorded, and more than 64 MiB are not filled up: leave this connection out, with --conn"},
		{"bytes in part", lines(ready, opens(1, 0), `{"event":"bytes","t":1,"conn":1,"dir":"to-client","seen":"left","bytes":9,"text":"abc"}`), 0,
			"line 5: of these 9 bytes only the first 3 were recorded: pad (Options.Pad, --pad)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := replay.Read(test.doc, replay.Options{Conn: test.only, Pad: strings.Contains(test.want, "64 MiB")})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v, want %q", r, err, test.want)
			}
			var problems replay.Problems
			if strings.Contains(test.want, "--pad") != (errors.As(err, &problems) && strings.Contains(err.Error(), "--pad")) {
				t.Errorf("%T", err)
			}
		})
	}
}

func TestWhatIsNotPlayedAsItWasIsTold(t *testing.T) {
	text := says(1, 1, "whole")
	for _, test := range []struct {
		name, doc string
		pad       bool
		want      string // line: text
		sees      string
	}{
		{"nothing to tell", ready + "\n" + opens(1, 0) + "\n" + text + "\n" + fins(1, 2) + "\n", false, "", `1s text "whole"; 2s FIN`},
		{"a torn last line", ready + "\n" + opens(1, 0) + "\n" + text + "\n" + text[:40], false,
			"6: the recording ends in the middle of this line", `1s text "whole"; 1m0s still open`},
		{"lost events", ready + "\n" + opens(1, 0) + "\n" + `{"event":"lost","t":1,"count":3}` + "\n\n" + `{"event":"later-kind","t":1}` + "\n" + text + "\n" + `{"event":"lost","t":1,"count":1}` + "\n", false,
			"5: 3 events are missing here\n9: 1 event is missing here", `1s text "whole"; 1m0s still open`},
		{"a padded text, cut within a letter", ready + "\n" + opens(1, 0) + "\n" + strings.Replace(strings.Replace(text, `"text":"whole"`, `"base64":"YcM="`, 1), `"len":5`, `"len":4,"truncated":true`, 1) + "\n", true,
			"5: of this payload of 4 bytes only the first 2 were recorded: the rest is filled up", `1s text "a   "; 1m0s still open`},
		{"padded binary", ready + "\n" + opens(1, 0) + "\n" + strings.Replace(strings.Replace(text, `"len":5`, `"len":7,"truncated":true`, 1), `"op":"text"`, `"op":"binary"`, 1) + "\n", true,
			"5: of this payload of 7 bytes", `1s binary "whole\x00\x00"; 1m0s still open`},
		{"a frame cut in its middle", ready + "\n" + opens(1, 0) + "\n" + strings.Replace(strings.Replace(text, `"frame"`, `"frame-start"`, 1), `,"text":"whole"`, "", 1) + "\n" + fins(1, 2) + "\n", false,
			"5: this frame of 5 bytes was cut off in its middle", `2s FIN, within a frame`},
		{"a frame in two events", ready + "\n" + opens(1, 0) + "\n" + strings.Replace(strings.Replace(text, `"frame"`, `"frame-start"`, 1), `,"text":"whole"`, "", 1) + "\n" + text + "\n" + fins(1, 2) + "\n", false,
			"", `1s text "whole"; 2s FIN`},
		{"a header that is none", ready + "\n" + strings.Replace(opens(1, 0), `"status":"101"`, `"status":"101","x-node":"7\r\nX-Evil: 1"`, 1) + "\n", false,
			`3: the header "x-node" of this answer cannot be sent`, `1m0s still open`},
		{"secrets, and an interim answer", ready + "\n" + strings.Replace(opens(1, 0), `"status":"101"`, `"status":"101","set-cookie":"[redacted]","x-node":"7"`, 1) + "\n" +
			`{"event":"response","t":0,"conn":2,"dir":"to-client","seen":"passed","status":"103"}` + "\n", false,
			"3: the header set-cookie of this answer was not recorded, as a secret\n5: this answer, 103, is not played", `1m0s still open`},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r, err := replay.Read([]byte(test.doc), replay.Options{Pad: test.pad})
				if err != nil {
					t.Fatal(err)
				}
				want := strings.Split(test.want, "\n")
				if test.want == "" {
					want = nil
				}
				if len(r.Notes) != len(want) {
					t.Fatalf("notes %+v, want %q", r.Notes, want)
				}
				for i, note := range r.Notes {
					if got := fmt.Sprintf("%d: %s", note.Line, note.Text); !strings.HasPrefix(got, want[i]) {
						t.Errorf("note %d is %q, want %q", i+1, got, want[i])
					}
				}
				srv := played(t, n, r, 1, false)
				if saw := short(client{}.meets(t, n, srv.URL)); saw != test.sees {
					t.Errorf("the client saw %q, want %q", saw, test.sees)
				}
			})
		})
	}
}
