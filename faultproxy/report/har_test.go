package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/report"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// archive is what tests look at of a HAR.
type archive struct {
	Log struct {
		Version string
		Creator struct{ Name, Version string }
		Entries []struct {
			StartedDateTime time.Time
			Time            float64
			Connection      string
			Request         struct {
				URL         string
				Headers     []struct{ Name, Value string }
				QueryString []struct{ Name, Value string }
			}
			Response struct {
				Status int
				Error  string `json:"_error"`
			}
			Comment      string
			ResourceType string    `json:"_resourceType"`
			Messages     []message `json:"_webSocketMessages"`
			ServerSide   []message `json:"_serverSideMessages"`
		}
	}
}

type message struct {
	Type   string
	Time   float64
	Opcode uint8
	Data   string
	Rule   string `json:"_rule"`
	Base64 string `json:"_base64"`
}

// bytes are the payload as it was.
func (m message) bytes(t interface{ Fatal(...any) }) string {
	if m.Base64 == "" && m.Opcode == uint8(frame.OpText) {
		return m.Data
	}
	text := m.Base64
	if text == "" {
		text = m.Data
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func archived(t interface{ Fatal(...any) }, recordings ...timeline.Viewer) (a archive, raw []byte) {
	var b bytes.Buffer
	if err := report.HAR(&b, recordings...); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a, b.Bytes()
}

func TestArchive(t *testing.T) {
	a, raw := archived(t, report.Named{Name: "outage.jsonl", Viewer: outage(t)})
	golden(t, "outage.har", raw)
	if a.Log.Version != "1.2" || a.Log.Creator.Name == "" || a.Log.Creator.Version == "" || len(a.Log.Entries) != 3 {
		t.Fatalf("got %+v", a.Log)
	}
	one, two := a.Log.Entries[0], a.Log.Entries[1]
	if one.ResourceType != "websocket" || one.Connection != "1" || one.Request.URL != "ws://shop.example.test/feed?token=[redacted]" {
		t.Errorf("got %+v", one)
	}
	if want := time.Date(2026, 3, 1, 12, 0, 0, 4e6, time.UTC); !one.StartedDateTime.Equal(want) || one.Time != 140008 {
		t.Errorf("began %v for %v ms", one.StartedDateTime, one.Time)
	}
	// the first ping of the client, in seconds since 1970
	if m := one.Messages[0]; m.Type != "send" || m.Opcode != 1 || m.Data != "ping" || m.Time != float64(time.Date(2026, 3, 1, 12, 0, 20, 0, time.UTC).Unix())+0.006 {
		t.Errorf("got %+v", m)
	}
	// what only the server sent is not said to have reached the client
	for _, m := range one.Messages {
		if m.Opcode == uint8(frame.OpPong) {
			t.Errorf("the dropped pong was received: %+v", m)
		}
	}
	if len(one.ServerSide) != 2 || one.ServerSide[1].Rule != "drop-pongs" || one.ServerSide[1].bytes(t) != "abcd" {
		t.Errorf("on the server's side: %+v", one.ServerSide)
	}
	if two.Response.Status != 503 || !strings.Contains(two.Comment, "handshake-rejected") || !strings.HasPrefix(two.Comment, "outage.jsonl, connection 2: ") {
		t.Errorf("got %+v", two)
	}
}

func TestArchiveKeepsSecretsRedacted(t *testing.T) {
	_, raw := archived(t, outage(t))
	for _, secret := range []string{"hunter2", "topsecret"} {
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s is in the archive", secret)
		}
	}
	if n := bytes.Count(raw, []byte("[redacted]")); n < 3 {
		t.Errorf("%d secrets redacted, want the token in URL and query, and the cookie", n)
	}
}

// Each frame of a recording is in its archive once, with the bytes that were recorded,
// whatever it is and whatever became of it.
func TestArchiveHasEveryFrameOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tp := newTape(t)
		want := map[string]int{}
		opcodes := []frame.Opcode{frame.OpText, frame.OpBinary, frame.OpContinuation, frame.OpPing, frame.OpPong, frame.OpClose, 3}
		for i := range rapid.IntRange(0, 30).Draw(r, "frames") {
			conn := rapid.IntRange(1, 3).Draw(r, "conn")
			dir := rapid.SampledFrom([]frame.Direction{frame.ToServer, frame.ToClient}).Draw(r, "dir")
			seen := rapid.SampledFrom([]timeline.Seen{timeline.Arrived, timeline.Left, timeline.Passed}).Draw(r, "seen")
			f := frame.Frame{Fin: rapid.Bool().Draw(r, "fin"), Opcode: rapid.SampledFrom(opcodes).Draw(r, "op"),
				Payload: append([]byte(fmt.Sprint(i, ":")), rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(r, "bytes")...)}
			tp.pass(time.Duration(rapid.IntRange(0, 1e9).Draw(r, "after")))
			tp.frame(conn, dir, seen, f, rapid.SampledFrom([]string{"", "rule"}).Draw(r, "rule"))
			want[fmt.Sprint(conn, dir, uint8(f.Opcode), string(f.Payload))]++
		}
		a, _ := archived(r, tp)
		got := map[string]int{}
		for _, e := range a.Log.Entries {
			for _, m := range append(e.Messages, e.ServerSide...) {
				dir := frame.ToServer
				if m.Type == "receive" {
					dir = frame.ToClient
				}
				got[fmt.Sprint(e.Connection, " ", dir, m.Opcode, m.bytes(r))]++
			}
		}
		for k, n := range want {
			if got[k] != n {
				r.Fatalf("%q is there %d times, want %d; got %q", k, got[k], n, got)
			}
		}
		if len(got) != len(want) {
			r.Fatalf("got %d frames, want %d", len(got), len(want))
		}
	})
}

func TestArchiveOfNothing(t *testing.T) {
	a, _ := archived(t, newTape(t))
	if a.Log.Entries == nil || len(a.Log.Entries) != 0 {
		t.Errorf("got %v", a.Log.Entries)
	}
}

// Of a long payload the archive has what was kept, and its length.
func TestArchiveSaysWhatIsMissingOfPayloads(t *testing.T) {
	tp := newTape(t)
	tp.Timeline = timeline.NewWith(timeline.Limits{Payload: 4})
	tp.opens(1, "/").sends(1, frame.Text("abcdefgh")).receives(1, frame.Text("\xff"))
	_, raw := archived(t, tp)
	for _, want := range []string{`"data":"abcd","_length":8}`, `"data":"\ufffd","_base64":"/w=="}`} {
		if !bytes.Contains(raw, []byte(strings.ReplaceAll(want, `\ufffd`, "\ufffd"))) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
}
