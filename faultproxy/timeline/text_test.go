package timeline_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

const ms = time.Millisecond

// asText returns the lines of the records as WriteText writes them.
func asText(t *testing.T, records ...timeline.Record) []string {
	t.Helper()
	tl := timeline.New()
	for _, r := range records {
		tl.Append(r)
	}
	var b strings.Builder
	if err := tl.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func sameLines(t *testing.T, got []string, want string) {
	t.Helper()
	lines := strings.Split(strings.Trim(want, "\n"), "\n")
	for i := range max(len(got), len(lines)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(lines) {
			w = lines[i]
		}
		if g != w {
			t.Errorf("line %d\n got %q\nwant %q", i+1, g, w)
		}
	}
}

func with(r timeline.Record, change func(*timeline.Record)) timeline.Record {
	change(&r)
	return r
}

func travelling(r timeline.Record, dir frame.Direction, seen timeline.Seen) timeline.Record {
	r.Dir, r.Seen = dir, seen
	return r
}

func TestTextOfAConversation(t *testing.T) {
	const toServer, toClient = frame.ToServer, frame.ToClient
	got := asText(t,
		lifecycle(1*ms, 0, timeline.KindAccepted, "remote", "127.0.0.1:4711"),
		travelling(lifecycle(3*ms, 1, timeline.KindRequest, "method", "GET", "target", "/ws", "sec-websocket-extensions", "permessage-deflate", "sec-websocket-protocol", "chat"), toServer, timeline.Arrived),
		lifecycle(3*ms, 1, timeline.KindDialed, "address", "127.0.0.1:9000"),
		travelling(lifecycle(4*ms, 1, timeline.KindResponse, "status", "101", "extensions", "permessage-deflate"), toClient, timeline.Passed),
		lifecycle(4*ms, 1, timeline.KindOpened),
		record(1004*ms, 1, toClient, timeline.Passed, frame.Ping([]byte("abcd"))),
		record(1005*ms, 1, toServer, timeline.Passed, frame.Pong([]byte("abcd"))),
		record(61005*ms, 1, toClient, timeline.Passed, frame.Close(1012, "restart")),
		travelling(lifecycle(61006*ms, 1, timeline.KindFIN), toClient, timeline.Passed),
		travelling(lifecycle(61006*ms, 1, timeline.KindClosed, "how", "rst"), toServer, 0),
		lifecycle(61007*ms, 1, timeline.KindEnded),
		lifecycle(61500*ms, 0, timeline.KindNote, "name", "the end", "runs", "3", "why", "so it is"),
	)
	sameLines(t, got, `
   0.001s  -      TCP connection from 127.0.0.1:4711
   0.003s  #1  →  GET /ws  upgrade, offers permessage-deflate, subprotocol chat
   0.003s  #1     upstream 127.0.0.1:9000 reached
   0.004s  #1  ←  101 Switching Protocols, permessage-deflate
   0.004s  #1     open
   1.004s  #1  ←  ping 4 B "abcd"  (+1.0s)
   1.005s  #1  →  pong 4 B "abcd"
  61.005s  #1  ←  close 1012 "restart"  (+60.0s)
  61.006s  #1  ←  FIN
  61.006s  #1  →  socket closed, server side, with RST
  61.007s  #1     ended
  61.500s  -      note the end  runs=3 why="so it is"
`)
}

func TestTextOfWhatDidNotSimplyPass(t *testing.T) {
	tl := timeline.New()
	rule := tl.Intern("chaos")
	on := func(seen timeline.Seen, at time.Duration, f frame.Frame) {
		tl.Append(with(record(at, 1, frame.ToClient, seen, f), func(r *timeline.Record) { r.Rule = rule }))
	}
	on(timeline.Arrived, 0, frame.Text("dropped"))
	on(timeline.Arrived, 0, frame.Text("late"))
	on(timeline.Arrived, 0, frame.Text("twice"))
	on(timeline.Left, 0, frame.Text("twice"))
	on(timeline.Left, 0, frame.Text("twice"))
	on(timeline.Passed, 100*ms, frame.Text("other"))
	tl.Append(record(100*ms, 1, frame.ToServer, timeline.Arrived, frame.Text("nobody there")))
	on(timeline.Left, 250*ms, frame.Text("late"))
	tl.Append(travelling(lifecycle(250*ms, 1, timeline.KindFIN), frame.ToServer, timeline.Arrived))
	tl.Append(travelling(lifecycle(250*ms, 1, timeline.KindFIN), frame.ToClient, timeline.Left))
	r := record(251*ms, 1, frame.ToClient, timeline.Left, frame.Text("told"))
	r.Rule, r.Fields = rule, []timeline.Field{{Name: "does", Value: "replaced"}}
	tl.Append(r)

	var whole strings.Builder
	if err := tl.WriteText(&whole); err != nil {
		t.Fatal(err)
	}
	sameLines(t, strings.Split(strings.TrimSpace(whole.String()), "\n"), strings.TrimSpace(`
   0.000s  #1  ←  text 7 B "dropped"   dropped by chaos
   0.000s  #1  ←  text 4 B "late"   held by chaos
   0.000s  #1  ←  text 5 B "twice"   held by chaos
   0.000s  #1  ←  text 5 B "twice"   passed on by chaos
   0.000s  #1  ←  text 5 B "twice"   injected by chaos
   0.100s  #1  ←  text 5 B "other"   changed by chaos
   0.100s  #1  →  text 12 B "nobody there"   not passed on
   0.250s  #1  ←  text 4 B "late"   held for 0.250s by chaos
   0.250s  #1  →  FIN   not passed on
   0.250s  #1  ←  FIN   sent
   0.251s  #1  ←  text 4 B "told"   replaced by chaos
`))

	var live timeline.Formatter
	var b []byte
	for e := range tl.All() {
		b = append(live.Append(b, e), '\n')
	}
	streamed := strings.NewReplacer("dropped by", "stopped by", "held by", "stopped by", "not passed on", "not passed on at once").Replace(whole.String())
	sameLines(t, strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), streamed)
}

