package confusion

import (
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

var (
	pongs  = frame.AllOf(frame.Op(frame.OpPong), frame.Toward(frame.ToClient))
	pings  = frame.AllOf(frame.Op(frame.OpPing), frame.Toward(frame.ToServer))
	echoes = frame.AllOf(frame.Op(frame.OpText), frame.Toward(frame.ToClient))
	closes = frame.AllOf(frame.Op(frame.OpClose), frame.Toward(frame.ToClient))
)

// frameRows are what the proxy does to single frames.
func frameRows() []row {
	const group = "the proxy, to frames"
	do := func(c client, on frame.Trigger, f faultproxy.Fault) row { return rule(group, c, on, f) }
	leaving := usual()
	leaving.leaves, leaving.leaving = when, "1000"
	drop := rule(group, usual(), nil, faultproxy.Drop{})
	drop.rules, drop.name = []faultproxy.Rule{faultproxy.DropPongs()}, faultproxy.DropPongs().String()
	gentle := drop
	gentle.client.gentle = true
	return []row{
		drop.expect(diagnosis.IDHeartbeatTimeout),
		gentle.also("a client that says 1000").expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), pings, faultproxy.Drop{}).expect(diagnosis.IDHeartbeatTimeout),
		do(chatty(), pongs, faultproxy.Drop{}).also("data flows").expect(diagnosis.IDStillOpen),
		do(chatty(), echoes, faultproxy.Drop{}).expect(diagnosis.IDStillOpen),
		do(leaving, closes, faultproxy.Drop{}).also("the client leaves").expect(diagnosis.IDCloseByClient),
		do(usual(), pongs, faultproxy.Duplicate{Copies: 2}).expect(diagnosis.IDStillOpen),
		do(chatty(), echoes, faultproxy.Duplicate{}).expect(diagnosis.IDStillOpen),
		do(usual(), pongs, faultproxy.Late{By: sec}).expect(diagnosis.IDStillOpen),
		do(usual(), pongs, faultproxy.Late{By: 20 * sec}).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), pings, faultproxy.Late{By: 20 * sec}).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), nil, faultproxy.Latency{Delay: 200 * ms, Jitter: 100 * ms}).expect(diagnosis.IDStillOpen),
		do(usual(), pongs, faultproxy.Latency{Delay: 10 * sec}).expect(diagnosis.IDHeartbeatTimeout),
		do(usual(), pongs, faultproxy.Replace{With: frame.Pong([]byte("of another ping"))}).expect(diagnosis.IDHeartbeatTimeout),
		do(chatty(), echoes, faultproxy.Replace{With: frame.Text("something else")}).expect(diagnosis.IDStillOpen),
		do(chatty(), echoes, faultproxy.Replace{With: frame.Close(1012, "")}).expect(diagnosis.IDRestart),
		do(usual(), faultproxy.Elapsed(when), faultproxy.Inject{Frame: frame.Pong([]byte("stray"))}).expect(diagnosis.IDStillOpen),
		do(usual(), faultproxy.Every(sec), faultproxy.Inject{Frame: frame.Ping([]byte("are you there"))}).expect(diagnosis.IDStillOpen),
		do(usual(), faultproxy.Elapsed(when), faultproxy.Inject{Frame: frame.Text("news")}).expect(diagnosis.IDStillOpen),
		do(usual(), faultproxy.Elapsed(when), faultproxy.Inject{Frame: frame.Close(4009, "")}).expect(diagnosis.IDCloseByServer),
	}
}

// illegalRows are frames that nobody may send, made by the proxy.
func illegalRows() []row {
	const group = "the proxy, illegal frames"
	with := func(f frame.Frame, edit func(*frame.Frame)) frame.Frame { edit(&f); return f }
	part := func(f *frame.Frame) { f.Fin = false }
	cases := []struct {
		frame frame.Frame
		what  string
		want  diagnosis.ID
	}{
		{with(frame.Text("x"), func(f *frame.Frame) { f.RSV = frame.RSV1 }), "RSV1", diagnosis.IDProtocolError},
		{with(frame.Text("x"), func(f *frame.Frame) { f.RSV = frame.RSV2 }), "RSV2", diagnosis.IDProtocolError},
		{with(frame.Text("x"), func(f *frame.Frame) { f.Opcode = 3 }), "opcode 3", diagnosis.IDProtocolError},
		{with(frame.Text("x"), func(f *frame.Frame) { f.Opcode = 11 }), "opcode 11", diagnosis.IDProtocolError},
		{frame.Ping(make([]byte, 126)), "a ping of 126 bytes", diagnosis.IDProtocolError},
		{with(frame.Ping(nil), part), "a fragmented ping", diagnosis.IDProtocolError},
		{frame.Continuation(true, []byte("x")), "a continuation of nothing", diagnosis.IDProtocolError},
		{frame.Text("a\xffb"), "text that is not UTF-8", diagnosis.IDBadUTF8},
		{frame.Close(1000, "\xff\xfe"), "a Close whose reason is not UTF-8", diagnosis.IDBadUTF8},
		{frame.Close(1005, ""), "Close 1005 on the wire", diagnosis.IDProtocolError},
		{frame.Close(1006, ""), "Close 1006 on the wire", diagnosis.IDProtocolError},
		{frame.Close(1015, ""), "Close 1015 on the wire", diagnosis.IDProtocolError},
		{frame.Frame{Fin: true, Opcode: frame.OpClose, Payload: []byte{3}}, "a Close of one byte", diagnosis.IDProtocolError},
		{frame.Close(1000, strings.Repeat("r", 124)), "a Close of 126 bytes", diagnosis.IDProtocolError},
	}
	var rows []row
	for _, c := range cases {
		for _, dir := range []frame.Direction{frame.ToClient, frame.ToServer} {
			r := rule(group, usual(), faultproxy.Elapsed(when), faultproxy.Inject{Frame: c.frame, Toward: dir})
			r.name = c.what + " " + dir.String()
			rows = append(rows, r.expect(c.want))
		}
	}
	masked := rule(group, usual(), faultproxy.Elapsed(when), faultproxy.Inject{Frame: frame.Text("x").WithMask([4]byte{1, 2, 3, 4})})
	masked.name = "a masked frame to-client"
	big := rule(group, usual(), faultproxy.Elapsed(when), faultproxy.Inject{Frame: frame.Binary(make([]byte, 70_000))})
	big.name = "a message over the client's limit"
	return append(rows, masked.expect(diagnosis.IDProtocolError), big.expect(diagnosis.IDTooBig))
}
