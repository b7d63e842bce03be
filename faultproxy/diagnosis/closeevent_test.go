package diagnosis_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// sample is what a client was measured to report, and what it sent, after a server
// did what the case's name says. Times are from the server's action.
type sample struct {
	Case   string
	Client string
	Code   *frame.CloseCode // nil: no close event while it was watched
	Reason string
	Clean  bool
	Error  bool
	Sent   *struct {
		Code   frame.CloseCode
		Reason string
		Ms     float64
	}
	End *struct {
		How string
		Ms  float64
	}
}

// notPlayable are the cases whose history says nothing that a recorder can see.
var notPlayable = map[string]string{
	"hs_unasked_ext": badResponse, "hs_deflate_bad_param": badResponse, "hs_deflate_twice": badResponse,
	"hs_empty_ext": badResponse, "hs_unasked_proto": badResponse, "hs_proto_other": badResponse,
	"hs_proto_two": badResponse, "hs_proto_missing": badResponse, "hs_wrong_accept": badResponse,
	"hs_missing_accept": badResponse, "hs_missing_upgrade": badResponse, "hs_missing_connection": badResponse,
	"hs_wrong_upgrade": badResponse, "hs_connection_close": badResponse, "hs_accept_twice": badResponse,
	"hs_lf_only": badResponse, "hs_100_then_101": badResponse, "hs_103_then_101": badResponse,
	"hs_garbage_text": badResponse, "hs_garbage_long": badResponse, "hs_garbage_fin": badResponse,
	"hs_tls_selfsigned": "ends before the upgrade request", "hs_wss_to_plain": "ends before the upgrade request",
	"hs_ws_to_tls": "ends before the upgrade request", "hs_backlog_full": "ends before the upgrade request",
	"pageclose4001_noread_buffered": "the Close never leaves the client",
	"pageclose4001_blackhole":       "the Close never leaves the client, whose end is not seen",
}

const badResponse = "how a client judges the response's headers is not derived yet"

// afterOpening is when the server acts.
const afterOpening = 10 * ms

func millis(f float64) time.Duration { return time.Duration(f * float64(ms)) }

