package replay_test

import (
	"strings"
	"testing"

	fake "github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// other is what one client was answered, and what another one is that does otherwise.
type other struct {
	name     string
	direct   bool // recorded by the server, without a proxy
	server   fake.Handler
	rules    []faultproxy.Rule
	recorded client
	another  client
	sees     string // of each line behind the 101: the time, the opcode, the payload
}

var others = []other{
	{"pongs carry the payload of the new client, as late as they came", false,
		fake.Script(fake.AnswerBeats(heartbeat.Protocol(), fake.Late(300*ms))), nil,
		client{sends: []send{at(sec, frame.Ping([]byte("a")))}, stays: 3 * sec},
		client{sends: []send{at(5*sec, frame.Ping([]byte("other")))}, stays: 9 * sec},
		`5.300004s pong "other"; 9s still open`},
	{"the n-th ping is left unanswered if the n-th was; later ones are as the last", false,
		fake.Echo, []faultproxy.Rule{{On: frame.Op(frame.OpPong), Skip: 1, Do: faultproxy.Drop{}}},
		client{sends: []send{at(sec, frame.Ping([]byte("a"))), at(2*sec, frame.Ping([]byte("b")))}, stays: 9 * sec},
		client{sends: []send{at(sec, frame.Ping([]byte("x"))), at(2*sec, frame.Ping([]byte("y"))), at(3*sec, frame.Ping([]byte("z")))}, stays: 9 * sec},
		`1.000004s pong "x"; 9s still open`},
	{"a ping where none was recorded is answered at once", false,
		fake.Silent, nil,
		client{stays: 9 * sec},
		client{sends: []send{at(sec, frame.Ping([]byte("x")))}, stays: 9 * sec},
		`1.000002s pong "x"; 9s still open`},
	{"but not in a silence", false,
		fake.Echo, []faultproxy.Rule{{On: faultproxy.Elapsed(2 * sec), Do: faultproxy.Silence{Dir: frame.ToClient, For: 2 * sec}}},
		client{stays: 9 * sec},
		client{sends: []send{at(sec, frame.Ping([]byte("x"))), at(3*sec, frame.Ping([]byte("y"))), at(5*sec, frame.Ping([]byte("z")))}, stays: 9 * sec},
		`1.000002s pong "x"; 5.000002s pong "z"; 9s still open`},
	{"nor of a server that went dark", true,
		fake.Script(fake.Pause(2*sec), fake.GoDark()), nil,
		client{sends: []send{at(sec, frame.Ping([]byte("a")))}, stays: 9 * sec},
		client{sends: []send{at(sec, frame.Ping([]byte("x"))), at(3*sec, frame.Ping([]byte("y"))), at(4*sec, frame.Close(1000, ""))}, stays: 9 * sec},
		`1.000002s pong "x"; 9s still open`},
	{"pongs given twice are given twice", false,
		fake.Script(fake.AnswerBeats(heartbeat.Protocol(), fake.Twice)), nil,
		client{sends: []send{at(sec, frame.Ping([]byte("a")))}, stays: 9 * sec},
		client{sends: []send{at(2*sec, frame.Ping([]byte("x")))}, stays: 9 * sec},
		`2.000004s pong "x"; 2.000004s pong "x"; 9s still open`},
	{"a pong that answers nothing comes by the clock", false,
		fake.Script(fake.Pause(sec), fake.Send(frame.Pong([]byte("alone")))), nil,
		client{stays: 9 * sec}, client{stays: 9 * sec},
		`1s pong "alone"; 9s still open`},
	{"Phoenix heartbeats are answered by their ref", false,
		fake.Script(fake.AnswerBeats(heartbeat.Phoenix())), nil,
		client{sends: []send{at(sec, frame.Text(`[null,"1","phoenix","heartbeat",{}]`))}, stays: 9 * sec},
		client{sends: []send{at(2*sec, frame.Text(`[null,"77","phoenix","heartbeat",{}]`))}, stays: 9 * sec},
		`2.000004s text "[null,\"77\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"; 9s still open`},
	{"a text ping is answered with the recorded text", false,
		fake.Script(fake.AnswerBeats(heartbeat.Text("ping", "pong"), fake.Late(sec))), nil,
		client{sends: []send{at(sec, frame.Text("ping"))}, stays: 9 * sec},
		client{sends: []send{at(3*sec, frame.Text("ping"))}, stays: 9 * sec},
		`4.000004s text "pong"; 9s still open`},

	{"compressed messages are plain to a client that offers no compression", false,
		fake.Script(fake.Handshake(fake.AcceptWith(fake.Compression(true))), fake.Pause(sec), fake.Send(frame.Deflated(frame.Text("squeeze, squeeze")))), nil,
		client{offers: "Sec-WebSocket-Extensions: permessage-deflate\r\n", stays: 9 * sec}, client{stays: 9 * sec},
		`1s text "squeeze, squeeze"; 9s still open`},
	{"so are those in fragments", false,
		fake.Script(fake.Handshake(fake.AcceptWith(fake.Compression(true))), fake.Pause(sec), fake.Send(squeezed()...)), nil,
		client{offers: "Sec-WebSocket-Extensions: permessage-deflate\r\n", stays: 9 * sec}, client{stays: 9 * sec},
		`1s text fin=false rsv=0 masked=false "squeeze, squeeze"; 1s continuation ""; 9s still open`},
	{"so are they where the server recorded", true,
		fake.Script(fake.Handshake(fake.AcceptWith(fake.Compression(true))), fake.Pause(sec), fake.Send(squeezed()...)), nil,
		client{offers: "Sec-WebSocket-Extensions: permessage-deflate\r\n", stays: 9 * sec}, client{stays: 9 * sec},
		`1s text fin=false rsv=0 masked=false "squeeze, squeeze"; 1s continuation ""; 9s still open`},

	{"a Close comes earlier, with another code: it is echoed, and nothing follows by the clock", false,
		fake.Script(fake.Pause(6*sec), fake.Send(frame.Text("never seen")), fake.Pause(sec)), nil,
		client{sends: []send{at(8*sec, frame.Close(1000, "done"))}},
		client{sends: []send{at(2*sec, frame.Close(4001, "early"))}},
		`2.000004s close "\x0f\xa1"; 2.000004s FIN`},
	{"a Close comes later: the recorded end waits for it", false,
		fake.Echo, nil,
		client{sends: []send{at(2*sec, frame.Close(1000, ""))}},
		client{sends: []send{at(20*sec, frame.Close(1000, ""))}},
		`20.000004s close "\x03\xe8"; 20.000004s FIN`},
	{"a Close where none was recorded is answered as the RFC asks", false,
		fake.Echo, []faultproxy.Rule{elapsed(9*sec, faultproxy.End{Client: faultproxy.RST})},
		client{},
		client{sends: []send{at(2*sec, frame.Close(1001, "leaving"))}},
		`2.000002s close "\x03\xe9"; 2.000002s FIN`},
	{"a Close before that of the server is answered, too", false,
		fake.Script(fake.Pause(5*sec), fake.Close(1012, "restart")), nil,
		client{echoes: true},
		client{sends: []send{at(2*sec, frame.Close(1000, ""))}},
		`2.000002s close "\x03\xe8"; 2.000004s FIN`},
	{"a client that does not answer the server's Close is left after 5 s", false,
		fake.Script(fake.Pause(5*sec), fake.Close(1012, "restart")), nil,
		client{echoes: true},
		client{},
		`5s close "\x03\xf4restart"; 10.000002s FIN`},
	{"another code than the client's is what the recorded client got",
		false, fake.Script(fake.On(frame.Op(frame.OpClose), fake.Send(frame.Close(1011, "oops")), fake.HalfClose())), nil,
		client{sends: []send{at(2*sec, frame.Close(1000, ""))}},
		client{sends: []send{at(3*sec, frame.Close(1001, ""))}},
		`3.000004s close "\x03\xf3oops"; 3.000004s FIN`},
	{"the end of a client that left is not the server's",
		false, fake.Echo, nil,
		client{stays: 3 * sec}, client{stays: 9 * sec},
		`9s still open`},
	{"a server that takes no notice of a Close goes on by the clock",
		false, fake.Script(fake.On(frame.Op(frame.OpClose)), fake.Every(3*sec, fake.Send(frame.Text("tick")))), nil,
		client{sends: []send{at(4*sec, frame.Close(1000, ""))}, stays: 8 * sec},
		client{sends: []send{at(sec, frame.Close(1000, ""))}, stays: 9 * sec},
		`3s text "tick"; 6s text "tick"; 9s still open`},
	{"a Close that was not answered is not", false,
		fake.Script(fake.On(frame.Op(frame.OpClose))), nil,
		client{sends: []send{at(2*sec, frame.Close(1000, ""))}, stays: 9 * sec},
		client{sends: []send{at(3*sec, frame.Close(1000, ""))}, stays: 9 * sec},
		`9s still open`},
}

func TestAnotherClientIsAnsweredAsTheRecordedOneWas(t *testing.T) {
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				if o.direct {
					_, doc := seenByServer(t, n, o.server, o.recorded)
					o.plays(t, n, doc)
					return
				}
				_, doc := recorded(t, n, o.server, func(p *faultproxy.Proxy) {
					if err := p.Add(o.rules...); err != nil {
						t.Fatal(err)
					}
				}, o.recorded)
				o.plays(t, n, doc)
			})
		})
	}
}

// plays plays the recording to the other client.
func (o other) plays(t *testing.T, n *memnet.Network, doc []byte) {
	t.Helper()
	srv := played(t, n, read(t, doc), 1, false)
	if saw := short(o.another.meets(t, n, srv.URL)); saw != o.sees {
		t.Errorf("it saw\n%s\nand not\n%s\nof\n%s", saw, o.sees, doc)
	}
}

// short is what a client saw behind the 101, without what is usual.
func short(saw string) string {
	_, saw, _ = strings.Cut(strings.TrimSpace(saw), "\n")
	return strings.ReplaceAll(strings.ReplaceAll(saw, " fin=true rsv=0 masked=false", ""), "\n", "; ")
}
