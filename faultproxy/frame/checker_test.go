package frame_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// with returns f changed.
func with(f frame.Frame, change func(*frame.Frame)) frame.Frame {
	change(&f)
	return f
}

func unfinished(f frame.Frame) frame.Frame { return with(f, func(f *frame.Frame) { f.Fin = false }) }

func rsv(f frame.Frame, bits uint8) frame.Frame {
	return with(f, func(f *frame.Frame) { f.RSV = bits })
}

func lengthIn(f frame.Frame, bytes int) frame.Frame {
	return with(f, func(f *frame.Frame) { f.LengthBytes = bytes })
}

type checkCase struct {
	name       string
	rule       string // that the last frame breaks; "" if all is legal
	section    string
	code       frame.CloseCode
	fromClient bool
	deflate    bool
	frames     []frame.Frame // unmasked; masked for the client unless noMask
	noMask     bool
}

var checkCases = []checkCase{
	{name: "RSV2", rule: "reserved-bits", section: "RFC 6455 section 5.2", code: 1002, frames: []frame.Frame{rsv(frame.Text("x"), frame.RSV2)}},
	{name: "RSV1 not negotiated", rule: "reserved-bits", section: "RFC 6455 section 5.2", code: 1002, frames: []frame.Frame{rsv(frame.Text("x"), frame.RSV1)}},
	{name: "RSV3 with deflate", rule: "reserved-bits", section: "RFC 6455 section 5.2", code: 1002, deflate: true, frames: []frame.Frame{rsv(frame.Text("x"), frame.RSV1|frame.RSV3)}},
	{name: "opcode 3", rule: "reserved-opcode", section: "RFC 6455 section 5.2", code: 1002, frames: []frame.Frame{{Fin: true, Opcode: 3}}},
	{name: "opcode b", rule: "reserved-opcode", section: "RFC 6455 section 5.2", code: 1002, frames: []frame.Frame{{Fin: true, Opcode: 0xb}}},
	{name: "deflate on a ping", rule: "misplaced-compression-bit", section: "RFC 7692 section 6", code: 1002, deflate: true, frames: []frame.Frame{rsv(frame.Ping(nil), frame.RSV1)}},
	{name: "deflate on a continuation", rule: "misplaced-compression-bit", section: "RFC 7692 section 6", code: 1002, deflate: true,
		frames: []frame.Frame{rsv(unfinished(frame.Text("x")), frame.RSV1), rsv(frame.Continuation(true, nil), frame.RSV1)}},
	{name: "client without mask", rule: "unmasked-client-frame", section: "RFC 6455 section 5.1", code: 1002, fromClient: true, noMask: true, frames: []frame.Frame{frame.Ping(nil)}},
	{name: "server with mask", rule: "masked-server-frame", section: "RFC 6455 section 5.1", code: 1002, frames: []frame.Frame{frame.Ping(nil).WithMask(key)}},
	{name: "length in 2 bytes", rule: "non-minimal-length", section: "RFC 6455 section 5.2", code: 1002, frames: []frame.Frame{lengthIn(frame.Text("x"), 2)}},
	{name: "length in 8 bytes", rule: "non-minimal-length", section: "RFC 6455 section 5.2", code: 1002, fromClient: true, frames: []frame.Frame{lengthIn(frame.Binary(make([]byte, 126)), 8)}},
	{name: "fragmented ping", rule: "fragmented-control", section: "RFC 6455 section 5.5", code: 1002, frames: []frame.Frame{unfinished(frame.Ping(nil))}},
	{name: "126-byte ping", rule: "oversized-control", section: "RFC 6455 section 5.5", code: 1002, frames: []frame.Frame{frame.Ping(make([]byte, 126))}},
	{name: "reason of 124 bytes", rule: "oversized-control", section: "RFC 6455 section 5.5", code: 1002, frames: []frame.Frame{frame.Close(1000, rep("x", 124))}},
	{name: "second Close", rule: "close-after-close", section: "RFC 6455 section 5.5.1", code: 1002, frames: []frame.Frame{frame.Close(1000, ""), frame.Close(1000, "")}},
	{name: "data after Close", rule: "data-after-close", section: "RFC 6455 section 5.5.1", code: 1002, frames: []frame.Frame{frame.EmptyClose(), frame.Text("x")}},
	{name: "continuation after Close", rule: "data-after-close", section: "RFC 6455 section 5.5.1", code: 1002,
		frames: []frame.Frame{unfinished(frame.Text("x")), frame.EmptyClose(), frame.Continuation(true, nil)}},
	{name: "continuation first", rule: "unexpected-continuation", section: "RFC 6455 section 5.4", code: 1002, frames: []frame.Frame{frame.Continuation(true, nil)}},
	{name: "continuation after a whole message", rule: "unexpected-continuation", section: "RFC 6455 section 5.4", code: 1002,
		frames: []frame.Frame{unfinished(frame.Text("x")), frame.Continuation(true, nil), frame.Continuation(true, nil)}},
	{name: "message inside a message", rule: "interleaved-message", section: "RFC 6455 section 5.4", code: 1002,
		frames: []frame.Frame{unfinished(frame.Text("x")), frame.Ping(nil), frame.Binary(nil)}},
	{name: "Close of one byte", rule: "short-close-payload", section: "RFC 6455 section 5.5.1", code: 1002, frames: []frame.Frame{{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}}}},
	{name: "1005 on the wire", rule: "forbidden-close-code", section: "RFC 6455 section 7.4.1", code: 1002, frames: []frame.Frame{frame.Close(1005, "")}},
	{name: "1006 on the wire", rule: "forbidden-close-code", section: "RFC 6455 section 7.4.1", code: 1002, frames: []frame.Frame{frame.Close(1006, "")}},
	{name: "1015 on the wire", rule: "forbidden-close-code", section: "RFC 6455 section 7.4.1", code: 1002, frames: []frame.Frame{frame.Close(1015, "")}},
	{name: "1004", rule: "undefined-close-code", section: "RFC 6455 section 7.4.1", code: 1002, frames: []frame.Frame{frame.Close(1004, "")}},
	{name: "0", rule: "undefined-close-code", section: "RFC 6455 section 7.4.2", code: 1002, frames: []frame.Frame{frame.Close(0, "")}},
	{name: "999", rule: "undefined-close-code", section: "RFC 6455 section 7.4.2", code: 1002, frames: []frame.Frame{frame.Close(999, "")}},
	{name: "1016", rule: "undefined-close-code", section: "RFC 6455 section 7.4.2", code: 1002, frames: []frame.Frame{frame.Close(1016, "")}},
	{name: "2999", rule: "undefined-close-code", section: "RFC 6455 section 7.4.2", code: 1002, frames: []frame.Frame{frame.Close(2999, "")}},
	{name: "5000", rule: "undefined-close-code", section: "RFC 6455 section 7.4.2", code: 1002, frames: []frame.Frame{frame.Close(5000, "")}},
	{name: "reason not UTF-8", rule: "close-reason-not-utf8", section: "RFC 6455 section 5.5.1", code: 1007, frames: []frame.Frame{frame.Close(1000, "\xff")}},
	{name: "reason cut in a character", rule: "close-reason-not-utf8", section: "RFC 6455 section 5.5.1", code: 1007, frames: []frame.Frame{frame.Close(1000, "ä"[:1])}},
	{name: "text not UTF-8", rule: "text-not-utf8", section: "RFC 6455 section 8.1", code: 1007, frames: []frame.Frame{frame.Text("a\xffb")}},
	{name: "text cut in a character", rule: "text-not-utf8", section: "RFC 6455 section 8.1", code: 1007, fromClient: true, frames: []frame.Frame{frame.Text("€"[:2])}},
	{name: "surrogate in UTF-8", rule: "text-not-utf8", section: "RFC 6455 section 8.1", code: 1007, frames: []frame.Frame{frame.Text("\xed\xa0\x80")}},
	{name: "bad byte in a first fragment", rule: "text-not-utf8", section: "RFC 6455 section 8.1", code: 1007, frames: []frame.Frame{unfinished(frame.Text("a\xff"))}},
	{name: "bad byte in a later fragment", rule: "text-not-utf8", section: "RFC 6455 section 8.1", code: 1007,
		frames: []frame.Frame{unfinished(frame.Text("€"[:1])), frame.Ping(nil), frame.Continuation(false, []byte("€"[1:2])), frame.Continuation(false, []byte("x"))}},
	{name: "message ends in a character", rule: "text-not-utf8", section: "RFC 6455 section 8.1", code: 1007,
		frames: []frame.Frame{unfinished(frame.Text("€"[:1])), frame.Continuation(true, nil)}},

	{name: "legal: everything", fromClient: true, frames: []frame.Frame{
		frame.Text("hi"), frame.Ping(make([]byte, 125)), unfinished(frame.Text("€"[:1])), frame.Pong(nil),
		frame.Continuation(false, []byte("€"[1:2])), frame.Continuation(false, nil), frame.Continuation(true, []byte("€"[2:])),
		frame.Binary([]byte{0xff}), unfinished(frame.Binary(nil)), frame.Continuation(true, []byte{0xff}),
		frame.Binary(make([]byte, 70_000)), frame.Close(1000, rep("x", 123)),
	}},
	{name: "legal: characters cut anywhere", frames: []frame.Frame{
		unfinished(frame.Text("€"[:2])), frame.Continuation(false, []byte("€"[2:]+"😀"[:3])), frame.Continuation(true, []byte("😀"[3:])),
	}},
	{name: "legal: ping after Close", frames: []frame.Frame{frame.EmptyClose(), frame.Ping(nil), frame.Pong(nil)}},
	{name: "legal: compressed", deflate: true, frames: []frame.Frame{
		rsv(frame.Text("\xff"), frame.RSV1), rsv(unfinished(frame.Text("\xff")), frame.RSV1), frame.Continuation(true, []byte("\xff")), frame.Text("plain"),
	}},
	{name: "legal: codes", frames: []frame.Frame{frame.Close(1014, "ä")}},
	{name: "legal: private code", frames: []frame.Frame{frame.Close(4999, "")}},
	{name: "legal: library code", frames: []frame.Frame{frame.Close(3000, "")}},
}