func TestTextOfEveryKind(t *testing.T) {
	ruled := func(k timeline.Kind, dir frame.Direction, pairs ...string) timeline.Event {
		e := timeline.Event{Kind: k, Rule: "r", Dir: dir}
		e.Fields = lifecycle(0, 0, k, pairs...).Fields
		return e
	}
	plain := func(k timeline.Kind, pairs ...string) timeline.Event {
		return timeline.Event{Kind: k, Fields: lifecycle(0, 0, k, pairs...).Fields}
	}
	for _, c := range []struct {
		event timeline.Event
		want  string
	}{
		{plain(timeline.KindHTTP, "method", "POST", "target", "/api", "status", "404"), "POST /api → 404 Not Found"},
		{plain(timeline.KindMute, "remote", "1.2.3.4:5", "error", "EOF"), "TCP connection ended without a request from 1.2.3.4:5: EOF"},
		{plain(timeline.KindRequest, "target", "/"), "GET /  upgrade"},
		{plain(timeline.KindDialed, "error", "connection refused"), "upstream not reached: connection refused"},
		{timeline.Event{Kind: timeline.KindResponse, Seen: timeline.Left, Fields: []timeline.Field{{Name: "status", Value: "503 Busy"}}}, "503 Busy  made by the proxy"},
		{timeline.Event{Kind: timeline.KindResponse, Seen: timeline.Left, Rule: "r", Fields: []timeline.Field{{Name: "status", Value: "503"}}}, "503 Service Unavailable  made by r"},
		{timeline.Event{Kind: timeline.KindResponse, Seen: timeline.Arrived, Rule: "r", Fields: []timeline.Field{{Name: "status", Value: "101"}}}, "101 Switching Protocols  replaced by r"},
		{timeline.Event{Kind: timeline.KindResponse, Seen: timeline.Arrived, Fields: []timeline.Field{{Name: "status", Value: "101"}, {Name: "subprotocol", Value: "chat"}}}, "101 Switching Protocols, subprotocol chat  from the upstream"},
		{timeline.Event{Kind: timeline.KindBytes, Count: 1}, "1 byte"},
		{plain(timeline.KindRST), "RST"},
		{ruled(timeline.KindFault, frame.ToClient, "does", "closes with 1012"), "r: closes with 1012"},
		{plain(timeline.KindFault, "does", "resets"), "a caller: resets"},
		{ruled(timeline.KindNotApplied, frame.ToClient, "why", "compressed"), "r could not act: compressed"},
		{plain(timeline.KindOpaque, "section", "RFC 6455 section 5.2", "why", "reserved opcode"), "no longer read as frames: reserved opcode (RFC 6455 section 5.2)"},
		{ruled(timeline.KindSilence, frame.ToClient), "silent from here on by r"},
		{ruled(timeline.KindHeal, frame.ToClient), "no longer silent by r"},
		{timeline.Event{Kind: timeline.KindHeld, Count: 1024}, "queue full (1024 bytes): its source is not read until there is room"},
		{ruled(timeline.KindClosed, frame.ToClient, "how", "close"), "socket closed, client side, by r"},
		{plain(timeline.KindClosed), "socket closed, both sides"},
		{ruled(timeline.KindRule, 0, "change", "added", "does", "drop pongs"), "rule r added: drop pongs"},
		{plain(timeline.KindError, "what", "read", "error", "bad\nthing"), `error: read: bad\nthing`},
		{plain(timeline.KindReport, "name", "close", "code", "1006", "reason", ""), `report close  code=1006 reason=""`},
		{plain(timeline.KindStarted, "client", "node"), "client program started: node"},
		{plain(timeline.KindExit, "code", "1"), "client program exited, code 1"},
		{plain(timeline.KindExit, "client", "node", "code", "1", "pid", "7"), "client program exited: node, code 1  pid=7"},
		{ruled(timeline.KindExit, 0, "client", "node", "signal", "SIGKILL"), "client program exited: node, SIGKILL by r"},
		{plain(timeline.KindExit, "client", "node", "error", "gone"), "client program exited: node  error=gone"},
		{timeline.Event{Kind: timeline.KindLost, Count: 2}, "2 events lost here"},
		{timeline.Event{}, "kind(0)"},
	} {
		line := c.event.String()
		if got := strings.TrimLeft(line[len("   0.000s  -  "):], " →←"); got != c.want {
			t.Errorf("%v:\n got %q\nwant %q", c.event.Kind, got, c.want)
		}
	}
}

