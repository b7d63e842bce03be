package faultproxy_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// fromYAML decodes a document as the command line does.
func fromYAML(t testing.TB, doc string) any {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(doc), &tree); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return tree
}

func TestParseRule(t *testing.T) {
	pong := frame.Op(frame.OpPong)
	opened := frame.Trigger(timeline.Opened)
	cases := map[string]faultproxy.Rule{
		`{name: x, on: {frame: {op: [pong]}}, do: {drop: {}}}`:        {Name: "x", On: pong, Do: faultproxy.Drop{}},
		`{on: {frame: {op: pong}}, do: drop}`:                         {On: pong, Do: faultproxy.Drop{}},
		`{on: {frame: {op: pong}}, do: {drop: }}`:                     {On: pong, Do: faultproxy.Drop{}},
		`{do: {latency: 100ms}}`:                                      {Do: faultproxy.Latency{Delay: 100 * time.Millisecond}},
		`{do: {latency: 100ms±20ms}}`:                                 {Do: faultproxy.Latency{Delay: 100 * time.Millisecond, Jitter: 20 * time.Millisecond}},
		`{do: {latency: 100ms +- 20ms}}`:                              {Do: faultproxy.Latency{Delay: 100 * time.Millisecond, Jitter: 20 * time.Millisecond}},
		`{do: {latency: {delay: 1s, jitter: 2ms, dir: to-client}}}`:   {Do: faultproxy.Latency{Delay: time.Second, Jitter: 2 * time.Millisecond, Dir: frame.ToClient}},
		`{on: {frame: {op: pong}}, do: {late: 2s}}`:                   {On: pong, Do: faultproxy.Late{By: 2 * time.Second}},
		`{on: {frame: {op: pong}}, do: {late: {by: 2s, jitter: 1s}}}`: {On: pong, Do: faultproxy.Late{By: 2 * time.Second, Jitter: time.Second}},
		`{on: {frame: {op: pong}}, do: duplicate}`:                    {On: pong, Do: faultproxy.Duplicate{}},
		`{on: {frame: {op: pong}}, do: {duplicate: 3}}`:               {On: pong, Do: faultproxy.Duplicate{Copies: 3}},
		`{on: opened, do: {inject: {frame: {op: text, text: hi}}}}`:   {On: opened, Do: faultproxy.Inject{Frame: frame.Text("hi")}},
		`{on: opened, do: {inject: {frame: {text: hi}, toward: to-server}}}`: {
			On: opened, Do: faultproxy.Inject{Frame: frame.Text("hi"), Toward: frame.ToServer}},
		`{on: opened, do: {inject: {frame: {code: 1012, reason: bye}}}}`: {
			On: opened, Do: faultproxy.Inject{Frame: frame.Close(1012, "bye")}},
		`{on: opened, do: {inject: {frame: {op: 0x3, hex: "00ff", fin: false, rsv: 4, key: "01020304", length_bytes: 8}}}}`: {
			On: opened, Do: faultproxy.Inject{Frame: frame.Frame{
				Opcode: 3, RSV: 4, Masked: true, Key: [4]byte{1, 2, 3, 4}, Payload: []byte{0, 0xff}, LengthBytes: 8}}},
		`{on: {frame: {op: pong}}, do: {replace: {with: {op: pong, text: wrong}}}}`: {
			On: pong, Do: faultproxy.Replace{With: frame.Pong([]byte("wrong"))}},
		`{on: {elapsed: 30s}, do: {close: 1012}}`: {On: faultproxy.Elapsed(30 * time.Second), Do: faultproxy.Close{Code: 1012}},
		`{on: {every: 30s}, do: {close: {code: 1012, reason: restart, toward: both, other: keep}}}`: {
			On: faultproxy.Every(30 * time.Second), Do: faultproxy.Close{Code: 1012, Reason: "restart", Toward: frame.Both, Other: faultproxy.OtherKeep}},
		`{on: opened, do: close}`:                                                 {On: opened, Do: faultproxy.Close{}},
		`{on: {idle: {after: 60s, early: 1s}}, do: forget}`:                       {On: faultproxy.Idle(time.Minute).Off(time.Second, 0), Do: faultproxy.Forget{}},
		`{on: {elapsed: {after: 60s, early: 1s, late: 2s}}, do: {end: rst}}`:      {On: faultproxy.Elapsed(time.Minute).Off(time.Second, 2*time.Second), Do: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}},
		`{on: opened, do: {forget: {client: rst, server: silent, revive: true}}}`: {On: opened, Do: faultproxy.Forget{Client: faultproxy.RST, Server: faultproxy.Silent, Revive: true}},
		`{on: {idle: 60s}, do: {end: rst}}`:                                       {On: faultproxy.Idle(time.Minute), Do: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}},
		`{on: {idle: {after: 60s, reset_by: to-server, lazy: 300ms}}, do: {end: {client: fin, server: full-close, gap: 1ms, server_first: true}}}`: {
			On: faultproxy.Idle(time.Minute).ResetBy(frame.ToServer).Lazy(300 * time.Millisecond),
			Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose, Gap: time.Millisecond, ServerFirst: true}},
		`{on: opened, do: silence}`:                               {On: opened, Do: faultproxy.Silence{}},
		`{on: opened, do: {silence: to-client}}`:                  {On: opened, Do: faultproxy.Silence{Dir: frame.ToClient}},
		`{on: opened, do: {discard: {dir: to-server, for: 30s}}}`: {On: opened, Do: faultproxy.Discard{Dir: frame.ToServer, For: 30 * time.Second}},
		`{on: {frame: {op: pong}}, do: reorder}`:                  {On: pong, Do: faultproxy.Reorder{}},
		`{on: {frame: {op: pong}}, do: {reorder: 3}}`:             {On: pong, Do: faultproxy.Reorder{By: 3}},
		`{on: {frame: {op: pong}}, do: {coalesce: {frames: 3, within: 1s}}}`: {
			On: pong, Do: faultproxy.Coalesce{Frames: 3, Within: time.Second}},
		`{on: {frame: {op: pong}}, do: {split: {parts: 3, pause: 1s}}}`: {On: pong, Do: faultproxy.Split{Parts: 3, Pause: time.Second}},
		`{on: {frame: {op: pong}}, do: {corrupt: 3}}`:                   {On: pong, Do: faultproxy.Corrupt{Bytes: 3}},
		`{on: {frame: {op: pong}}, do: {truncate: {keep: 3, torn: true}}}`: {
			On: pong, Do: faultproxy.Truncate{Keep: 3, Torn: true}},
		`{on: {frame: {op: pong}}, do: {malform: {rsv: 4, opcode: 0x3, flip_fin: true, flip_mask: true, length_bytes: 8, length: 7}}}`: {
			On: pong, Do: faultproxy.Malform{RSV: 4, Opcode: frame.OpcodesOf(3), FlipFin: true, FlipMask: true, LengthBytes: 8, Length: 7}},
		`{on: {frame: {op: pong}}, do: {malform: {opcode: [continuation, 0xb], length: "0x8000000000000000"}}}`: {
			On: pong, Do: faultproxy.Malform{Opcode: frame.OpcodesOf(0, 0xb), Length: 1 << 63}},
		`{on: opened, do: {inject-bytes: junk}}`: {On: opened, Do: faultproxy.InjectBytes{Bytes: "junk"}},
		`{on: response, do: {inject-bytes: {hex: "00ff", toward: to-client}}}`: {
			On: faultproxy.Responded, Do: faultproxy.InjectBytes{Bytes: "\x00\xff", Toward: frame.ToClient}},
		`{on: opened, do: freeze}`:                                {On: opened, Do: faultproxy.Freeze{}},
		`{do: {rate: 1000}}`:                                      {Do: faultproxy.Rate{BytesPerSecond: 1000}},
		`{do: {rate: 64KiB/s}}`:                                   {Do: faultproxy.Rate{BytesPerSecond: 64 << 10}},
		`{do: {rate: 56 kbit/s}}`:                                 {Do: faultproxy.Rate{BytesPerSecond: 7000}},
		`{do: {rate: {bytes_per_second: 2MB/s, dir: to-client}}}`: {Do: faultproxy.Rate{BytesPerSecond: 2000000, Dir: frame.ToClient}},
		`{do: {slice: 1}}`:                                        {Do: faultproxy.Slice{Size: 1}},
		`{do: {slice: {size: 100, variation: 20, pause: 50ms}}}`:  {Do: faultproxy.Slice{Size: 100, Variation: 20, Pause: 50 * time.Millisecond}},
		`{do: {limit: 100}}`:                                      {Do: faultproxy.Limit{Bytes: 100}},
		`{do: {limit: {bytes: 100, dir: to-client, end: rst}}}`: {Do: faultproxy.Limit{
			Bytes: 100, Dir: frame.ToClient, End: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}}},
		`{do: {limit: {bytes: 100, end: {client: fin, gap: 1s}}}}`: {Do: faultproxy.Limit{
			Bytes: 100, End: faultproxy.End{Client: faultproxy.FIN, Gap: time.Second}}},
		`{do: discard-bytes, for: 30s}`:                   {Do: faultproxy.DiscardBytes{}, For: 30 * time.Second},
		`{do: {discard-bytes: to-client}}`:                {Do: faultproxy.DiscardBytes{Dir: frame.ToClient}},
		`{do: {discard-bytes: {timeout: 3s}}}`:            {Do: faultproxy.DiscardBytes{Timeout: 3 * time.Second}},
		`{do: reset-peer}`:                                {Do: faultproxy.ResetPeer{}},
		`{do: {reset-peer: {delay: 1s, dir: to-client}}}`: {Do: faultproxy.ResetPeer{Delay: time.Second, Dir: frame.ToClient}},
		`{do: {slow-close: 10s}}`:                         {Do: faultproxy.SlowClose{Delay: 10 * time.Second}},
		`{do: {slow-close: {delay: 1s, dir: both}}}`:      {Do: faultproxy.SlowClose{Delay: time.Second, Dir: frame.Both}},
		`{do: reject}`:                                    {Do: faultproxy.Reject{}},
		`{do: {reject: 503}, times: 2}`:                   {Do: faultproxy.Reject{Status: 503}, Times: 2},
		`{on: response, do: {reject: {status: 429, headers: {Retry-After: 5}, body: "slow down"}}}`: {
			On: faultproxy.Responded, Do: faultproxy.Reject{Status: 429, Header: http.Header{"Retry-After": {"5"}}, Body: "slow down"}},
		`{on: request, do: {delay: 1s±1s}}`:     {On: faultproxy.Requested, Do: faultproxy.Delay{By: time.Second, Jitter: time.Second}},
		`{on: accepted, do: {delay: 4s}}`:       {On: faultproxy.Accepted, Do: faultproxy.Delay{By: 4 * time.Second}},
		`{do: {redirect: "wss://other.test/"}}`: {Do: faultproxy.Redirect{Location: "wss://other.test/"}},
		`{on: response, do: {redirect: {location: /ws, status: 307}}}`: {
			On: faultproxy.Responded, Do: faultproxy.Redirect{Location: "/ws", Status: 307}},
		`{do: cut}`:        {Do: faultproxy.Cut{}},
		`{do: {cut: rst}}`: {Do: faultproxy.Cut{How: faultproxy.RST}},
		`{on: response, do: {cut: {after: 20, how: full-close}}}`: {
			On: faultproxy.Responded, Do: faultproxy.Cut{After: 20, How: faultproxy.FullClose}},
		`{do: {request-headers: {set: {Connection: close}, remove: Upgrade}}}`: {Do: faultproxy.Unconfigured()},
		`{do: {response-headers: {remove: [Sec-WebSocket-Accept]}}}`:           {Do: faultproxy.NoAccept()},
		`{do: {response-headers: {set: {Sec-WebSocket-Accept: "d3JvbmcgYWNjZXB0LCB0d2VudHk="}}}}`: {
			Do: faultproxy.WrongAccept()},
		`{do: {bad-certificate: untrusted}}`:             {Do: faultproxy.BadCertificate{Problem: faultproxy.Untrusted}},
		`{do: {bad-certificate: {problem: wrong-name}}}`: {Do: faultproxy.BadCertificate{Problem: faultproxy.WrongName}},
		`{do: cut-tls}`: {Do: faultproxy.CutTLS{}},
		`{do: {cut-tls: {after: 100, how: rst}}}`: {Do: faultproxy.CutTLS{After: 100, How: faultproxy.RST}},
		`{on: opened, do: {end: {client: fin, no_close_notify: true}}}`: {
			On: opened, Do: faultproxy.End{Client: faultproxy.FIN, NoCloseNotify: true}},
		`{on: {at: 30s}, do: down}`:     {On: faultproxy.At(30 * time.Second), Do: faultproxy.Down{}},
		`{on: {at: 0}, do: {down: 5s}}`: {On: faultproxy.At(0), Do: faultproxy.Down{For: 5 * time.Second}},
		`{on: accepted, do: {down: {hang: true, for: 5s, drop: rst}}}`: {
			On: faultproxy.Accepted, Do: faultproxy.Down{Hang: true, For: 5 * time.Second, Drop: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}}},
		`{on: {at: {after: 30s, every: 1m, stagger: 100ms}}, do: {close: 1012}}`: {
			On: faultproxy.At(30 * time.Second).Every(time.Minute).Staggered(100 * time.Millisecond), Do: faultproxy.Close{Code: 1012}},
		`{on: {at: {after: 1s, present: true}}, do: {end: {server: fin-rst}}}`: {
			On: faultproxy.At(time.Second).Present(), Do: faultproxy.End{Server: faultproxy.FINRST}},
		`{do: cut, conns: 30%}`:                                    {Do: faultproxy.Cut{}, Conns: faultproxy.Conns{Percent: 30}},
		`{do: cut, conns: {every: 3, percent: 30}}`:                {Do: faultproxy.Cut{}, Conns: faultproxy.Conns{Every: 3, Percent: 30}},
		`{on: {frame: {op: pong}}, do: forge, spare: 3}`:           {On: pong, Do: faultproxy.Forge{}, Spare: 3},
		`{on: {frame: {op: pong}}, do: {forge: phoenix}}`:          {On: pong, Do: faultproxy.Forge{Dialect: heartbeat.Phoenix()}},
		`{on: opened, do: {close: {code: 1001, abrupt: true}}}`:    {On: opened, Do: faultproxy.Close{Code: 1001, Abrupt: true}},
		`{on: opened, do: {close: {code: 1012, keep_open: true}}}`: {On: opened, Do: faultproxy.Close{Code: 1012, KeepOpen: true}},
		`{do: strip-deflate}`:                                      {Do: faultproxy.StripDeflate{}},
		`{on: accepted, do: hang}`:                                 {On: faultproxy.Accepted, Do: faultproxy.Hang{}},
		`{do: refuse, one_in: 10, count: connection, after: 1s, for: 10s, expect: fired, final: true, skip: 1}`: {
			Do: faultproxy.Refuse{}, OneIn: 10, Count: faultproxy.CountPerConnection, After: time.Second, For: 10 * time.Second,
			Expect: faultproxy.Fired, Final: true, Skip: 1},
		`{do: hang, conns: 2, count: proxy}`: {Do: faultproxy.Hang{}, Conns: faultproxy.Nth(2), Count: faultproxy.CountPerProxy},
		`{do: hang, conns: "2-4"}`:           {Do: faultproxy.Hang{}, Conns: faultproxy.Conns{From: 2, To: 4}},
		`{do: hang, conns: "2-"}`:            {Do: faultproxy.Hang{}, Conns: faultproxy.Conns{From: 2}},
		`{do: hang, conns: {from: 2, to: 4, path: /ws, header: {X: y, N: 1}}}`: {
			Do: faultproxy.Hang{}, Conns: faultproxy.Conns{From: 2, To: 4, Path: "/ws", Header: map[string]string{"X": "y", "N": "1"}}},
	}
	for doc, want := range cases {
		got, err := faultproxy.ParseRule(fromYAML(t, doc))
		if err != nil {
			t.Errorf("%s: %v", doc, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %#v\nwant %#v", doc, got, want)
		}
	}
}

