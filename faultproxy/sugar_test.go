package faultproxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// beating plays six beats of the client's, a second apart, each answered at once, with
// a message of the server's behind each answer, and returns what the client received.
// Rules come from Go, or read back from their documents.
func beating(t *testing.T, d heartbeat.Dialect, rules []faultproxy.Rule, asDocument bool) (got []string, p *faultproxy.Proxy) {
	if asDocument {
		for i, r := range rules {
			tree, err := r.Tree()
			if err != nil {
				t.Fatal(err)
			}
			if rules[i], err = faultproxy.ParseRule(tree); err != nil {
				t.Fatal(err)
			}
		}
	}
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		p = r.p
		p.Add(rules...)
		client, server := r.open()
		for i := range 6 {
			client.until(time.Duration(i+1) * time.Second)
			beat, ok := d.NewBeat(i + 1)
			if !ok {
				t.Fatalf("%v does not beat", d)
			}
			if d.Correlate.By == heartbeat.ByPayload {
				beat.Payload = fmt.Append(nil, "beat ", i+1)
			}
			answer, ok := d.AnswerTo(frame.View{Dir: frame.ToServer, Header: beat.Header(), Payload: beat.Payload})
			if !ok {
				t.Fatalf("%v is not answered", beat)
			}
			client.send(beat)
			server.send(answer, frame.Binary([]byte{byte(i)}))
		}
		client.until(time.Minute)
		got = client.got()
	})
	return got, p
}

// answers are the lines that are no data of the server's.
func answers(lines []string) (list []string) {
	for _, l := range lines {
		if !strings.Contains(l, " binary ") {
			list = append(list, l)
		}
	}
	return list
}

func TestHeartbeatRules(t *testing.T) {
	phoenix := func(ref string) string {
		return frame.Text(fmt.Sprintf(`[null,%s,"phoenix","phx_reply",{"status":"ok","response":{}}]`, ref)).String()
	}
	for _, dialect := range []struct {
		d      heartbeat.Dialect
		answer func(n int) string // the right one to the n-th beat
		wrong  func(n int) string
	}{
		{heartbeat.Protocol(), func(n int) string { return fmt.Sprintf(`pong "beat %d"`, n) },
			func(n int) string { return fmt.Sprintf("pong %q", fmt.Sprintf("cd`u!%c", '0'+n^1)) }},
		{heartbeat.Text("ping", "pong"), func(int) string { return `text "pong"` }, func(int) string { return `text "wrong"` }},
		{heartbeat.Phoenix(), func(n int) string { return phoenix(fmt.Sprintf(`"%d"`, n)) }, func(int) string { return phoenix(`"wrong"`) }},
	} {
		at := func(n int, what string, after time.Duration) string {
			return line(time.Duration(n)*time.Second+after+2*hop, what)
		}
		all := func(f func(n int) []string) (want []string) {
			for n := 1; n <= 6; n++ {
				want = append(want, f(n)...)
			}
			return want
		}
		for name, c := range map[string]struct {
			rules []faultproxy.Rule
			want  []string
		}{
			"none":        {nil, all(func(n int) []string { return []string{at(n, dialect.answer(n), 0)} })},
			"drop":        {[]faultproxy.Rule{faultproxy.DropPongs(dialect.d)}, nil},
			"late":        {[]faultproxy.Rule{faultproxy.LatePongs(300*time.Millisecond, dialect.d)}, all(func(n int) []string { return []string{at(n, dialect.answer(n), 300*time.Millisecond)} })},
			"twice":       {[]faultproxy.Rule{faultproxy.TwicePongs(dialect.d)}, all(func(n int) []string { return []string{at(n, dialect.answer(n), 0), at(n, dialect.answer(n), 0)} })},
			"wrong":       {faultproxy.WrongPongs(dialect.d), all(func(n int) []string { return []string{at(n, dialect.wrong(n), 0)} })},
			"every third": {[]faultproxy.Rule{faultproxy.AnswerEveryNth(3, dialect.d)}, []string{at(3, dialect.answer(3), 0), at(6, dialect.answer(6), 0)}},
		} {
			for _, asDocument := range []bool{false, true} {
				t.Run(fmt.Sprint(dialect.d, " ", name, " ", asDocument), func(t *testing.T) {
					got, p := beating(t, dialect.d, slices.Clone(c.rules), asDocument)
					if list := answers(got); !slices.Equal(list, c.want) {
						t.Errorf("the client received\n\t%s\nwant\n\t%s", strings.Join(list, "\n\t"), strings.Join(c.want, "\n\t"))
					}
					if data := len(got) - len(answers(got)); data != 6 {
						t.Errorf("%d of the server's messages arrived, want all 6", data)
					}
					for _, s := range p.Rules() {
						if s.Fired == 0 || len(tale(p, "fault")) == 0 {
							t.Errorf("%v did not fire", s.Rule)
						}
					}
				})
			}
		}
	}
}