func TestTextOfFrames(t *testing.T) {
	long := strings.Repeat("ä", 70)
	for _, c := range []struct {
		dir   frame.Direction
		frame frame.Frame
		want  string
	}{
		{frame.ToClient, frame.Ping(nil), "ping"},
		{frame.ToServer, frame.Text("a\tb"), `text 3 B "a\tb"`},
		{frame.ToServer, frame.Text(`{"a":1}`), "text 7 B `{\"a\":1}`"},
		{frame.ToServer, frame.Text("\"a\"\t`"), "text 5 B \"\\\"a\\\"\\t`\""},
		{frame.ToServer, frame.Text(`"` + long), "text 141 B `\"" + strings.Repeat("ä", 59) + "`…"},
		{frame.ToClient, frame.Text("{}\x1e"), `text 3 B "{}\x1e"`},
		{frame.ToClient, frame.Text("a\x01b"), "text 3 B 610162"},
		{frame.ToClient, frame.Text(long), `text 140 B "` + strings.Repeat("ä", 60) + `"…`},
		{frame.ToClient, frame.Binary([]byte{0, 0xff}), "binary 2 B 00ff"},
		{frame.ToClient, frame.Binary(make([]byte, 25)), "binary 25 B " + strings.Repeat("00", 24) + "…"},
		{frame.ToClient, frame.Binary([]byte("MQTT")), `binary 4 B "MQTT"`},
		{frame.ToClient, frame.EmptyClose(), "close without a code"},
		{frame.ToClient, frame.Close(1000, ""), "close 1000"},
		{frame.ToClient, frame.Close(1000, "\xff"), "close 1000 ff"},
		{frame.ToClient, frame.Frame{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}}, "close with half a code, 03"},
		{frame.ToClient, frame.Frame{Opcode: frame.OpText, Payload: []byte("a")}, `text 1 B "a" (more follows)`},
		{frame.ToClient, frame.Frame{Fin: true, RSV: frame.RSV1 | frame.RSV3, Opcode: frame.OpText, Payload: []byte{1}}, "text 1 B 01 (compressed, rsv3)"},
		{frame.ToClient, frame.Frame{Fin: true, RSV: frame.RSV1, Opcode: frame.OpPing}, "ping (rsv1)"},
		{frame.ToClient, frame.Text("a").WithMask([4]byte{1}), `text 1 B "a" (masked)`},
	} {
		got := asText(t, record(0, 1, c.dir, timeline.Passed, c.frame))[0]
		_, got, _ = strings.Cut(got, arrowOf(c.dir)+"  ")
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	bare := record(0, 1, frame.ToClient, timeline.Passed, frame.Text("a"))
	bare.Dir = frame.ToServer
	inflated := record(0, 1, frame.ToClient, timeline.Passed, frame.Frame{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Payload: []byte{1}})
	inflated.Inflated, inflated.Payload = true, []byte("plain")
	start := record(0, 1, frame.ToClient, timeline.Passed, frame.Text(long))
	start.Kind, start.Payload = timeline.KindFrameStart, nil
	lines := asText(t, bare, inflated, start)
	for i, want := range []string{`text 1 B "a" (not masked)`, `text 1 B "plain" (inflated)`, "text 140 B begins"} {
		if !strings.HasSuffix(lines[i], "  "+want) {
			t.Errorf("got %q, want %q", lines[i], want)
		}
	}
}

func arrowOf(d frame.Direction) string {
	if d == frame.ToServer {
		return "→"
	}
	return "←"
}

func TestTextOfTruncatedPayloads(t *testing.T) {
	tl := timeline.NewWith(timeline.Limits{Payload: 3})
	tl.Append(record(0, 1, frame.ToClient, timeline.Passed, frame.Text("aäöü"))) // cut inside ö
	if got, want := tl.Events()[0].String(), `   0.000s  #1  ←  text 7 B "aä"…`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTextColumns(t *testing.T) {
	got := asText(t, lifecycle(0, 1, timeline.KindOpened), lifecycle(99*ms+1500, 1234, timeline.KindOpened))
	sameLines(t, got, `
   0.000000s  #1       open
   0.099002s  #1234    open
`)
	f := timeline.Formatter{ConnWidth: 6}
	if got, want := string(f.Append([]byte("x"), timeline.Event{Kind: timeline.KindOpened, Conn: 1})), "x   0.000s  #1        open"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWritersReportErrors(t *testing.T) {
	tl := threeConns()
	if err := tl.WriteText(brokenPipe{}); err == nil {
		t.Error("WriteText swallowed the error")
	}
	if err := tl.WriteJSONL(brokenPipe{}); err == nil {
		t.Error("WriteJSONL swallowed the error")
	}
	if err := tl.Conn(1).WriteText(&strings.Builder{}); err != nil {
		t.Error(err)
	}
}
