package faultproxy_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// numbered sends texts 1 to k from the server and returns what reaches the client.
func numbered(client, server *side, k int) string {
	before := len(client.words())
	for i := 1; i <= k; i++ {
		server.send(frame.Text(fmt.Sprint(i)))
	}
	settle()
	var got []string
	for _, w := range client.words()[before:] {
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(w, `text "`), `"`))
	}
	return strings.Join(got, " ")
}

var toClient = frame.AllOf(frame.Toward(frame.ToClient), frame.Op(frame.OpText))

func TestRuleCounters(t *testing.T) {
	for _, test := range []struct {
		rule  faultproxy.Rule
		want  string // of seven texts
		fired int
	}{
		{faultproxy.Rule{}, "", 7},
		{faultproxy.Rule{Skip: 2}, "1 2", 5},
		{faultproxy.Rule{Times: 3}, "4 5 6 7", 3},
		{faultproxy.Rule{Skip: 2, Times: 3}, "1 2 6 7", 3},
		{faultproxy.Rule{OneIn: 1}, "", 7},
		{faultproxy.Rule{Times: 3, Count: faultproxy.CountPerProxy}, "4 5 6 7", 3},
		{faultproxy.Rule{Conns: faultproxy.Nth(2)}, "1 2 3 4 5 6 7", 0},
	} {
		t.Run(test.rule.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				test.rule.Name, test.rule.On, test.rule.Do = "r", toClient, faultproxy.Drop{}
				r.p.Add(test.rule)
				client, server := r.open()
				if got := numbered(client, server, 7); got != test.want {
					t.Errorf("the client received %q, want %q", got, test.want)
				}
				r.firings("r", test.fired)
			})
		})
	}
}

func TestRuleCountersPerConnectionAndPerProxy(t *testing.T) {
	for scope, want := range map[faultproxy.Scope][2]string{
		faultproxy.CountDefault: {"3", "3"}, faultproxy.CountPerConnection: {"3", "3"}, faultproxy.CountPerProxy: {"3", "1 2 3"},
	} {
		t.Run(fmt.Sprint(scope), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, Times: 2, Count: scope})
				c1, s1 := r.open()
				c2, s2 := r.open()
				if got := [2]string{numbered(c1, s1, 3), numbered(c2, s2, 3)}; got != want {
					t.Errorf("the clients received %q, want %q", got, want)
				}
			})
		})
	}
}

func TestRuleTimesAreNeverExceeded(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: faultproxy.Drop{}, Times: 5, Count: faultproxy.CountPerProxy})
		var sides []*side
		for range 8 {
			c, s := r.open()
			sides = append(sides, c, s)
		}
		for _, s := range sides { // all at one instant
			go s.send(frame.Ping(nil), frame.Ping(nil))
		}
		settle()
		got := 0
		for _, s := range sides {
			got += len(s.got())
		}
		if got != 32-5 {
			t.Errorf("%d of 32 frames arrived, want 27", got)
		}
		r.firings("r", 5)
	})
}

func TestRuleOneInFollowsTheSeed(t *testing.T) {
	play := func(seed uint64) (got string) {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			r := newRig(t, n, func(p *faultproxy.Proxy) { p.Seed = seed })
			r.p.Add(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, OneIn: 4})
			client, server := r.open()
			got = numbered(client, server, 400)
		})
		return got
	}
	first := play(1)
	if play(1) != first {
		t.Error("the same seed gave something else")
	}
	if play(2) == first {
		t.Error("another seed gave the same")
	}
	dropped := 400 - len(strings.Fields(first))
	if sigma := math.Sqrt(400 * 0.25 * 0.75); math.Abs(float64(dropped)-100) > 4*sigma {
		t.Errorf("%d of 400 dropped; one in four is 100", dropped)
	}
}

func TestRuleOneInIsOwnToConnectionDirectionAndRule(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		for _, name := range []string{"a", "b"} {
			r.p.Add(faultproxy.Rule{Name: name, On: frame.Equals(name), Do: faultproxy.Drop{}, OneIn: 2})
		}
		seen := map[string]bool{}
		for range 2 {
			client, server := r.open()
			for _, pair := range [][2]*side{{client, server}, {server, client}} {
				for _, name := range []string{"a", "b"} {
					before := len(pair[1].got())
					for range 64 {
						pair[0].send(frame.Text(name), frame.Ping(nil))
					}
					settle()
					seen[strings.ReplaceAll(strings.Join(pair[1].words()[before:], ","), `"`+name+`"`, "x")] = true
				}
			}
		}
		if len(seen) != 8 {
			t.Errorf("%d different streams of chance, want 8", len(seen))
		}
	})
}

func TestRuleWindows(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		client.until(10 * time.Second)
		r.p.Add(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, After: 10 * time.Second, For: 10 * time.Second})
		for at := 15 * time.Second; at <= 40*time.Second; at += 5 * time.Second {
			client.until(at)
			server.send(frame.Text(at.String()))
		}
		client.says(`text "15s"`, `text "30s"`, `text "35s"`, `text "40s"`)
		r.firings("r", 2)
	})
}

