package faultproxy_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// timed plays a minute on a connection under a rule that injects pings, and returns
// when the client received them.
func timed(t *testing.T, rule faultproxy.Rule, f func(r *rig, client *side)) []string {
	t.Helper()
	var got []string
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		rule.Name, rule.Do = "r", faultproxy.Inject{Frame: frame.Ping(nil)}
		r.p.Add(rule)
		client, _ := r.open()
		if f != nil {
			f(r, client)
		}
		client.until(time.Minute)
		got = client.got()
		for i := range got {
			got[i] = got[i][:len(got[i])-len(" ping")]
		}
	})
	return got
}

func TestTriggersOfTime(t *testing.T) {
	for _, test := range []struct {
		name string
		rule faultproxy.Rule
		want []string
	}{
		{"opened", faultproxy.Rule{On: opened}, []string{"0s"}},
		{"elapsed 0", faultproxy.Rule{On: faultproxy.Elapsed(0)}, []string{"0s"}},
		{"elapsed", faultproxy.Rule{On: faultproxy.Elapsed(30 * time.Second)}, []string{"30s"}},
		{"elapsed too late", faultproxy.Rule{On: faultproxy.Elapsed(2 * time.Minute)}, nil},
		{"every", faultproxy.Rule{On: faultproxy.Every(15 * time.Second)}, []string{"15s", "30s", "45s", "1m0s"}},
		{"idle", faultproxy.Rule{On: faultproxy.Idle(25 * time.Second)}, []string{"25s", "50s"}},
		{"skip", faultproxy.Rule{On: faultproxy.Every(15 * time.Second), Skip: 2}, []string{"45s", "1m0s"}},
		{"times", faultproxy.Rule{On: faultproxy.Every(15 * time.Second), Times: 2}, []string{"15s", "30s"}},
		{"skip and times", faultproxy.Rule{On: faultproxy.Every(10 * time.Second), Skip: 1, Times: 2}, []string{"20s", "30s"}},
		{"after", faultproxy.Rule{On: faultproxy.Every(15 * time.Second), After: 30 * time.Second}, []string{"30s", "45s", "1m0s"}},
		{"for", faultproxy.Rule{On: faultproxy.Every(15 * time.Second), For: 40 * time.Second}, []string{"15s", "30s"}},
		{"after and for", faultproxy.Rule{On: faultproxy.Every(10 * time.Second), After: 15 * time.Second, For: 20 * time.Second}, []string{"20s", "30s"}},
		{"window over", faultproxy.Rule{On: faultproxy.Elapsed(30 * time.Second), For: 20 * time.Second}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := timed(t, test.rule, nil); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("fired at %v, want %v", got, test.want)
			}
		})
	}
}

func TestTriggersOfTimeCountFromTheRulesAddition(t *testing.T) {
	for _, test := range []struct {
		rule faultproxy.Rule
		want []string
	}{
		{faultproxy.Rule{On: opened}, []string{"20.000001s"}},
		{faultproxy.Rule{On: faultproxy.Elapsed(30 * time.Second)}, []string{"50.000001s"}},
		{faultproxy.Rule{On: faultproxy.Every(15 * time.Second)}, []string{"35.000001s", "50.000001s"}},
		{faultproxy.Rule{On: faultproxy.Idle(25 * time.Second)}, []string{"45.000001s"}},
	} {
		t.Run(fmt.Sprint(test.rule.On), func(t *testing.T) {
			got := timed(t, test.rule, func(r *rig, client *side) {
				r.p.Remove("r")
				client.until(20 * time.Second)
				test.rule.Name, test.rule.Do = "r", faultproxy.Inject{Frame: frame.Ping(nil)}
				r.p.Add(test.rule)
			})
			if len(got) > 0 && got[0] == "0s" { // the first rule's, as the connection opened
				got = got[1:]
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("fired at %v, want %v", got, test.want)
			}
		})
	}
}

func TestTimerRulesGoOnWhenOthersChange(t *testing.T) {
	got := timed(t, faultproxy.Rule{On: faultproxy.Every(15 * time.Second), Skip: 1}, func(r *rig, client *side) {
		for i := range 40 {
			client.until(time.Duration(i) * time.Second)
			r.p.Replace(faultproxy.Rule{Name: "other", On: faultproxy.Every(time.Hour), Do: faultproxy.Discard{}})
			if i == 20 { // itself, with another frame
				r.p.Replace(faultproxy.Rule{Name: "r", On: faultproxy.Every(15 * time.Second), Skip: 1, Do: faultproxy.Inject{Frame: frame.Ping([]byte{})}})
			}
		}
	})
	if fmt.Sprint(got) != "[30s 45s 1m0s]" {
		t.Errorf("fired at %v", got)
	}
}

