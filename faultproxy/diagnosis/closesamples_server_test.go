package diagnosis_test

import (
	"strconv"
	"strings"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// before is what comes before a bare end of TCP.
func before(what string) []act {
	const begun = afterOpening - ms
	part := func(f frame.Frame, n int) []act { return []act{{at: begun, bytes: f.Append(nil)[:n]}} }
	switch what {
	case "midheader":
		return part(frame.Text("x"), 1)
	case "midframe":
		return part(frame.Text(strings.Repeat("x", 100)), 12)
	case "midclose":
		return part(frame.Close(1001, "going away"), 5)
	case "midmessage":
		f := frame.Text("begun")
		f.Fin = false
		return []act{serverSends(begun, f)}
	case "after_msg":
		return []act{serverSends(begun, frame.Text("m"))}
	case "idle_clientsending":
		return []act{{at: begun, byClient: true, bytes: frame.Text("m").WithMask([4]byte{1}).Append(nil)}}
	}
	return nil
}

// serverCloses are the cases that begin with the server's Close, and then its FIN
// once the client has answered, unless the case says otherwise.
func (s sample) serverCloses(what string) []act {
	closing := frame.Close(1001, "bye")
	finAfter := 5 * ms
	var more []act
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
		return []act{serverSends(afterOpening, closing)}
	case strings.HasPrefix(what, "rst_after"):
		n, err := strconv.Atoi(last)
		after := time.Duration(n)*ms + 500*time.Microsecond
		if err != nil || s.Sent != nil {
			after = max(after, millis(s.Sent.Ms)+100*time.Microsecond)
		}
		return []act{serverSends(afterOpening, closing), serverEnds(afterOpening+after, "rst")}
	}
	switch what {
	case "closefull_now":
		return []act{serverSends(afterOpening, closing), serverEnds(afterOpening, "close")}
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
		more, finAfter = []act{serverSends(afterOpening+gap, frame.Text("late"))}, 100*ms
	case "twice":
		closing = frame.Close(1000, "one")
		more = []act{serverSends(afterOpening+100*time.Microsecond, frame.Close(1000, "two"))}
	case "then_bad":
		closing = frame.Close(1000, "one")
		more = []act{serverSends(afterOpening+100*time.Microsecond, reservedOpcode)}
	}
	acts := append([]act{serverSends(afterOpening, closing)}, more...)
	return append(acts, serverEnds(afterOpening+finAfter, "fin"))
}

// reservedOpcode is a frame that no peer can send.
var reservedOpcode = frame.Frame{Fin: true, Opcode: 3, Payload: []byte("x")}

// violation is what breaks a rule.
func violation(name string) []act {
	bad := func(frames ...frame.Frame) []act { return []act{serverSends(afterOpening, frames...)} }
	head := func(h frame.Header) []act { return []act{{at: afterOpening, bytes: h.Append(nil)}} }
	bits := func(rsv uint8) frame.Frame {
		return frame.Frame{Fin: true, RSV: rsv, Opcode: frame.OpText, Payload: []byte("x")}
	}
	op := func(op frame.Opcode) frame.Frame {
		return frame.Frame{Fin: true, Opcode: op, Payload: []byte("x")}
	}
	begin := func(s string) frame.Frame {
		f := frame.Text(s)
		f.Fin = false
		return f
	}
	switch name {
	case "bad_masked_text":
		return bad(frame.Text("x").WithMask([4]byte{1, 2, 3, 4}))
	case "bad_rsv1":
		return bad(bits(frame.RSV1))
	case "bad_rsv2":
		return bad(bits(frame.RSV2))
	case "bad_rsv3":
		return bad(bits(frame.RSV3))
	case "bad_opcode_3":
		return bad(op(3))
	case "bad_opcode_7":
		return bad(op(7))
	case "bad_opcode_b":
		return bad(op(11))
	case "bad_opcode_f":
		return bad(op(15))
	case "bad_frag_ping":
		f := frame.Ping(nil)
		f.Fin = false
		return bad(f)
	case "bad_ping_126":
		return bad(frame.Ping(make([]byte, 126)))
	case "bad_cont_without_start":
		return bad(frame.Continuation(true, []byte("x")))
	case "bad_text_in_fragmented":
		return bad(begin("a"), frame.Text("b"))
	case "bad_utf8_text":
		return bad(frame.Text("a\xff"))
	case "bad_utf8_truncated":
		return bad(frame.Text("a\xe2\x82"))
	case "bad_utf8_frag_first":
		return bad(begin("a\xff"))
	case "bad_len_4GiB":
		return head(frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 32})
	case "bad_len_2_62":
		return head(frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 62})
	case "bad_len_msb":
		return head(frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1 << 63})
	case "bad_len126_nonminimal":
		return bad(frame.Frame{Fin: true, Opcode: frame.OpText, Payload: []byte("x"), LengthBytes: 2})
	case "bad_len127_nonminimal":
		return bad(frame.Frame{Fin: true, Opcode: frame.OpText, Payload: []byte("x"), LengthBytes: 8})
	case "bad_then_fin_now":
		return append(bad(op(3)), serverEnds(afterOpening, "fin"))
	case "bad_http_garbage":
		return []act{{at: afterOpening, bytes: []byte("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")}}
	case "ok_msg_then_bad":
		return bad(frame.Text("m"), op(3))
	}
	return nil
}

// declared is the beginning of a frame whose header declares a length.
func declared(what string) []byte {
	n, err := strconv.ParseUint(strings.TrimPrefix(what, "len_"), 10, 64)
	if err != nil {
		return nil
	}
	return frame.Header{Fin: true, Opcode: frame.OpBinary, Length: n}.Append(nil)
}

// deflated are the cases about permessage-deflate, which was agreed on.
func (s sample) deflated(what string) []act {
	send := func(frames ...frame.Frame) []act { return []act{serverSends(afterOpening, frames...)} }
	compressed := frame.Deflated(frame.Text("hello, hello, hello"))
	first := compressed
	first.Fin, first.Payload = false, compressed.Payload[:3]
	rest := frame.Continuation(true, compressed.Payload[3:])
	with := func(f frame.Frame) frame.Frame { f.RSV = frame.RSV1; return f }
	switch what {
	case "deflate_garbage":
		return send(with(frame.Text("\xff\xff\xff\xff")))
	case "deflate_rsv1_ping":
		return send(with(frame.Ping([]byte("p"))))
	case "deflate_rsv1_on_continuation":
		return send(first, with(rest))
	case "deflate_rsv1_close":
		return send(with(frame.Close(1000, "")))
	case "deflate_bad_utf8":
		return send(frame.Deflated(frame.Text("a\xff")))
	case "deflate_empty":
		return append(send(frame.Deflated(frame.Text(""))), s.answersClose()...)
	case "deflate_empty0":
		return append(send(with(frame.Text("\x00"))), s.answersClose()...)
	case "deflate_ok_frag":
		return append(send(first, rest), s.answersClose()...)
	}
	return nil
}
