package heartbeat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

func TestBeatsAndAnswers(t *testing.T) {
	tests := []struct {
		name    string
		dialect heartbeat.Dialect
		view    frame.View
		beat    bool
		answer  bool
	}{
		{"client's ping", heartbeat.Protocol(), sent(frame.Ping([]byte("x"))), true, false},
		{"server's ping", heartbeat.Protocol(), received(frame.Ping(nil)), true, false},
		{"pong", heartbeat.Protocol(), sent(frame.Pong(nil)), false, true},
		{"text ping is no protocol beat", heartbeat.Protocol(), sent(frame.Text("ping")), false, false},
		{"text ping", heartbeat.Text("ping", "pong"), sent(frame.Text("ping")), true, false},
		{"text pong", heartbeat.Text("ping", "pong"), received(frame.Text("pong")), false, true},
		{"text that only begins so", heartbeat.Text("ping", "pong"), sent(frame.Text("ping!")), false, false},
		{"binary of the same bytes", heartbeat.Text("ping", "pong"), sent(frame.Binary([]byte("ping"))), false, false},
		{"phoenix beat", heartbeat.Phoenix(), sent(frame.Text(`[null, "7", "phoenix", "heartbeat", {}]`)), true, false},
		{"a server does not beat in phoenix", heartbeat.Phoenix(), received(frame.Text(`[null,"7","phoenix","heartbeat",{}]`)), false, false},
		{"phoenix answer", heartbeat.Phoenix(), received(frame.Text(`[null,"7","phoenix","phx_reply",{}]`)), false, true},
		{"phoenix answer in the wrong direction", heartbeat.Phoenix(), sent(frame.Text(`[null,"7","phoenix","phx_reply",{}]`)), false, false},
		{"mqtt PINGREQ", heartbeat.MQTT(), sent(frame.Binary([]byte{0xc0, 0})), true, false},
		{"mqtt PINGRESP", heartbeat.MQTT(), received(frame.Binary([]byte{0xd0, 0})), false, true},
		{"action cable", heartbeat.ActionCable(), received(frame.Text(`{"type":"ping","message":1700000000}`)), true, false},
		{"action cable beats are not answered", heartbeat.ActionCable(), sent(frame.Text(`{"type":"pong"}`)), false, false},
		{"compressed payload", heartbeat.Text("ping", "pong"), frame.View{
			Dir: frame.ToServer, Header: frame.Header{Fin: true, Opcode: frame.OpText, RSV: frame.RSV1}, Opaque: true,
		}, false, false},
		{"the zero dialect never beats", heartbeat.Dialect{}, sent(frame.Ping(nil)), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.dialect.Beats().Match(tt.view); got != tt.beat {
				t.Errorf("Beats matches: %t, want %t (%s)", got, tt.beat, tt.dialect.Beats())
			}
			if got := tt.dialect.Answers().Match(tt.view); got != tt.answer {
				t.Errorf("Answers matches: %t, want %t (%s)", got, tt.answer, tt.dialect.Answers())
			}
		})
	}
}

func TestNeedsOfBeatsIsNarrow(t *testing.T) {
	d := heartbeat.Protocol()
	d.By = heartbeat.Client
	want := frame.Needs{Dirs: frame.ToServer, Opcodes: frame.OpcodesOf(frame.OpPing)}
	if got := d.Beats().Needs(); got != want {
		t.Errorf("Beats needs %+v, want %+v: a header rule must not ask for payloads", got, want)
	}
	want = frame.Needs{Dirs: frame.ToClient, Opcodes: frame.OpcodesOf(frame.OpPong)}
	if got := d.Answers().Needs(); got != want {
		t.Errorf("Answers needs %+v, want %+v", got, want)
	}
}