func TestOpenedComesBeforeTheFirstByte(t *testing.T) {
	for _, do := range []faultproxy.Fault{faultproxy.Silence{}, faultproxy.Discard{}} {
		t.Run(do.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				got := make(chan int, 1)
				p := faultproxy.InMemory(t, n, rawServer(t, n, wire(frame.Text("in the 101's segment")), func(c net.Conn, early []byte) {
					_ = c.SetReadDeadline(time.Now().Add(time.Second))
					n, _ := c.Read(make([]byte, 100))
					got <- n + len(early)
				}))
				p.Add(faultproxy.Rule{On: opened, Do: do})
				c, rest := rawDial(t, n, p, masked(frame.Text("in the request's segment")))
				_ = c.SetReadDeadline(time.Now().Add(time.Second))
				k, _ := c.Read(make([]byte, 100))
				if k += len(rest); k != 0 {
					t.Errorf("%d bytes reached the client", k)
				}
				if k := <-got; k != 0 {
					t.Errorf("%d bytes reached the server", k)
				}
			})
		})
	}
}

func TestTriggersOfFramesByDirectionAndOpcode(t *testing.T) {
	all := []frame.Frame{frame.Text("t"), frame.Binary([]byte("b")), frame.Ping(nil), frame.Pong(nil)}
	for _, test := range []struct {
		on             frame.Match
		server, client []string
	}{
		{frame.Any, nil, nil},
		{frame.Op(frame.OpPing), []string{`text "t"`, "binary 1 B 62", "pong"}, []string{`text "t"`, "binary 1 B 62", "pong"}},
		{frame.Toward(frame.ToClient), []string{`text "t"`, "binary 1 B 62", "ping", "pong"}, nil},
		{frame.AllOf(frame.Toward(frame.ToServer), frame.Op(frame.OpText)), []string{"binary 1 B 62", "ping", "pong"}, []string{`text "t"`, "binary 1 B 62", "ping", "pong"}},
		{frame.Not(frame.Op(frame.OpText)), []string{`text "t"`}, []string{`text "t"`}},
		{frame.Equals("b"), []string{`text "t"`, "ping", "pong"}, []string{`text "t"`, "ping", "pong"}},
		{frame.Text("t"), []string{"binary 1 B 62", "ping", "pong"}, []string{"binary 1 B 62", "ping", "pong"}},
		{frame.Func("short", func(v frame.View) bool { return len(v.Payload) == 0 }), []string{`text "t"`, "binary 1 B 62"}, []string{`text "t"`, "binary 1 B 62"}},
	} {
		t.Run(fmt.Sprint(test.on), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(faultproxy.Rule{Name: "d", On: test.on, Do: faultproxy.Drop{}})
				client, server := r.open()
				client.send(all...)
				server.send(all...)
				client.says(test.client...)
				server.says(test.server...)
				r.firings("d", 8-len(test.client)-len(test.server))
			})
		})
	}
}

func TestTriggersOfTheHandshake(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(
			faultproxy.Rule{Name: "reset", Do: faultproxy.Refuse{}, Skip: 1, Times: 1},
			faultproxy.Rule{Name: "busy", Do: faultproxy.RejectWith(503), Times: 2},
			faultproxy.Rule{Name: "late", On: faultproxy.Responded, Do: faultproxy.RejectWith(502), Conns: faultproxy.Nth(3)})
		var got []string
		for range 5 {
			c, resp, err := gorillaTry(n, p)
			switch {
			case err == nil:
				got = append(got, "open")
				_ = c.Close()
			case resp == nil:
				got = append(got, "no answer")
			default:
				got = append(got, fmt.Sprint(resp.StatusCode))
			}
		}
		if want := "[503 no answer 503 502 open]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %v", got, want)
		}
		for name, want := range map[string]int{"reset": 1, "busy": 2, "late": 1} {
			if fired(p, name) != want {
				t.Errorf("%s fired %d times, want %d", name, fired(p, name), want)
			}
		}
	})
}
