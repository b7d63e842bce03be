package faultproxy_test

import (
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// entry is one way in which a connection goes wrong: as Go has it and as a document
// does.
type entry struct {
	section, what string
	document      string
	rule          faultproxy.Rule
	with          scene
}

// scene is what an entry needs besides the rule.
type scene string

const (
	plainly  scene = ""
	secured  scene = "tls"     // the proxy serves wss
	leaving  scene = "closes"  // the client closes with 1000 ten seconds after opening
	pinging  scene = "pings"   // the server pings every 15 s
	third    scene = "third"   // two other clients have connected before
	squeezed scene = "deflate" // both sides can permessage-deflate
	texting  scene = "texts"   // the client beats with the text ping, which the server answers with the text pong
)

const sec = time.Second

// sections are those of the catalogue, in order.
var sections = []string{"Before the handshake", "Handshake", "Frames", "Frames, toward the server", "Bytes", "Heartbeat", "Close", "Ends",
	"Silence", "Many connections"}

var fromServer = frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpText))

// catalogue is everything that can go wrong. Its documents read back as its rules, and
// every entry is played with a client; FAULTS.md is made from it.
var catalogue = []entry{
	{"Before the handshake", "reset on accept", `{do: refuse}`,
		faultproxy.Rule{Do: faultproxy.Refuse{}}, plainly},
	{"Before the handshake", "the port is closed", `{on: {at: 0}, do: down}`,
		faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{}}, plainly},
	{"Before the handshake", "SYN black hole", `{on: {at: 0}, do: {down: {hang: true}}}`,
		faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{Hang: true}}, plainly},
	{"Before the handshake", "down for a while, then back on the same port", `{on: {at: 30s}, do: {down: {for: 5s, drop: fin}}}`,
		faultproxy.Rule{On: faultproxy.At(30 * sec), Do: faultproxy.Down{For: 5 * sec, Drop: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN}}}, plainly},
	{"Before the handshake", "accepted, then nothing", `{on: accepted, do: hang}`,
		faultproxy.Rule{On: faultproxy.Accepted, Do: faultproxy.Hang{}}, plainly},
	{"Before the handshake", "slow accept", `{on: accepted, do: {delay: 4s}}`,
		faultproxy.Rule{On: faultproxy.Accepted, Do: faultproxy.Delay{By: 4 * sec}}, plainly},
	{"Before the handshake", "certificate expired", `{do: {bad-certificate: expired}}`,
		faultproxy.Rule{Do: faultproxy.BadCertificate{Problem: faultproxy.Expired}}, secured},
	{"Before the handshake", "certificate for another name", `{do: {bad-certificate: wrong-name}}`,
		faultproxy.Rule{Do: faultproxy.BadCertificate{Problem: faultproxy.WrongName}}, secured},
	{"Before the handshake", "certificate by nobody known", `{do: {bad-certificate: untrusted}}`,
		faultproxy.Rule{Do: faultproxy.BadCertificate{Problem: faultproxy.Untrusted}}, secured},
	{"Before the handshake", "TLS handshake cut with a FIN", `{do: {cut-tls: {after: 100}}}`,
		faultproxy.Rule{Do: faultproxy.CutTLS{After: 100}}, secured},
	{"Before the handshake", "TLS handshake cut with a reset", `{do: {cut-tls: rst}}`,
		faultproxy.Rule{Do: faultproxy.CutTLS{How: faultproxy.RST}}, secured},

	{"Handshake", "rejected: unauthorized", `{do: {reject: 401}}`,
		faultproxy.Rule{Do: faultproxy.RejectWith(401)}, plainly},
	{"Handshake", "rejected: forbidden, with a body", `{do: {reject: {status: 403, body: "not you"}}}`,
		faultproxy.Rule{Do: faultproxy.Reject{Status: 403, Body: "not you"}}, plainly},
	{"Handshake", "rejected: not found", `{do: {reject: 404}}`,
		faultproxy.Rule{Do: faultproxy.RejectWith(404)}, plainly},
	{"Handshake", "rejected: too many requests, with Retry-After", `{do: {reject: {status: 429, headers: {Retry-After: 30}}}}`,
		faultproxy.Rule{Do: faultproxy.Reject{Status: 429, Header: http.Header{"Retry-After": {"30"}}}}, plainly},
	{"Handshake", "rejected: internal error", `{do: {reject: 500}}`,
		faultproxy.Rule{Do: faultproxy.RejectWith(500)}, plainly},
	{"Handshake", "rejected: bad gateway, in the place of the server's answer", `{on: response, do: {reject: 502}}`,
		faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.RejectWith(502)}, plainly},
	{"Handshake", "rejected: gateway timeout", `{do: {reject: 504}}`,
		faultproxy.Rule{Do: faultproxy.RejectWith(504)}, plainly},
	{"Handshake", "rejected: unavailable, with Retry-After", `{do: {reject: {status: 503, headers: {Retry-After: 7}}}}`,
		faultproxy.Rule{Do: faultproxy.Reject{Status: 503, Header: http.Header{"Retry-After": {"7"}}}}, plainly},
	{"Handshake", "redirected", `{do: {redirect: "wss://other.example/ws"}}`,
		faultproxy.Rule{Do: faultproxy.Redirect{Location: "wss://other.example/ws"}}, plainly},
	{"Handshake", "delayed", `{do: {delay: 4s}}`,
		faultproxy.Rule{Do: faultproxy.Delay{By: 4 * sec}}, plainly},
	{"Handshake", "never answered", `{on: request, do: hang}`,
		faultproxy.Rule{On: faultproxy.Requested, Do: faultproxy.Hang{}}, plainly},
	{"Handshake", "FIN before the answer", `{do: cut}`,
		faultproxy.Rule{Do: faultproxy.Cut{}}, plainly},
	{"Handshake", "reset before the answer", `{do: {cut: rst}}`,
		faultproxy.Rule{Do: faultproxy.Cut{How: faultproxy.RST}}, plainly},
	{"Handshake", "FIN within the answer", `{on: response, do: {cut: {after: 40}}}`,
		faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.Cut{After: 40}}, plainly},
	{"Handshake", "reset within the answer", `{on: response, do: {cut: {after: 40, how: rst}}}`,
		faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.Cut{After: 40, How: faultproxy.RST}}, plainly},
	{"Handshake", "wrong Sec-WebSocket-Accept", `{do: {response-headers: {set: {Sec-WebSocket-Accept: d3JvbmcgYWNjZXB0LCB0d2VudHk=}}}}`,
		faultproxy.Rule{Do: faultproxy.WrongAccept()}, plainly},
	{"Handshake", "no Sec-WebSocket-Accept", `{do: {response-headers: {remove: Sec-WebSocket-Accept}}}`,
		faultproxy.Rule{Do: faultproxy.NoAccept()}, plainly},
	{"Handshake", "a 101 without Upgrade", `{do: {response-headers: {remove: Upgrade}}}`,
		faultproxy.Rule{Do: faultproxy.WithoutUpgrade()}, plainly},
	{"Handshake", "a proxy not configured for WebSocket", `{do: {request-headers: {set: {Connection: close}, remove: Upgrade}}}`,
		faultproxy.Rule{Do: faultproxy.Unconfigured()}, plainly},
	{"Handshake", "a subprotocol nobody asked for", `{do: {response-headers: {set: {Sec-WebSocket-Protocol: chat}}}}`,
		faultproxy.Rule{Do: faultproxy.Subprotocol("chat")}, plainly},
	{"Handshake", "an extension nobody asked for", `{do: {response-headers: {set: {Sec-WebSocket-Extensions: x-other}}}}`,
		faultproxy.Rule{Do: faultproxy.Extension("x-other")}, plainly},
	{"Handshake", "garbage behind the 101", `{on: response, do: {inject-bytes: "HTTP/1.1 502 Bad Gateway"}}`,
		faultproxy.Rule{On: faultproxy.Responded, Do: faultproxy.InjectBytes{Bytes: "HTTP/1.1 502 Bad Gateway"}}, plainly},
	{"Handshake", "compression stripped", `{do: strip-deflate}`,
		faultproxy.Rule{Do: faultproxy.StripDeflate{}}, squeezed},

	{"Frames", "dropped", `{on: {frame: {op: text, dir: to-client}}, do: drop, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Drop{}, Times: 1}, plainly},
	{"Frames", "delayed, and all behind it", `{on: {frame: {op: text, dir: to-client}}, do: {latency: 5s}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Latency{Delay: 5 * sec}, Times: 1}, plainly},
	{"Frames", "late, alone", `{on: {frame: {op: text, dir: to-client}}, do: {late: 5s}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Late{By: 5 * sec}, Times: 1}, plainly},
	{"Frames", "reordered", `{on: {frame: {op: text, dir: to-client}}, do: reorder, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Reorder{}, Times: 1}, plainly},
	{"Frames", "duplicated", `{on: {frame: {op: text, dir: to-client}}, do: duplicate, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Duplicate{}, Times: 1}, plainly},
	{"Frames", "replaced", `{on: {frame: {op: text, dir: to-client}}, do: {replace: {with: {text: other}}}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Replace{With: frame.Text("other")}, Times: 1}, plainly},
	{"Frames", "injected", `{on: {elapsed: 10s}, do: {inject: {frame: {text: extra}}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Inject{Frame: frame.Text("extra")}}, plainly},
	{"Frames", "corrupted", `{on: {frame: {op: text, dir: to-client}}, do: {corrupt: 2}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Corrupt{Bytes: 2}, Times: 1}, plainly},
	{"Frames", "truncated", `{on: {frame: {op: text, dir: to-client}}, do: {truncate: 1}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Truncate{Keep: 1}, Times: 1}, plainly},
	{"Frames", "torn: less than the header says", `{on: {frame: {op: text, dir: to-client}}, do: {truncate: {keep: 1, torn: true}}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Truncate{Keep: 1, Torn: true}, Times: 1}, plainly},
	{"Frames", "split into fragments", `{on: {frame: {op: text, dir: to-client}}, do: {split: {parts: 3, pause: 1s}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Split{Parts: 3, Pause: sec}}, plainly},
	{"Frames", "coalesced", `{on: {frame: {op: text, dir: to-client}}, do: {coalesce: 3}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Coalesce{Frames: 3}}, plainly},
	{"Frames", "reserved bit", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {rsv: 2}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{RSV: frame.RSV2}}, plainly},
	{"Frames", "reserved opcode", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {opcode: 0x3}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{Opcode: frame.OpcodesOf(0x3)}}, plainly},
	{"Frames", "a continuation of nothing", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {opcode: continuation}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{Opcode: frame.OpcodesOf(frame.OpContinuation)}}, plainly},
	{"Frames", "a message that never ends", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {flip_fin: true}}, times: 1}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{FlipFin: true}, Times: 1}, plainly},
	{"Frames", "masked", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {flip_mask: true}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{FlipMask: true}}, plainly},
	{"Frames", "a length not in its shortest form", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {length_bytes: 8}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{LengthBytes: 8}}, plainly},
	{"Frames", "an impossible length", `{on: {frame: {op: text, dir: to-client}}, do: {malform: {length: "0x8000000000000000"}}}`,
		faultproxy.Rule{On: fromServer, Do: faultproxy.Malform{Length: 1 << 63}}, plainly},
	{"Frames", "an error page in the stream", `{on: {elapsed: 10s}, do: {inject-bytes: "HTTP/1.1 502 Bad Gateway"}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.InjectBytes{Bytes: "HTTP/1.1 502 Bad Gateway"}}, plainly},

	{"Bytes", "latency with jitter", `{do: {latency: 1s±200ms}}`,
		faultproxy.Rule{Do: faultproxy.Latency{Delay: sec, Jitter: sec / 5}}, plainly},
	{"Bytes", "throttled", `{do: {rate: 2}}`,
		faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: 2}}, plainly},
	{"Bytes", "stalled, pushing back", `{do: {rate: 0}}`,
		faultproxy.Rule{Do: faultproxy.Rate{}}, plainly},
	{"Bytes", "slices with pauses", `{do: {slice: {size: 2, pause: 500ms}}}`,
		faultproxy.Rule{Do: faultproxy.Slice{Size: 2, Pause: sec / 2}}, plainly},
	{"Bytes", "limited", `{do: {limit: {bytes: 9, dir: to-client}}}`,
		faultproxy.Rule{Do: faultproxy.Limit{Bytes: 9, Dir: frame.ToClient}}, plainly},
	{"Bytes", "discarded", `{do: {discard-bytes: to-client}}`,
		faultproxy.Rule{Do: faultproxy.DiscardBytes{Dir: frame.ToClient}}, plainly},
	{"Bytes", "slow close", `{do: {slow-close: 4s}}`,
		faultproxy.Rule{Do: faultproxy.SlowClose{Delay: 4 * sec}}, leaving},

	{"Heartbeat", "no pong", `{on: {frame: {op: pong, dir: to-client}}, do: drop}`,
		faultproxy.DropPongs(heartbeat.Protocol()), plainly},
	{"Heartbeat", "late pongs", `{on: {frame: {op: pong, dir: to-client}}, do: {late: 15s}}`,
		faultproxy.LatePongs(15*sec, heartbeat.Protocol()), plainly},
	{"Heartbeat", "forged pongs", `{on: {frame: {op: pong, dir: to-client}}, do: {forge: protocol}}`,
		faultproxy.WrongPongs(heartbeat.Protocol())[0], plainly},
	{"Heartbeat", "every pong twice", `{on: {frame: {op: pong, dir: to-client}}, do: duplicate}`,
		faultproxy.TwicePongs(heartbeat.Protocol()), plainly},
	{"Heartbeat", "only every third pong", `{on: {frame: {op: pong, dir: to-client}}, spare: 3, do: drop}`,
		faultproxy.AnswerEveryNth(3, heartbeat.Protocol()), plainly},
	{"Heartbeat", "unsolicited pongs", `{on: {every: 20s}, do: {inject: {frame: {op: pong, text: unsolicited}}}}`,
		faultproxy.UnsolicitedPongs(20 * sec), plainly},
	{"Heartbeat", "no ping from the server", `{on: {frame: {op: ping, dir: to-client}}, do: drop}`,
		faultproxy.DropPings(heartbeat.Protocol()), pinging},

	{"Heartbeat", "no text pong", `{on: {frame: {op: text, dir: to-client, equals: pong}}, do: drop}`,
		faultproxy.DropPongs(heartbeat.Text("ping", "pong")), texting},
	{"Heartbeat", "late text pongs", `{on: {frame: {op: text, dir: to-client, equals: pong}}, do: {late: 15s}}`,
		faultproxy.LatePongs(15*sec, heartbeat.Text("ping", "pong")), texting},
	{"Heartbeat", "forged text pongs", `{on: {frame: {op: text, dir: to-client, equals: pong}}, do: {forge: "text:ping/pong"}}`,
		faultproxy.WrongPongs(heartbeat.Text("ping", "pong"))[0], texting},
	{"Heartbeat", "every text pong twice", `{on: {frame: {op: text, dir: to-client, equals: pong}}, do: duplicate}`,
		faultproxy.TwicePongs(heartbeat.Text("ping", "pong")), texting},
	{"Heartbeat", "only every second text pong", `{on: {frame: {op: text, dir: to-client, equals: pong}}, spare: 2, do: drop}`,
		faultproxy.AnswerEveryNth(2, heartbeat.Text("ping", "pong")), texting},
	{"Heartbeat", "unsolicited text pongs", `{on: {every: 20s}, do: {inject: {frame: {text: pong}}}}`,
		faultproxy.UnsolicitedPongs(20*sec, heartbeat.Text("ping", "pong")), texting},

	{"Close", "1001 going away", `{on: {elapsed: 10s}, do: {close: 1001}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.CloseWith(1001, "")}, plainly},
	{"Close", "1012 with a reason", `{on: {elapsed: 10s}, do: {close: {code: 1012, reason: restart}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.CloseWith(1012, "restart")}, plainly},
	{"Close", "an application's code", `{on: {elapsed: 10s}, do: {close: 4001}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.CloseWith(4001, "")}, plainly},
	{"Close", "without a code", `{on: {elapsed: 10s}, do: close}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Close{}}, plainly},
	{"Close", "a code that must not be sent", `{on: {elapsed: 10s}, do: {close: 1006}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.CloseWith(1006, "")}, plainly},
	{"Close", "to the server alone", `{on: {elapsed: 10s}, do: {close: {code: 1001, toward: to-server, other: fin}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Close{Code: 1001, Toward: frame.ToServer, Other: faultproxy.OtherFIN}}, plainly},
	{"Close", "and TCP stays open", `{on: {elapsed: 10s}, do: {close: {code: 1001, keep_open: true}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Close{Code: 1001, KeepOpen: true}}, plainly},
	{"Close", "the client's is never answered", `{on: {frame: {op: close, dir: to-server}}, do: drop}`,
		faultproxy.IgnoreClose(), leaving},
	{"Close", "the client's is answered late", `{on: {frame: {op: close, dir: to-client}}, do: {latency: 10s}}`,
		faultproxy.LateClose(10 * sec), leaving},

	{"Ends", "half-close", `{on: {elapsed: 10s}, do: {end: {client: half-close}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.HalfClose}}, plainly},
	{"Ends", "FIN on both sides, the server's first, a second apart", `{on: {elapsed: 10s}, do: {end: {client: fin, server: fin, server_first: true, gap: 1s}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN, ServerFirst: true, Gap: sec}}, plainly},
	{"Ends", "full close", `{on: {elapsed: 10s}, do: {end: full-close}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose}}, plainly},
	{"Ends", "reset", `{on: {elapsed: 10s}, do: {end: rst}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}}, plainly},
	{"Ends", "reset, the client alone", `{on: {elapsed: 10s}, do: {end: {client: rst}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.RST}}, plainly},
	{"Ends", "reset, the server alone", `{on: {elapsed: 10s}, do: {end: {server: rst}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Server: faultproxy.RST}}, plainly},
	{"Ends", "FIN to the server, nothing more to the client", `{on: {elapsed: 10s}, do: {end: {client: silent, server: fin}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.Silent, Server: faultproxy.FIN}}, plainly},
	{"Ends", "FIN behind a close_notify", `{on: {elapsed: 10s}, do: {end: fin}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN}}, secured},
	{"Ends", "FIN without a close_notify", `{on: {elapsed: 10s}, do: {end: {client: fin, server: fin, no_close_notify: true}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN, NoCloseNotify: true}}, secured},

	{"Silence", "held for a while, then all of it", `{on: {elapsed: 2200ms}, do: {silence: {for: 30s}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(2200 * time.Millisecond), Do: faultproxy.Silence{For: 30 * sec}}, plainly},
	{"Silence", "held for good, one way", `{on: {elapsed: 10s}, do: {silence: to-client}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Silence{Dir: frame.ToClient}}, plainly},
	{"Silence", "swallowed, both ways", `{on: {elapsed: 10s}, do: discard}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Discard{}}, plainly},
	{"Silence", "frozen reader", `{on: {elapsed: 10s}, do: {freeze: to-server}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Freeze{Dir: frame.ToServer}}, plainly},
	{"Silence", "forgotten: what is sent draws a reset", `{on: {elapsed: 10s}, do: forget}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Forget{}}, plainly},
	{"Silence", "forgotten when idle: what is sent draws a reset", `{on: {idle: 15s}, do: forget}`,
		faultproxy.Rule{On: faultproxy.Idle(15 * sec), Do: faultproxy.Forget{}}, plainly},
	{"Silence", "forgotten: what is sent is lost", `{on: {elapsed: 10s}, do: {forget: {client: silent, server: silent}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent}}, plainly},
	{"Silence", "forgotten until the client sends again", `{on: {elapsed: 10s}, do: {forget: {client: silent, server: silent, revive: true}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(10 * sec), Do: faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent, Revive: true}}, plainly},
	{"Silence", "idle timeout, off by chance", `{on: {idle: {after: 15s, late: 500ms}}, do: {end: {client: full-close, server: full-close, server_first: true}}}`,
		faultproxy.Rule{On: faultproxy.Idle(15*sec).Off(0, sec/2), Do: faultproxy.IdleTimeout(sec).Do}, plainly},
	{"Silence", "maximum lifetime, off by chance", `{on: {elapsed: {after: 65s, early: 200ms, late: 200ms}}, do: {end: {client: full-close, server: full-close, server_first: true}}}`,
		faultproxy.Rule{On: faultproxy.Elapsed(65*sec).Off(sec/5, sec/5), Do: faultproxy.Lifetime(sec).Do}, plainly},
	{"Silence", "idle timeout", `{on: {idle: 15s}, do: {end: {client: full-close, server: full-close, server_first: true}}}`,
		faultproxy.IdleTimeout(15 * sec), plainly},
	{"Silence", "maximum lifetime", `{on: {elapsed: 65s}, do: {end: {client: full-close, server: full-close, server_first: true}}}`,
		faultproxy.Lifetime(65 * sec), plainly},

	{"Many connections", "everyone dropped at once", `{on: {at: 30s}, do: {end: rst}}`,
		faultproxy.Rule{On: faultproxy.At(30 * sec), Do: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}}, plainly},
	{"Many connections", "rolling restart", `{on: {at: {after: 30s, stagger: 100ms}}, do: {close: {code: 1012, reason: restart}}}`,
		faultproxy.Rule{On: faultproxy.At(30 * sec).Staggered(sec / 10), Do: faultproxy.CloseWith(1012, "restart")}, plainly},
	{"Many connections", "flapping on a schedule", `{on: {at: {after: 10s, every: 15s}}, do: {down: {for: 5s, drop: fin}}}`,
		faultproxy.Flap(10*sec, 5*sec), plainly},
	{"Many connections", "partial outage: a share", `{do: {reject: 503}, conns: 30%}`,
		faultproxy.Rule{Do: faultproxy.RejectWith(503), Conns: faultproxy.Conns{Percent: 30}}, plainly},
	{"Many connections", "partial outage: every so many", `{on: opened, do: silence, conns: {every: 3}}`,
		faultproxy.Rule{On: timeline.Opened, Do: faultproxy.Silence{}, Conns: faultproxy.Conns{Every: 3}}, third},
}