func (c checkCase) sent() []frame.Frame {
	frames := slices.Clone(c.frames)
	if c.fromClient && !c.noMask {
		for i := range frames {
			frames[i] = frames[i].WithMask(key)
		}
	}
	return frames
}

func TestChecker(t *testing.T) {
	for _, c := range checkCases {
		t.Run(c.name, func(t *testing.T) {
			checker := frame.Checker{FromClient: c.fromClient, Deflate: c.deflate}
			frames := c.sent()
			for i, f := range frames {
				v := checker.Frame(f)
				switch {
				case c.rule == "" || i < len(frames)-1:
					if v != nil {
						t.Errorf("frame %d, %s: %v, want nothing", i, f, v)
					}
				case v == nil:
					t.Errorf("%s: nothing, want %s", f, c.rule)
				case v.Rule != c.rule || v.Section != c.section || v.Code != c.code:
					t.Errorf("%s: %v, want %s of %s, close %d", f, v, c.rule, c.section, c.code)
				case !strings.HasPrefix(v.Error(), c.rule+": ") || !strings.Contains(v.Error(), c.section):
					t.Errorf("message %q", v.Error())
				}
			}
		})
	}
}

func TestLengthOutOfRange(t *testing.T) {
	for _, length := range []uint64{1 << 63, 1<<64 - 1} {
		h, _ := frame.ParseHeader(frame.Header{Fin: true, Opcode: frame.OpBinary, Length: length}.Append(nil))
		if v := new(frame.Checker).Header(h); v == nil || v.Rule != "length-out-of-range" || v.Code != 1002 {
			t.Errorf("%d: %v", length, v)
		}
	}
	if v := new(frame.Checker).Header(frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 1<<63 - 1}); v != nil {
		t.Errorf("2^63-1: %v", v)
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	fired := map[string]bool{"length-out-of-range": true} // TestLengthOutOfRange
	for _, c := range checkCases {
		fired[c.rule] = true
	}
	delete(fired, "")
	for _, rule := range frame.Rules() {
		if !fired[rule] {
			t.Errorf("no case for %s", rule)
		}
		delete(fired, rule)
	}
	for rule := range fired {
		t.Errorf("%s is not in Rules", rule)
	}
}

