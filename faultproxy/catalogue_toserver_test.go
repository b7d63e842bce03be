package faultproxy_test

import (
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

var fromClient = frame.AllOf(frame.Toward(frame.ToServer), frame.Op(frame.OpText))

// towardServer is the part of the catalogue in which the client's frames go wrong; it
// learns of that by what the server makes of them.
var towardServer = []entry{
	{"Frames, toward the server", "dropped", `{on: {frame: {op: text, dir: to-server}}, do: drop, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Drop{}, Times: 1}, plainly},
	{"Frames, toward the server", "delayed, and all behind it", `{on: {frame: {op: text, dir: to-server}}, do: {latency: 5s}, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Latency{Delay: 5 * sec}, Times: 1}, plainly},
	{"Frames, toward the server", "late, alone", `{on: {frame: {op: text, dir: to-server}}, do: {late: 5s}, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Late{By: 5 * sec}, Times: 1}, plainly},
	{"Frames, toward the server", "reordered", `{on: {frame: {op: text, dir: to-server}}, do: reorder, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Reorder{}, Times: 1}, plainly},
	{"Frames, toward the server", "duplicated", `{on: {frame: {op: text, dir: to-server}}, do: duplicate, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Duplicate{}, Times: 1}, plainly},
	{"Frames, toward the server", "replaced", `{on: {frame: {op: text, dir: to-server}}, do: {replace: {with: {text: other}}}, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Replace{With: frame.Text("other")}, Times: 1}, plainly},
	{"Frames, toward the server", "injected", `{on: {elapsed: 10s}, do: {inject: {frame: {text: extra}, toward: to-server}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Inject{Frame: frame.Text("extra"), Toward: frame.ToServer}}, plainly},
	{"Frames, toward the server", "corrupted", `{on: {frame: {op: text, dir: to-server}}, do: {corrupt: 2}, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Corrupt{Bytes: 2}, Times: 1}, plainly},
	{"Frames, toward the server", "truncated", `{on: {frame: {op: text, dir: to-server}}, do: {truncate: 1}, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Truncate{Keep: 1}, Times: 1}, plainly},
	// What follows a torn frame is read as the client's random key has it, so the last one is torn.
	{"Frames, toward the server", "torn: less than the header says", `{on: {frame: {op: close, dir: to-server}}, do: {truncate: {keep: 1, torn: true}}}`,
		faultproxy.Rule{On: frame.AllOf(frame.Toward(frame.ToServer), frame.Op(frame.OpClose)), Do: faultproxy.Truncate{Keep: 1, Torn: true}}, leaving},
	{"Frames, toward the server", "split into fragments", `{on: {frame: {op: text, dir: to-server}}, do: {split: {parts: 3, pause: 1s}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Split{Parts: 3, Pause: sec}}, plainly},
	{"Frames, toward the server", "coalesced", `{on: {frame: {op: text, dir: to-server}}, do: {coalesce: 3}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Coalesce{Frames: 3}}, plainly},
	{"Frames, toward the server", "reserved bit", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {rsv: 2}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{RSV: frame.RSV2}}, plainly},
	{"Frames, toward the server", "reserved opcode", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {opcode: 0x3}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{Opcode: frame.OpcodesOf(0x3)}}, plainly},
	{"Frames, toward the server", "a continuation of nothing", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {opcode: continuation}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{Opcode: frame.OpcodesOf(frame.OpContinuation)}}, plainly},
	{"Frames, toward the server", "a message that never ends", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {flip_fin: true}}, times: 1}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{FlipFin: true}, Times: 1}, plainly},
	{"Frames, toward the server", "not masked", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {flip_mask: true}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{FlipMask: true}}, plainly},
	{"Frames, toward the server", "a length not in its shortest form", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {length_bytes: 8}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{LengthBytes: 8}}, plainly},
	{"Frames, toward the server", "an impossible length", `{on: {frame: {op: text, dir: to-server}}, do: {malform: {length: "0x8000000000000000"}}}`,
		faultproxy.Rule{On: fromClient, Do: faultproxy.Malform{Length: 1 << 63}}, plainly},
	{"Frames, toward the server", "junk in the stream", `{on: {elapsed: 10s}, do: {inject-bytes: {text: "GET / HTTP/1.1", toward: to-server}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.InjectBytes{Bytes: "GET / HTTP/1.1", Toward: frame.ToServer}}, plainly},
}
