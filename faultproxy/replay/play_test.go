package replay_test

import (
	"strings"
	"testing"
	"time"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

const (
	sec = time.Second
	ms  = time.Millisecond
)

func elapsed(d time.Duration, do faultproxy.Fault) faultproxy.Rule {
	return faultproxy.Rule{On: faultproxy.Elapsed(d), Do: do}
}

// catalogue is what is recorded, and a part of what the client then saw, so that
// what is to be played did happen.
var catalogue = []struct {
	name   string
	server fake.Handler
	rules  []faultproxy.Rule
	client client
	saw    []string
}{
	{"an echo, and a normal close by the client", fake.Echo, nil,
		client{sends: []send{at(sec, frame.Text("hello")), at(3*sec, frame.Close(1000, "bye"))}},
		[]string{`1.000004s text fin=true rsv=0 masked=false "hello"`, `3.000004s close fin=true`, "FIN"}},
	{"a close by the server", fake.Script(fake.Pause(2*sec), fake.Send(frame.Text("hi")), fake.Pause(sec), fake.Close(1012, "restart")), nil,
		client{echoes: true}, []string{`"\x03\xf4restart"`, "FIN"}},
	{"a close by the proxy", fake.Echo, []faultproxy.Rule{elapsed(5*sec, faultproxy.CloseWith(1012, "restart"))},
		client{echoes: true}, []string{`5s close`, `"\x03\xf4restart"`}},
	{"a reset", fake.Echo, []faultproxy.Rule{elapsed(5*sec, faultproxy.End{Client: faultproxy.RST})},
		client{sends: []send{at(sec, frame.Ping([]byte("a")))}}, []string{"pong", "5s RST"}},
	{"a FIN without a Close", fake.Script(fake.Pause(4*sec), fake.Fin()), nil,
		client{}, []string{"4s FIN"}},
	{"a full close", fake.Echo, []faultproxy.Rule{elapsed(5*sec, faultproxy.End{Client: faultproxy.FullClose})},
		client{sends: []send{at(6*sec, frame.Text("a")), at(7*sec, frame.Text("b"))}}, []string{"5s FIN"}},
	{"silence", fake.Echo, []faultproxy.Rule{elapsed(5*sec, faultproxy.Silence{Dir: frame.ToClient})},
		client{sends: []send{at(sec, frame.Ping([]byte("a"))), at(6*sec, frame.Ping([]byte("b"))), at(7*sec, frame.Close(1000, ""))}},
		[]string{`1.000004s pong`, "1m0s still open"}},
	{"silence that heals", fake.Echo, []faultproxy.Rule{{On: faultproxy.Elapsed(5 * sec), Do: faultproxy.Silence{Dir: frame.ToClient, For: 4 * sec}}},
		client{sends: []send{at(6*sec, frame.Ping([]byte("b"))), at(7*sec, frame.Text("held"))}, stays: 20 * sec},
		[]string{`9s pong fin=true rsv=0 masked=false "b"`, `9s text`}},
	{"dropped pongs", fake.Echo, []faultproxy.Rule{{On: frame.Op(frame.OpPong), Skip: 1, Times: 1, Do: faultproxy.Drop{}}},
		client{sends: []send{at(sec, frame.Ping([]byte("a"))), at(2*sec, frame.Ping([]byte("b"))), at(3*sec, frame.Ping([]byte("c")))}, stays: 5 * sec},
		[]string{`1.000004s pong`, `3.000004s pong`}},
	{"latency", fake.Script(fake.Send(frame.Text("hi")), fake.Echo), []faultproxy.Rule{{Do: faultproxy.Latency{Delay: 300 * ms}}},
		client{sends: []send{at(sec, frame.Ping([]byte("a"))), at(2*sec, frame.Text("x"))}, stays: 5 * sec},
		[]string{`pong`, `"hi"`, `"x"`}},
	{"a rejection", fake.RejectWith(503, fake.Header("Retry-After", "7")), nil,
		client{}, []string{"503 Service Unavailable", "Retry-After: 7"}},
	{"a rejection that comes late", fake.Handshake(fake.Pause(2*sec), fake.Reject(429, fake.Header("Retry-After", "7"))), nil,
		client{}, []string{"2.0000", "429"}},
	{"a reset before the answer", fake.Echo, []faultproxy.Rule{{On: faultproxy.Responded, Do: faultproxy.Cut{How: faultproxy.RST}}},
		client{}, []string{"no answer: RST"}},
	{"an answer that is cut off", fake.Echo, []faultproxy.Rule{{On: faultproxy.Responded, Do: faultproxy.Cut{After: 30}}},
		client{}, []string{"no answer: FIN, within"}},
	{"no answer", fake.Stall(), nil,
		client{}, []string{"no answer: still open"}},
	{"a late 101 with a subprotocol and a header", fake.Script(fake.Handshake(fake.Pause(sec), fake.AcceptWith(fake.Subprotocol("v2"), fake.Header("X-Node", "7"))), fake.Close(1000, "")), nil,
		client{offers: "Sec-WebSocket-Protocol: v1, v2\r\n", echoes: true}, []string{"1.00000", "X-Node: 7", "Sec-Websocket-Protocol: v2"}},
	{"a 101 without what was offered", fake.Script(fake.Handshake(fake.AcceptWith(fake.Subprotocol(""))), fake.Echo), nil,
		client{offers: "Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", stays: sec}, []string{"Upgrade: websocket\n"}},
	{"a wrong accept", fake.Script(fake.Handshake(fake.AcceptWith(fake.WrongAccept())), fake.Echo), nil,
		client{stays: sec}, []string{"Sec-Websocket-Accept: bm90"}},
	{"no Upgrade header", fake.Script(fake.Handshake(fake.AcceptWith(fake.WithoutUpgrade())), fake.Echo), nil,
		client{stays: sec}, []string{"101"}},
	{"fragments", fake.Script(fake.Send(frame.Frame{Opcode: frame.OpText, Payload: []byte("a")}), fake.Pause(sec), fake.Send(frame.Ping(nil)), fake.Send(frame.Continuation(true, []byte("b")))), nil,
		client{stays: 3 * sec}, []string{"text fin=false", "ping", "continuation fin=true"}},
	{"binary", fake.Script(fake.Pause(sec), fake.Send(frame.Binary([]byte{0, 0xff, 7}))), nil,
		client{stays: 3 * sec}, []string{`"\x00\xff\a"`}},
	{"a frame with reserved bits", fake.Script(fake.Send(frame.Frame{Fin: true, RSV: frame.RSV2, Opcode: frame.OpText, Payload: []byte("a")}), fake.Pause(sec), fake.Send(frame.Text("after"))), nil,
		client{stays: 3 * sec}, []string{"rsv=2", `"after"`}},
	{"a masked frame", fake.Script(fake.Pause(sec), fake.Send(frame.Text("a").WithMask([4]byte{9, 8, 7, 6}))), nil,
		client{stays: 3 * sec}, []string{"masked=true"}},
	{"a code that must not be on the wire", fake.Script(fake.Pause(sec), fake.Close(1006, "")), nil,
		client{sends: []send{at(2*sec, frame.Close(1002, ""))}}, []string{`close fin=true rsv=0 masked=false "\x03\xee"`}},
	{"a text heartbeat", fake.Script(fake.AnswerBeats(heartbeat.Text("ping", "pong"), fake.StopAfter(2))), nil,
		client{sends: []send{at(sec, frame.Text("ping")), at(2*sec, frame.Text("ping")), at(3*sec, frame.Text("ping"))}, stays: 5 * sec},
		[]string{`2.000004s text fin=true rsv=0 masked=false "pong"`}},
	{"pongs given twice", fake.Echo, []faultproxy.Rule{{On: frame.Op(frame.OpPong), Do: faultproxy.Duplicate{Copies: 2}}},
		client{sends: []send{at(sec, frame.Ping([]byte("a")))}, stays: 5 * sec}, []string{"pong"}},
	{"bytes that are no frame", fake.Script(fake.Pause(sec), fake.SendRaw([]byte{0x83, 1, 'x'}), fake.Pause(sec), fake.SendRaw([]byte("\xf1\x00"))), nil,
		client{stays: 5 * sec}, []string{"1s reserved(0x3)", "2s text fin=true rsv=7"}},
	{"bytes behind the 101", fake.Echo, []faultproxy.Rule{{On: faultproxy.Responded, Do: faultproxy.InjectBytes{Bytes: "\x81\x01x"}}},
		client{stays: 5 * sec}, []string{`0s text fin=true rsv=0 masked=false "x"`}},
	{"compressed messages", fake.Script(fake.Handshake(fake.AcceptWith(fake.Compression(true))), fake.Pause(sec),
		fake.Send(frame.Deflated(frame.Text("squeeze, squeeze, squeeze")), frame.Text("plain"))), nil,
		client{offers: "Sec-WebSocket-Extensions: permessage-deflate\r\n", stays: 5 * sec}, []string{"Sec-Websocket-Extensions: permessage-deflate", "1s text fin=true rsv=4", `rsv=0 masked=false "plain"`}},
	{"a compressed message in fragments", fake.Script(fake.Handshake(fake.AcceptWith(fake.Compression(true))), fake.Pause(sec), fake.Send(squeezed()...)), nil,
		client{offers: "Sec-WebSocket-Extensions: permessage-deflate\r\n", stays: 5 * sec}, []string{"1s text fin=false rsv=4", "continuation fin=true rsv=0"}},
	{"a compressed message that nobody asked for", fake.Script(fake.Pause(sec), fake.Send(frame.Deflated(frame.Text("squeeze, squeeze, squeeze")))), nil,
		client{stays: 5 * sec}, []string{"1s text fin=true rsv=4"}},
	{"an extension that nobody asked for", fake.Script(fake.Handshake(fake.AcceptWith(fake.Extension("permessage-deflate")))), nil,
		client{stays: 5 * sec}, []string{"Sec-Websocket-Extensions: permessage-deflate"}},
	{"a Close that is never answered", fake.Script(fake.On(frame.Op(frame.OpClose))), nil,
		client{sends: []send{at(sec, frame.Close(1000, ""))}}, []string{"still open"}},
}

// squeezed is a message that is compressed and then cut in two.
func squeezed() []frame.Frame {
	f := frame.Deflated(frame.Text("squeeze, squeeze"))
	rest := frame.Continuation(true, f.Payload[5:])
	f.Fin, f.Payload = false, f.Payload[:5]
	return []frame.Frame{f, rest}
}

func record(t *testing.T, n *memnet.Network, i int) (saw string, doc []byte) {
	t.Helper()
	c := catalogue[i]
	saw, doc = recorded(t, n, c.server, func(p *faultproxy.Proxy) {
		if err := p.Add(c.rules...); err != nil {
			t.Fatal(err)
		}
	}, c.client)
	for _, want := range c.saw {
		if !strings.Contains(saw, want) {
			t.Fatalf("what is to be played did not happen: %q is not in\n%s", want, saw)
		}
	}
	return saw, doc
}

func TestTheNewClientSeesWhatTheRecordedOneSaw(t *testing.T) {
	for i, c := range catalogue {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				saw, doc := record(t, n, i)
				srv := played(t, n, read(t, doc), 1, false)
				if again := c.client.meets(t, n, srv.URL); again != saw {
					t.Errorf("it saw\n%s\nand not\n%s\nof\n%s", again, saw, doc)
				}
			})
		})
	}
}

func TestWhatAServerRecordedIsPlayed(t *testing.T) {
	for _, c := range catalogue {
		if len(c.rules) > 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				saw, doc := seenByServer(t, n, c.server, c.client)
				srv := played(t, n, read(t, doc), 1, false)
				if again := c.client.meets(t, n, srv.URL); again != saw {
					t.Errorf("it saw\n%s\nand not\n%s\nof\n%s", again, saw, doc)
				}
			})
		})
	}
}

// What was played is a recording like any other: played again, it is the same.
func TestWhatWasPlayedCanBePlayed(t *testing.T) {
	for i, c := range catalogue {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				saw, doc := record(t, n, i)
				first := played(t, n, read(t, doc), 1, false)
				c.client.meets(t, n, first.URL)
				srv := played(t, n, read(t, written(t, first.Timeline)), 1, false)
				if again := c.client.meets(t, n, srv.URL); again != saw {
					t.Errorf("it saw\n%s\nand not\n%s", again, saw)
				}
			})
		})
	}
}