// A rule that is written and read back is the same rule.
func TestRuleTreeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := drawRule(t)
		tree, err := rule.Tree()
		if err != nil {
			t.Fatalf("%v: %v", rule, err)
		}
		document, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		var fromJSON, viaYAML any
		if err := json.Unmarshal(document, &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(document, &viaYAML); err != nil { // JSON is YAML, in flow style
			t.Fatal(err)
		}
		trees := map[string]any{"tree": tree, "JSON": fromJSON, "YAML": viaYAML}
		// go-yaml's block style loses what must be escaped, and a text like "? A".
		if !strings.ContainsAny(string(document), `\`) && !strings.Contains(string(document), `"? `) {
			block, err := yaml.Marshal(tree)
			if err != nil {
				t.Fatal(err)
			}
			var inBlocks any
			if err := yaml.Unmarshal(block, &inBlocks); err != nil {
				t.Fatalf("%s: %v", block, err)
			}
			trees["YAML in blocks"] = inBlocks
		}
		for name, each := range trees {
			back, err := faultproxy.ParseRule(each)
			if err != nil {
				t.Fatalf("%v as %s, %s: %v", rule, name, document, err)
			}
			if !reflect.DeepEqual(back, rule) {
				t.Fatalf("via %s, %s:\n got %#v\nwant %#v", name, document, back, rule)
			}
		}
	})
}
