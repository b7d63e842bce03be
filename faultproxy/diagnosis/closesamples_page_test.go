package diagnosis_test

import (
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

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