// One violation does not make the checker blind or deaf.
func TestCheckerGoesOn(t *testing.T) {
	var c frame.Checker
	for i, step := range []struct {
		f    frame.Frame
		rule string
	}{
		{unfinished(frame.Text("\xff")), "text-not-utf8"},
		{frame.Continuation(false, []byte("\xff")), ""}, // reported once per message
		{frame.Text("new"), "interleaved-message"},
		{frame.Continuation(true, nil), "unexpected-continuation"},
		{frame.Text("\xfe"), "text-not-utf8"},
		{frame.Frame{Fin: true, Opcode: 0xC}, "reserved-opcode"},
		{frame.Text("fine"), ""},
		{frame.Close(1006, "\xff"), "forbidden-close-code"},
		{frame.Close(1000, "\xff"), "close-after-close"},
		{frame.Ping(nil).WithMask(key), "masked-server-frame"},
	} {
		v := c.Frame(step.f)
		if v == nil && step.rule != "" || v != nil && v.Rule != step.rule {
			t.Errorf("step %d, %s: %v, want %q", i, step.f, v, step.rule)
		}
	}
}

func TestImpossible(t *testing.T) {
	for _, c := range []struct {
		h       frame.Header
		deflate bool
		rule    string
	}{
		{frame.Header{Opcode: frame.OpText, RSV: frame.RSV1}, false, "reserved-bits"},
		{frame.Header{Opcode: frame.OpText, RSV: frame.RSV1}, true, ""},
		{frame.Header{Opcode: frame.OpText, RSV: frame.RSV2}, true, "reserved-bits"},
		{frame.Header{Opcode: 0xF}, true, "reserved-opcode"},
		{frame.Header{Opcode: frame.OpText, Length: 1 << 63}, false, "length-out-of-range"},
		// Wrong, but a peer could send it and mean it.
		{frame.Header{Opcode: frame.OpPing, Length: 126}, false, ""},
		{frame.Header{Opcode: frame.OpContinuation}, false, ""},
		{frame.Header{Opcode: frame.OpText, Size: 10}, false, ""},
	} {
		v := frame.Impossible(c.h, c.deflate)
		if v == nil && c.rule != "" || v != nil && v.Rule != c.rule {
			t.Errorf("%+v deflate=%t: %v, want %q", c.h, c.deflate, v, c.rule)
		}
	}
	v := frame.Impossible(frame.Header{Opcode: frame.OpText, RSV: 7}, true)
	if v == nil || !strings.HasPrefix(v.Text, "RSV2 and RSV3 set") {
		t.Errorf("RSV 7 with deflate: %v", v)
	}
}

func TestCheckerDoesNotAllocate(t *testing.T) {
	var c frame.Checker
	h, payload := frame.Text("hello wörld").Header(), []byte("hello wörld")
	if n := testing.AllocsPerRun(100, func() { c.Header(h); c.Payload(payload, true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