// play writes the history of a case, or returns nil.
func (s sample) play() diagnosis.Events {
	steps, handshake := s.handshake()
	if !handshake {
		steps = open(s.server()...)
		if len(steps) == len(open()) && !strings.HasPrefix(s.Case, "hs_") && s.Sent == nil {
			return nil
		}
	}
	reply := time.Duration(0)
	if s.Sent != nil {
		f := frame.Close(s.Sent.Code, s.Sent.Reason)
		if s.Sent.Code == frame.CodeNoStatus {
			f = frame.EmptyClose()
		}
		reply = max(millis(s.Sent.Ms), 0)
		steps = append(steps, at(afterOpening+reply, send(toS, passed, f)))
	}
	if s.End != nil {
		steps = append(steps, at(afterOpening+max(millis(s.End.Ms), reply), fin(toS, passed)))
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return one(steps...)
}

// handshake writes the cases that end before the connection opens.
func (s sample) handshake() ([]step, bool) {
	status, isStatus := strings.CutPrefix(s.Case, "hs_status_")
	asked := []step{at(0, request()), at(0, dialed(""))}
	switch {
	case s.Case == "hs_503_body_never_ends":
		status, isStatus = "503", true
	case s.Case == "hs_refused":
		return []step{at(0, request()), at(0, dialed("connection refused")), at(afterOpening, response(left, "502"))}, true
	case strings.HasPrefix(s.Case, "pageclose_connecting"), s.Case == "pageclose_same_tick",
		s.Case == "hs_never_answer", s.Case == "hs_partial_never_ends":
		return asked, true
	case strings.HasSuffix(s.Case, "_on_accept"), strings.HasSuffix(s.Case, "_before_101"), strings.HasSuffix(s.Case, "_mid_101"):
		return append(asked, at(afterOpening, s.tcpEnd())), true
	}
	if isStatus {
		return append(asked, at(afterOpening, response(passed, status))), true
	}
	return nil, false
}

// tcpEnd is the end that the case's name begins with.
func (s sample) tcpEnd() timeline.Event {
	if strings.HasPrefix(s.Case, "rst_") {
		return rst(toC, passed)
	}
	return fin(toC, passed)
}

// server writes what the server does on an open connection.
func (s sample) server() []step {
	group, what, _ := strings.Cut(s.Case, "_")
	switch group {
	case "fin", "rst", "close":
		return append(s.before(what), at(afterOpening, s.tcpEnd()))
	case "srvclose":
		return s.serverCloses(what)
	case "pageclose", "pageclose4001":
		return s.afterPageClose(what)
	case "bad", "ok":
		return s.violation(s.Case)
	}
	switch s.Case {
	case "101_close_fin_one_segment":
		return []step{at(afterOpening, serverCloses(1013, "later")), at(afterOpening, fin(toC, passed))}
	case "101_msg_close_one_segment":
		return []step{at(afterOpening, hear("m")), at(afterOpening, serverCloses(1013, "later")), at(afterOpening, fin(toC, passed))}
	case "msgs_then_close_fin", "bigmsgs_then_close_fin":
		return []step{at(afterOpening, hear("m")), at(afterOpening, hear("m")), at(afterOpening, serverCloses(1001, "bye")), at(sec, fin(toC, passed))}
	case "bigmsgs_then_fin":
		return []step{at(afterOpening, hear("m")), at(afterOpening, fin(toC, passed))}
	case "bigmsgs_then_rst":
		return []step{at(afterOpening, hear("m")), at(afterOpening, rst(toC, passed))}
	case "hs_http10_101", "hs_http2_101", "hs_ok_ping_only", "hs_connection_list", "hs_body_len_101", "hs_bytewise_101":
		return nil
	}
	return nil
}

// before writes what comes before a bare end of TCP.
func (s sample) before(what string) []step {
	const begun = afterOpening - ms
	switch what {
	case "midframe":
		return []step{at(begun, start(toC, frame.Header{Fin: true, Opcode: frame.OpText, Length: 100, Size: 2}))}
	case "midclose":
		return []step{at(begun, start(toC, frame.Header{Fin: true, Opcode: frame.OpClose, Length: 10, Size: 2}))}
	case "midmessage":
		f := frame.Text("begun")
		f.Fin = false
		return []step{at(begun, send(toC, passed, f))}
	case "after_msg":
		return []step{at(begun, hear("m"))}
	case "idle_clientsending":
		return []step{at(begun, say("m"))}
	}
	return nil
}

// serverCloses writes the cases that begin with the server's Close, and then its
// FIN once the client has answered, unless the case says otherwise.
func (s sample) serverCloses(what string) []step {
	closing := frame.Close(1001, "bye")
	finAfter := 5 * ms
	var more []step
	code, _, _ := strings.Cut(what, "_")
	if n, err := strconv.Atoi(code); err == nil {
		closing = frame.Close(frame.CloseCode(n), "r")
	}
	last := what[strings.LastIndexByte(what, '_')+1:]
	if n, err := strconv.Atoi(last); err == nil && strings.Contains(what, "fin_after") {
		finAfter = time.Duration(n)*ms + 900*time.Microsecond
	}
	switch {
	case strings.HasSuffix(what, "_nofin"):
		return []step{at(afterOpening, send(toC, passed, closing))}
	case strings.HasPrefix(what, "rst_after"):
		n, err := strconv.Atoi(last)
		after := time.Duration(n)*ms + 500*time.Microsecond
		if err != nil || s.Sent != nil {
			after = max(after, millis(s.Sent.Ms)+100*time.Microsecond)
		}
		return []step{at(afterOpening, send(toC, passed, closing)), at(afterOpening+after, rst(toC, passed))}
	}
	switch what {
	case "closefull_now":
		finAfter = 0
	case "empty":
		closing = frame.EmptyClose()
	case "1byte":
		closing = frame.Frame{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}}
	case "noreason":
		closing = frame.Close(1000, "")
	case "badutf8":
		closing = frame.Close(1000, "\xff\xfe")
	case "truncutf8":
		closing = frame.Close(1000, "ab\xe2\x82")
	case "surrogate":
		closing = frame.Close(1000, "\xed\xa0\x80")
	case "nul":
		closing = frame.Close(1000, "a\x00b")
	case "bom":
		closing = frame.Close(1000, "\ufeffab")
	case "utf8ok":
		closing = frame.Close(1000, "hé€😀")
	case "123reason":
		closing = frame.Close(1000, strings.Repeat("r", 123))
	case "124reason":
		closing = frame.Close(1000, strings.Repeat("r", 124))
	case "frag":
		closing = frame.Close(1000, "")
		closing.Fin = false
	case "then_data", "then_data_later":
		closing = frame.Close(1000, "bye")
		gap := map[string]time.Duration{"then_data": 600 * time.Microsecond, "then_data_later": 50 * ms}[what]
		more, finAfter = []step{at(afterOpening+gap, hear("late"))}, 100*ms
	case "twice":
		closing = frame.Close(1000, "one")
		more = []step{at(afterOpening+100*time.Microsecond, serverCloses(1000, "two"))}
	case "then_bad":
		closing = frame.Close(1000, "one")
		more = []step{at(afterOpening+100*time.Microsecond, opaque(toC, "RFC 6455 section 5.2", "opcode 0x3 is reserved"))}
	}
	steps := append([]step{at(afterOpening, send(toC, passed, closing))}, more...)
	return append(steps, at(afterOpening+finAfter, fin(toC, passed)))
}