func TestRuleSelectsConnections(t *testing.T) {
	withHeader := strings.Replace(upgradeRequest, "Origin:", "X-Client: b\r\nOrigin:", 1)
	otherPath := strings.Replace(upgradeRequest, "/ws", "/other?q=/ws", 1)
	requests := []string{upgradeRequest, withHeader, otherPath, upgradeRequest}
	for _, test := range []struct {
		conns faultproxy.Conns
		want  string // the connections it acts on
	}{
		{faultproxy.Conns{}, "1 2 3 4"},
		{faultproxy.Nth(2), "2"},
		{faultproxy.Conns{From: 2}, "2 3 4"},
		{faultproxy.Conns{To: 3}, "1 2 3"},
		{faultproxy.Conns{From: 2, To: 3}, "2 3"},
		{faultproxy.Conns{Path: "/ws"}, "1 2 4"},
		{faultproxy.Conns{Path: "/o*"}, "3"},
		{faultproxy.Conns{Header: map[string]string{"X-Client": "b"}}, "2"},
		{faultproxy.Conns{Header: map[string]string{"x-client": ""}}, "2"},
		{faultproxy.Conns{Header: map[string]string{"X-Client": "c"}}, ""},
		{faultproxy.Conns{Path: "/ws", From: 2}, "2 4"},
	} {
		t.Run(test.conns.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(faultproxy.Rule{Name: "frame", On: frame.Any, Conns: test.conns, Do: faultproxy.Drop{}},
					faultproxy.Rule{Name: "time", On: faultproxy.Elapsed(time.Second), Conns: test.conns, Do: faultproxy.Inject{Frame: frame.Ping(nil)}})
				var byFrame, byTime []string
				for i, request := range requests {
					client, server := r.openWith(request, "")
					client.send(frame.Text("x"))
					if server.got() == nil {
						byFrame = append(byFrame, fmt.Sprint(i+1))
					}
					client.until(2 * time.Second)
					if client.got() != nil {
						byTime = append(byTime, fmt.Sprint(i+1))
					}
				}
				if got := strings.Join(byFrame, " "); got != test.want {
					t.Errorf("it acted on frames of connections %q, want %q", got, test.want)
				}
				if got := strings.Join(byTime, " "); got != test.want {
					t.Errorf("it acted in time on connections %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestRuleOrderAndFinal(t *testing.T) {
	replace := func(with string) faultproxy.Fault { return faultproxy.Replace{With: frame.Text(with)} }
	for _, test := range []struct {
		name  string
		rules []faultproxy.Rule
		want  []string
		fired []int
	}{
		{"the last edit wins", []faultproxy.Rule{{Do: replace("a")}, {Do: replace("b")}}, []string{`text "b"`}, []int{1, 1}},
		{"each edits what the one before left", []faultproxy.Rule{{Do: faultproxy.Duplicate{}}, {Do: replace("b")}}, []string{`text "b"`}, []int{1, 1}},
		{"and the other way round", []faultproxy.Rule{{Do: replace("b")}, {Do: faultproxy.Duplicate{}}}, []string{`text "b"`, `text "b"`}, []int{1, 1}},
		{"nothing is left", []faultproxy.Rule{{Do: faultproxy.Drop{}}, {Do: faultproxy.Duplicate{}}, {Do: faultproxy.Drop{}}, {Do: faultproxy.Late{By: 1}}, {Do: replace("x")}}, nil, []int{1, 0, 0, 0, 0}},
		{"dropped in the end", []faultproxy.Rule{{Do: faultproxy.Duplicate{}}, {Do: faultproxy.Drop{}}}, nil, []int{1, 1}},
		{"matches are of the frame as it came", []faultproxy.Rule{{Do: replace("a")}, {On: frame.Equals("a"), Do: faultproxy.Drop{}}}, []string{`text "a"`}, []int{1, 0}},
		{"final", []faultproxy.Rule{{Do: replace("a"), Final: true}, {Do: faultproxy.Drop{}}}, []string{`text "a"`}, []int{1, 0}},
		{"final without a match", []faultproxy.Rule{{On: frame.Equals("a"), Do: replace("a"), Final: true}, {Do: faultproxy.Drop{}}}, nil, []int{0, 1}},
		{"final that was spent", []faultproxy.Rule{{Do: replace("a"), Final: true, Skip: 1}, {Do: faultproxy.Drop{}}}, nil, []int{0, 1}},
		{"a dropped frame still triggers", []faultproxy.Rule{{Do: faultproxy.Drop{}}, {Do: faultproxy.Inject{Frame: frame.Ping(nil)}}}, []string{"ping"}, []int{1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				for i, rule := range test.rules {
					rule.Name = fmt.Sprint(i)
					if rule.On == nil {
						rule.On = toClient
					}
					r.p.Add(rule)
				}
				client, server := r.open()
				server.send(frame.Text("original"))
				client.says(test.want...)
				for i, want := range test.fired {
					r.firings(fmt.Sprint(i), want)
				}
			})
		})
	}
}

func TestRuleFinalInTime(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		ping := faultproxy.Inject{Frame: frame.Ping(nil)}
		r.p.Add(
			faultproxy.Rule{Name: "a", On: faultproxy.Every(10 * time.Second), Do: ping, Final: true, Times: 2},
			faultproxy.Rule{Name: "b", On: faultproxy.Every(5 * time.Second), Do: faultproxy.Inject{Frame: frame.Pong(nil)}})
		client, _ := r.open()
		client.until(31 * time.Second)
		client.wants(line(5*time.Second, "pong"), line(10*time.Second, "ping"), line(15*time.Second, "pong"), line(20*time.Second, "ping"),
			line(25*time.Second, "pong"), line(30*time.Second, "pong"))
	})
}

func TestRuleThatFoundNothingLeftUsesNoTimes(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{Name: "first", On: toClient, Do: faultproxy.Drop{}, Times: 2},
			faultproxy.Rule{Name: "second", On: toClient, Do: faultproxy.Drop{}, Times: 1})
		client, server := r.open()
		if got := numbered(client, server, 4); got != "4" {
			t.Errorf("the client received %q, want only 4", got)
		}
		r.firings("second", 1)
	})
}