func TestHeartbeatRulesWithoutADialect(t *testing.T) {
	for name, rules := range map[string][]faultproxy.Rule{
		"drop": {faultproxy.DropPongs()}, "every second": {faultproxy.AnswerEveryNth(2)}, "wrong": faultproxy.WrongPongs(),
	} {
		for _, d := range []heartbeat.Dialect{heartbeat.Protocol(), heartbeat.Text("ping", "pong")} {
			got, _ := beating(t, d, slices.Clone(rules), false)
			good := 0
			for _, l := range answers(got) {
				if strings.Contains(l, `pong "beat`) || strings.HasSuffix(l, `text "pong"`) {
					good++
				}
			}
			if want := map[string]int{"every second": 3}[name]; good != want {
				t.Errorf("%s, %v: %d good answers, want %d: %q", name, d, good, want, got)
			}
		}
	}
}

func TestDropPingsTowardTheClient(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.DropPings(heartbeat.Protocol(), heartbeat.EngineIO(25*time.Second, 20*time.Second)))
		client, server := r.open()
		server.send(frame.Ping(nil), frame.Text("2"), frame.Text("hello"))
		client.send(frame.Ping([]byte("the client's own")))
		client.says(`text "hello"`)
		server.says(`ping "the client's own"`)
		r.firings("drop-pings", 2)
	})
}

func TestUnsolicitedPongs(t *testing.T) {
	for want, rule := range map[string]faultproxy.Rule{
		`pong "unsolicited"`:         faultproxy.UnsolicitedPongs(20 * time.Second),
		`text "pong"`:                faultproxy.UnsolicitedPongs(20*time.Second, heartbeat.Text("ping", "pong")),
		`text "{\"type\":\"pong\"}"`: faultproxy.UnsolicitedPongs(20*time.Second, heartbeat.GraphQLTransportWS()),
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			r := newRig(t, n, nil)
			r.p.Add(rule)
			client, server := r.open()
			client.until(time.Minute - time.Second)
			client.wants(line(20*time.Second, want), line(40*time.Second, want))
			server.wants()
			r.firings("unsolicited-pongs", 2)
		})
	}
}

func TestSugarPanicsOnWhatMakesNoSense(t *testing.T) {
	for want, f := range map[string]func(){
		"AnswerEveryNth(1): want 2 or more":  func() { faultproxy.AnswerEveryNth(1) },
		"beats of stomp:1s are not answered": func() { faultproxy.UnsolicitedPongs(time.Second, heartbeat.STOMP(time.Second)) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("got %s, want %s", got, want)
				}
			}()
			f()
		}()
	}
}

func TestForgeOfCompressedAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		ps := opening{network: n, offer: deflateOffer, agree: deflateAgreed, rules: faultproxy.WrongPongs(heartbeat.Text("ping", "pong"))}.open(t)
		_, _ = ps.server.Write([]byte(compressed(squash(false, "pong")[0], false) + wire(frame.Text("after"))))
		receives(t, "the client", ps.down, wire(frame.Text("wrong"))+wire(frame.Text("after")))
	})
}

func TestSpareIsCountedBehindSkip(t *testing.T) {
	for _, test := range []struct {
		rule faultproxy.Rule
		want string // of eight texts
	}{
		{faultproxy.Rule{Spare: 2}, "2 4 6 8"},
		{faultproxy.Rule{Spare: 3}, "3 6"},
		{faultproxy.Rule{Spare: 3, Skip: 1}, "1 4 7"},
		{faultproxy.Rule{Spare: 3, Times: 3}, "3 5 6 7 8"},
	} {
		t.Run(test.rule.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				test.rule.Name, test.rule.On, test.rule.Do = "r", toClient, faultproxy.Drop{}
				r.p.Add(test.rule)
				client, server := r.open()
				if got := numbered(client, server, 8); got != test.want {
					t.Errorf("the client received %q, want %q", got, test.want)
				}
			})
		})
	}
}