// afterPageClose writes how the server takes the client's Close.
func (s sample) afterPageClose(what string) []step {
	answered := afterOpening + 100*time.Microsecond
	if s.Sent != nil {
		answered += max(millis(s.Sent.Ms), 0)
	}
	echo := frame.EmptyClose()
	if s.Sent != nil && s.Sent.Code != frame.CodeNoStatus {
		echo = frame.Close(s.Sent.Code, s.Sent.Reason)
	}
	end := fin(toC, passed)
	switch {
	case strings.HasPrefix(what, "noecho"):
		switch what {
		case "noecho_fin30":
			return []step{at(30*sec, end)}
		case "noecho_echo50":
			return []step{at(50*sec, send(toC, passed, echo)), at(50*sec+ms, end)}
		case "noecho_data":
			return []step{at(sec, hear("m")), at(2*sec, hear("m"))}
		}
		return nil
	case strings.HasPrefix(what, "echo_delay1500"):
		steps := []step{at(1500*ms, send(toC, passed, echo))}
		if strings.HasSuffix(what, "_fin") {
			steps = append(steps, at(1501*ms, end))
		}
		return steps
	}
	switch what {
	case "echo1000_fin":
		echo = frame.Close(1000, "")
	case "echo_other":
		echo = frame.Close(1011, "srv")
	case "echo_empty":
		echo = frame.EmptyClose()
	case "echo_invalid1006":
		echo = frame.Close(1006, "")
	case "echo_invalid999":
		echo = frame.Close(999, "")
	case "echo_rst":
		return []step{at(answered, send(toC, passed, echo)), at(answered, rst(toC, passed))}
	case "echo_nofin":
		return []step{at(answered, send(toC, passed, echo))}
	case "fin_noecho":
		return []step{at(answered, end)}
	case "rst_noecho":
		return []step{at(answered, rst(toC, passed))}
	case "badframe":
		return []step{at(answered, opaque(toC, "RFC 6455 section 5.2", "opcode 0x3 is reserved"))}
	case "crossing1012":
		echo = frame.Close(1012, "restart")
		return []step{at(afterOpening, send(toC, passed, echo)), at(afterOpening+20*ms, end)}
	case "data_then_echo":
		return []step{at(answered, hear("m")), at(answered, send(toC, passed, echo)), at(answered, end)}
	case "ping_then_echo":
		return []step{at(answered, send(toC, passed, frame.Ping(nil))), at(answered, send(toC, passed, echo)), at(answered, end)}
	}
	return []step{at(answered, send(toC, passed, echo)), at(answered, end)}
}