func TestAnswerTo(t *testing.T) {
	tests := []struct {
		name    string
		dialect heartbeat.Dialect
		beat    frame.View
		want    string // as Frame.String shows it; empty: none
	}{
		{"pong repeats the payload", heartbeat.Protocol(), sent(frame.Ping([]byte("abc"))), frame.Pong([]byte("abc")).String()},
		{"empty ping", heartbeat.Protocol(), received(frame.Ping(nil)), frame.Pong(nil).String()},
		{"a pong is not answered", heartbeat.Protocol(), sent(frame.Pong(nil)), ""},
		{"text", heartbeat.Text("hb", "ack"), sent(frame.Text("hb")), `text "ack"`},
		{"other text", heartbeat.Text("hb", "ack"), sent(frame.Text("ack")), ""},
		{"unanswered text", heartbeat.Text("hb", ""), sent(frame.Text("hb")), ""},
		{"phoenix repeats the ref as it is written", heartbeat.Phoenix(), sent(frame.Text(`[null,"12","phoenix","heartbeat",{}]`)),
			frame.Text(`[null,"12","phoenix","phx_reply",{"status":"ok","response":{}}]`).String()},
		{"phoenix without a ref", heartbeat.Phoenix(), sent(frame.Text(`[null]`)), ""},
		{"mqtt", heartbeat.MQTT(), sent(frame.Binary([]byte{0xc0, 0})), frame.Binary([]byte{0xd0, 0}).String()},
		{"action cable", heartbeat.ActionCable(), received(frame.Text(`{"type":"ping","message":1}`)), ""},
		{"compressed ping", heartbeat.Protocol(), frame.View{Dir: frame.ToServer, Header: frame.Ping(nil).Header(), Opaque: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := tt.dialect.AnswerTo(tt.beat)
			got := ""
			if ok {
				got = f.String()
			}
			if got != tt.want {
				t.Errorf("answer %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAnswerDoesNotShareThePayload(t *testing.T) {
	payload := []byte("abc")
	f, _ := heartbeat.Protocol().AnswerTo(sent(frame.Ping(payload)))
	payload[0] = 'x'
	if string(f.Payload) != "abc" {
		t.Errorf("the answer changed to %q with the beat's buffer, which is only valid during the call", f.Payload)
	}
}

func TestEveryDialectAnswersItsOwnBeats(t *testing.T) {
	for _, d := range everyDialect() {
		t.Run(d.Name, func(t *testing.T) {
			if err := d.Validate(); err != nil {
				t.Fatal(err)
			}
			beat, ok := d.NewBeat(3)
			if !ok {
				t.Fatal("no beat could be made")
			}
			v := sent(beat)
			if d.By == heartbeat.Server {
				v = received(beat)
			}
			if !d.Beats().Match(v) {
				t.Fatalf("its own beat %s is none", beat)
			}
			answer, ok := d.AnswerTo(v)
			if ok != d.Answered() {
				t.Fatalf("AnswerTo ok is %t, Answered %t", ok, d.Answered())
			}
			if !ok {
				return
			}
			a := received(answer)
			if v.Dir == frame.ToClient {
				a = sent(answer)
			}
			if !d.IsAnswer(v, a) {
				t.Errorf("its own answer %s to %s is none", answer, beat)
			}
			a.Dir = v.Dir
			if d.IsAnswer(v, a) {
				t.Errorf("an answer in the direction of the beat is one")
			}
		})
	}
}

func TestIsAnswerCorrelates(t *testing.T) {
	beat := sent(frame.Text(`[null,"12","phoenix","heartbeat",{}]`))
	for payload, want := range map[string]bool{
		`[null,"12","phoenix","phx_reply",{}]`: true,
		`[null,"13","phoenix","phx_reply",{}]`: false,
		`[null,12,"phoenix","phx_reply",{}]`:   false,
		`[null,"12","room","phx_reply",{}]`:    false,
	} {
		if got := heartbeat.Phoenix().IsAnswer(beat, received(frame.Text(payload))); got != want {
			t.Errorf("IsAnswer(%s) is %t, want %t", payload, got, want)
		}
	}
	if heartbeat.Protocol().IsAnswer(sent(frame.Ping([]byte("a"))), received(frame.Pong([]byte("b")))) {
		t.Error("a pong with another payload is an answer")
	}
}

func TestExchange(t *testing.T) {
	join := heartbeat.Phoenix().Session[0]
	got := join.Replies(sent(frame.Text(`["1","2","room:a","phx_join",{}]`)))
	want := `["1","2","room:a","phx_reply",{"status":"ok","response":{}}]`
	if len(got) != 1 || string(got[0].Payload) != want {
		t.Errorf("replies %v, want %s", got, want)
	}
	if got := join.Replies(received(frame.Text(`["1","2","room:a","phx_join",{}]`))); got != nil {
		t.Errorf("the server's own question was answered with %v", got)
	}
	missing := heartbeat.Exchange{On: frame.Any, Reply: []heartbeat.Template{text(`{$[1]}`)}}
	if got := missing.Replies(sent(frame.Text(`["1"]`))); got != nil {
		t.Errorf("a placeholder without a value became %v", got)
	}
	if got := join.Replies(sent(frame.Text(`["1"]`))); got != nil {
		t.Errorf("something else was answered with %v", got)
	}
}

func TestValidate(t *testing.T) {
	broken := heartbeat.Dialect{
		By:        9,
		Answer:    heartbeat.Form{Send: text("x")},
		Correlate: heartbeat.Correlation{By: heartbeat.ByJSON, Path: "a..b"},
		Interval:  -time.Second,
		Packets:   7,
		Greeting:  []heartbeat.Template{text("{/(/}")},
		Session: []heartbeat.Exchange{{On: frame.Any, Reply: []heartbeat.Template{
			text("{$..x}"), {Op: frame.OpBinary, Payload: "{{@4:2}"},
		}}},
	}
	err := broken.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"needs a name", "say who beats", "beat has no match", "never be recognised", "no JSON path",
		"cannot be negative", "packets(7) is unknown", "greeting[0]: placeholder {/(/}: error parsing regexp",
		"session[0].reply[0]: placeholder {$..x}", "session[0].reply[1]: placeholder {@4:2} ends before it begins",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	d := heartbeat.Phoenix()
	d.Correlate = heartbeat.Correlation{Path: "ref"}
	if err := d.Validate(); err == nil || !strings.Contains(err.Error(), "takes no path") {
		t.Errorf("a path without json: %v", err)
	}
}

func TestRoles(t *testing.T) {
	if heartbeat.Client.Sends() != frame.ToServer || heartbeat.Server.Sends() != frame.ToClient || heartbeat.Either.Sends() != frame.Both {
		t.Error("Sends names the wrong direction")
	}
	if heartbeat.Client.Peer() != heartbeat.Server || heartbeat.Server.Peer() != heartbeat.Client || heartbeat.Either.Peer() != heartbeat.Either {
		t.Error("Peer names the wrong side")
	}
}
