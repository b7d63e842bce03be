package diagnosis_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
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