// violation writes the frames that break a rule. Those that no peer could have
// sent make the direction opaque.
func (s sample) violation(name string) []step {
	bad := func(ev timeline.Event) []step { return []step{at(afterOpening, ev)} }
	impossible := opaque(toC, "RFC 6455 section 5.2", "reserved")
	fragment := func(s string) timeline.Event {
		f := frame.Text(s)
		f.Fin = false
		return send(toC, passed, f)
	}
	long := func(n uint64) timeline.Event {
		return start(toC, frame.Header{Fin: true, Opcode: frame.OpBinary, Length: n, Size: 10})
	}
	wide := func(size int) timeline.Event {
		ev := hear("x")
		ev.Header.Size = size
		return ev
	}
	switch name {
	case "bad_masked_text":
		return bad(raw(toC, passed, frame.Text("x").WithMask([4]byte{1, 2, 3, 4})))
	case "bad_frag_ping":
		f := frame.Ping(nil)
		f.Fin = false
		return bad(send(toC, passed, f))
	case "bad_ping_126":
		return bad(send(toC, passed, frame.Ping(make([]byte, 126))))
	case "bad_cont_without_start":
		return bad(send(toC, passed, frame.Continuation(true, []byte("x"))))
	case "bad_text_in_fragmented":
		return []step{at(afterOpening, fragment("a")), at(afterOpening, hear("b"))}
	case "bad_utf8_text":
		return bad(hear("a\xff"))
	case "bad_utf8_truncated":
		return bad(hear("a\xe2\x82"))
	case "bad_utf8_frag_first":
		return bad(fragment("a\xff"))
	case "bad_len_4GiB":
		return bad(long(1 << 32))
	case "bad_len_2_62":
		return bad(long(1 << 62))
	case "bad_len126_nonminimal":
		return bad(wide(4))
	case "bad_len127_nonminimal":
		return bad(wide(10))
	case "bad_then_fin_now":
		return append(bad(impossible), at(afterOpening, fin(toC, passed)))
	case "ok_msg_then_bad":
		return append([]step{at(afterOpening, hear("m"))}, at(afterOpening, impossible))
	}
	return bad(impossible)
}

// Every measured case that a recorder can see is derived as measured.
func TestCloseEventIsWhatClientsReport(t *testing.T) {
	text, err := os.ReadFile("testdata/close_events.json")
	if err != nil {
		t.Fatal(err)
	}
	var samples []sample
	if err := json.Unmarshal(text, &samples); err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, s := range samples {
		if _, ok := notPlayable[s.Case]; ok {
			continue
		}
		played++
		t.Run(s.Client+"/"+s.Case, func(t *testing.T) {
			events := s.play()
			if events == nil {
				t.Fatalf("nobody has written the history of this case")
			}
			client, err := diagnosis.ParseClientKind(s.Client)
			if err != nil {
				t.Fatal(err)
			}
			r := diagnosis.Analyzer{Client: client}.Diagnose(events, 1)
			if s.Code == nil {
				// No close event was seen: the connection lives, or ws waits for the
				// server's FIN with its error event already fired.
				if r.CloseEvent.Error != s.Error {
					t.Errorf("derived %s, measured error=%t and no close event yet", r.CloseEvent, s.Error)
				}
				if !s.Error && s.Sent == nil && r.Reported {
					t.Errorf("derived %s, measured no event at all", r.CloseEvent)
				}
				return
			}
			want := frame.CloseEvent{Code: *s.Code, Reason: s.Reason, WasClean: s.Clean, Error: s.Error}
			if r.CloseEvent != want || !r.Reported {
				t.Errorf("derived %s (reported %t), measured %s", r.CloseEvent, r.Reported, want)
			}
		})
	}
	t.Logf("%d of %d measured cases played; the rest cannot be derived from a recording:", played, len(samples))
	for _, name := range slices.Sorted(maps.Keys(notPlayable)) {
		t.Logf("  %s: %s", name, notPlayable[name])
	}
}

func TestCloseEventOfInjectedEnds(t *testing.T) {
	tests := []struct {
		name     string
		events   diagnosis.Events
		want     string
		reported bool
	}{
		{"a box closes both sides", live(cutByBox(sec)...), `1006 "" wasClean=false`, true},
		{"a box closes with a reset", live(at(sec, rst(toC, left)), at(sec, ended())), `1006 "" wasClean=false`, true},
		{"closed with data unread", live(
			at(sec, serverCloses(1001, "")), at(sec, clientCloses(1001, "")),
			at(sec, timeline.Event{Kind: timeline.KindClosed, Dir: toC, Fields: fields("how", "rst")})), `1001 "" wasClean=false`, true},
		{"an injected Close", live(at(sec, send(toC, left, frame.Close(1012, "restart"))), at(sec, fin(toC, left))), `1012 "restart" wasClean=true`, true},
		{"a Close that was dropped", live(at(sec, send(toC, arrived, frame.Close(1012, "restart"))), at(sec, fin(toC, passed))), `1006 "" wasClean=false`, true},
		{"a FIN that is held back", live(at(sec, fin(toC, arrived))), `0 "" wasClean=false`, false},
		{"a Close that is held back", live(at(sec, send(toC, arrived, frame.Close(1012, "")))), `0 "" wasClean=false`, false},
		{"a rejected handshake", one(at(0, request()), at(0, response(left, "503"))), `error, then 1006 "" wasClean=false`, true},
		{"compressed text is not judged", live(at(sec, timeline.Event{
			Kind: timeline.KindFrame, Dir: toC, Seen: passed, Inflated: true,
			Header: frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Length: 3, Size: 2}, Payload: []byte("inflated \xff"),
		})), `error, then 1006 "" wasClean=false`, true}, // RSV1 without negotiation
		{"text of which the beginning was kept", live(
			at(sec, timeline.Event{
				Kind: timeline.KindFrame, Dir: toC, Seen: passed, Truncated: true,
				Header: frame.Header{Fin: true, Opcode: frame.OpText, Length: 8000, Size: 4}, Payload: []byte("half a \xe2"),
			}), at(2*sec, serverCloses(1000, "")), at(2*sec, fin(toC, passed))), `1000 "" wasClean=true`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := diagnosis.Diagnose(tt.events, 1)
			if got := r.CloseEvent.String(); got != tt.want || r.Reported != tt.reported {
				t.Errorf("got %s (reported %t), want %s (%t)", got, r.Reported, tt.want, tt.reported)
			}
		})
	}
}

// Compression that was negotiated makes RSV1 legal.
func TestCloseEventKnowsCompression(t *testing.T) {
	compressed := timeline.Event{
		Kind: timeline.KindFrame, Dir: toC, Seen: passed, Opaque: true, Payload: []byte{0xff, 0xfe},
		Header: frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.OpText, Length: 2, Size: 2},
	}
	for _, name := range []string{"extensions", "sec-websocket-extensions", "Sec-WebSocket-Extensions"} {
		events := one(at(0, request()), at(0, response(passed, "101", name, "permessage-deflate")), at(0, opened()),
			at(sec, compressed), at(2*sec, serverCloses(1000, "")), at(2*sec, fin(toC, passed)))
		if got, want := diagnosis.Diagnose(events, 1).CloseEvent.String(), `1000 "" wasClean=true`; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
