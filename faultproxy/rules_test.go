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

func TestReplaceKeepsCountersOfTheSameFault(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		drop := faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, Times: 3}
		r.p.Add(faultproxy.Rule{Name: "before", On: faultproxy.Idle(time.Hour), Do: faultproxy.Discard{}}, drop,
			faultproxy.Rule{Name: "behind", On: faultproxy.Idle(time.Hour), Do: faultproxy.Discard{}})
		client, server := r.open()
		if got := numbered(client, server, 2); got != "" {
			t.Errorf("received %q", got)
		}
		drop.Times = 4
		r.p.Replace(drop)
		if got := numbered(client, server, 3); got != "3" {
			t.Errorf("received %q, want 3: two of four were used before", got)
		}
		if s := r.p.Rules(); s[1].Rule.Name != "r" || s[1].Rule.Times != 4 || s[1].Seen != 5 || s[1].Fired != 4 {
			t.Errorf("the rules are %v", s)
		}
		r.p.Replace(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Duplicate{}, Times: 1}) // another fault starts anew
		if got := numbered(client, server, 2); got != "1 1 2" {
			t.Errorf("received %q, want 1 1 2", got)
		}
		r.firings("r", 1)
		r.p.Replace(faultproxy.Rule{Name: "new", On: toClient, Do: faultproxy.Drop{}})
		if got := numbered(client, server, 2); got != "" {
			t.Errorf("received %q, want nothing", got)
		}
		if s := r.p.Rules(); len(s) != 4 || s[3].Rule.Name != "new" {
			t.Errorf("the rules are %v", s)
		}
	})
}

func TestRemoveAndAddAgainStartsAnew(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		drop := faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, Times: 1}
		client, server := r.open()
		for range 3 {
			r.p.Add(drop)
			if got := numbered(client, server, 2); got != "2" {
				t.Errorf("received %q, want 2", got)
			}
			if n := r.p.Remove("r", "no such rule"); n != 1 {
				t.Errorf("removed %d rules, want 1", n)
			}
			if got := numbered(client, server, 2); got != "1 2" {
				t.Errorf("received %q, want 1 2", got)
			}
		}
		if n := r.p.Remove("r"); n != 0 {
			t.Errorf("removed %d rules, want none", n)
		}
	})
}

func TestRemoveAndAddAgainDrawsTheSameChance(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		var got [2]string
		for i := range got {
			r.p.Add(faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}, OneIn: 2})
			got[i] = numbered(client, server, 64)
			r.p.Remove("r")
		}
		if got[0] != got[1] {
			t.Errorf("first %q, then %q", got[0], got[1])
		}
	})
}

func TestRulesActFromTheNextFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		whole := from.wire(frame.Text("begun before"))
		from.write(whole[:8])
		settle()
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: faultproxy.Drop{}})
		from.write(whole[8:])
		from.send(frame.Text("dropped"))
		to.says(`text "begun before"`)
		r.p.Remove("r")
		from.send(frame.Text("free"))
		to.says(`text "begun before"`, `text "free"`)
	})
}

func TestRuleNames(t *testing.T) {
	p := &faultproxy.Proxy{}
	drop := faultproxy.Rule{On: frame.Any, Do: faultproxy.Drop{}}
	err := p.Add(drop, drop, faultproxy.Rule{On: frame.Any, Do: faultproxy.CloseWith(1012, "x")}, drop,
		faultproxy.Rule{Name: "drop-4", On: frame.Any, Do: faultproxy.Drop{}}, drop)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range p.Rules() {
		names = append(names, s.Rule.Name)
	}
	if want := "drop drop-2 close drop-3 drop-4 drop-5"; strings.Join(names, " ") != want {
		t.Errorf("named %q, want %q", names, want)
	}
}

// userFault is a fault as a user would write one.
type userFault struct {
	stages faultproxy.Stage
	apply  func(*faultproxy.Plan)
}

func (f userFault) Stages() faultproxy.Stage { return f.stages }
func (f userFault) Apply(p *faultproxy.Plan) { f.apply(p) }
func (userFault) String() string             { return "user fault" }

func TestAddRefuses(t *testing.T) {
	drop := faultproxy.Drop{}
	for _, test := range []struct {
		rule faultproxy.Rule
		want string
	}{
		{faultproxy.Rule{On: frame.Any}, "has no fault"},
		{faultproxy.Rule{Name: "there", On: frame.Any, Do: drop}, "use Replace"},
		{faultproxy.Rule{Name: "caller", On: frame.Any, Do: drop}, "name is taken"},
		{faultproxy.Rule{On: faultproxy.Elapsed(time.Second), Do: drop}, "use silence or discard"},
		{faultproxy.Rule{On: faultproxy.Requested, Do: drop}, `needs a frame and "request" has none`},
		{faultproxy.Rule{Do: drop}, "set On to one that happens at frame"},
		{faultproxy.Rule{Do: faultproxy.CloseWith(1000, "")}, "set On to one that happens at frame, time"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.RejectWith(503)}, "acts at: request, response; but"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Refuse{}}, "acts at: accepted; but"},
		{faultproxy.Rule{Do: faultproxy.Refuse{}, Conns: faultproxy.Nth(2)}, "no number, path or header before its request"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Delay{By: 1}}, "acts at: request, response; but"},
		{faultproxy.Rule{On: ended, Do: drop}, "cannot be hung on"},
		{faultproxy.Rule{On: faultproxy.Elapsed(-1), Do: faultproxy.Silence{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.Every(0), Do: faultproxy.Silence{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.Idle(0), Do: faultproxy.Silence{}}, "needs a time above zero"},
		{faultproxy.Rule{On: faultproxy.Every(1).ResetBy(frame.ToClient), Do: faultproxy.Silence{}}, "only an idle trigger"},
		{faultproxy.Rule{On: faultproxy.Idle(1).Lazy(1), Do: faultproxy.Silence{}}, "lazy must be less"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Skip: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Times: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, OneIn: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, After: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, For: -1}, "cannot be negative"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{From: -1}}, "count from 1"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{From: 3, To: 2}}, "count from 1, and upwards"},
		{faultproxy.Rule{On: frame.Any, Do: drop, Conns: faultproxy.Conns{Path: "["}}, "connection path"},
		{faultproxy.Rule{Do: faultproxy.Latency{Delay: -1}}, "negative"},
		{faultproxy.Rule{Do: faultproxy.Latency{Jitter: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Late{By: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Silence{For: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Discard{For: -1}}, "negative"},
		{faultproxy.Rule{Do: faultproxy.Delay{By: -1}}, "negative"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Duplicate{Copies: -1}}, "want 0 to 1000"},
		{faultproxy.Rule{On: frame.Any, Do: faultproxy.Duplicate{Copies: 1001}}, "want 0 to 1000"},
		{faultproxy.Rule{On: opened, Do: faultproxy.End{}}, "both sides are kept"},
		{faultproxy.Rule{On: opened, Do: faultproxy.End{Client: 99}}, "unknown ending"},
		{faultproxy.Rule{On: opened, Do: faultproxy.End{Client: faultproxy.FIN, Gap: -1}}, "negative"},
		{faultproxy.Rule{On: opened, Do: faultproxy.CloseWith(1000, strings.Repeat("x", 124))}, "at most 123"},
		{faultproxy.Rule{On: opened, Do: faultproxy.CloseWith(0, "x")}, "a reason needs a code"},
		{faultproxy.Rule{On: opened, Do: faultproxy.Close{Other: 99}}, "unknown value for other"},
		{faultproxy.Rule{Do: faultproxy.RejectWith(101)}, "does not end a handshake"},
		{faultproxy.Rule{Do: faultproxy.Reject{Header: map[string][]string{"A b": nil}}}, "cannot be sent"},
		{faultproxy.Rule{On: opened, Do: userFault{stages: faultproxy.StageFrame}}, "needs a frame"},
	} {
		p := &faultproxy.Proxy{}
		if err := p.Add(faultproxy.Rule{Name: "there", On: frame.Any, Do: drop}); err != nil {
			t.Fatal(err)
		}
		err := p.Add(faultproxy.Rule{Name: "good", On: frame.Any, Do: drop}, test.rule)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want an error with %q", test.rule, err, test.want)
		}
		if len(p.Rules()) != 1 {
			t.Errorf("%v: a part was added", test.rule)
		}
		test.rule.Name = "other"
		if err := p.Replace(test.rule); err == nil && test.want != "use Replace" && test.want != "name is taken" {
			t.Errorf("%v: Replace takes what Add refuses", test.rule)
		}
	}
}

func TestAddSaysAllThatIsWrong(t *testing.T) {
	p := &faultproxy.Proxy{}
	err := p.Add(faultproxy.Rule{Name: "a", On: frame.Any}, faultproxy.Rule{Name: "b", Do: faultproxy.Drop{}})
	if err == nil || !strings.Contains(err.Error(), `rule "a"`) || !strings.Contains(err.Error(), `rule "b"`) {
		t.Errorf("got %v", err)
	}
}

func TestExpectFired(t *testing.T) {
	for name, test := range map[string]struct {
		rule faultproxy.Rule
		want string
	}{
		"fired":      {faultproxy.Rule{On: frame.Any, Do: faultproxy.Drop{}}, ""},
		"no match":   {faultproxy.Rule{On: frame.Equals("y"), Do: faultproxy.Drop{}}, `rule "r" had to fire and never did: nothing matched`},
		"skipped":    {faultproxy.Rule{On: frame.Any, Skip: 9, Do: faultproxy.Drop{}}, "it matched once, but Skip"},
		"no time":    {faultproxy.Rule{On: faultproxy.Elapsed(time.Hour), Do: faultproxy.Silence{}}, "no connection got as far as elapsed 1h"},
		"no moment":  {faultproxy.Rule{Do: faultproxy.Refuse{}}, "there was nothing it could act on"},
		"other conn": {faultproxy.Rule{On: frame.Any, Conns: faultproxy.Nth(2), Do: faultproxy.Drop{}}, "on connection 2"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				p := &faultproxy.Proxy{Upstream: r.p.Upstream}
				if err := p.On(t, n).Start(); err != nil {
					t.Fatal(err)
				}
				r.p = p
				client, _ := r.open()
				test.rule.Name, test.rule.Expect = "r", faultproxy.Fired
				if err := p.Add(test.rule); err != nil { // after the opening: "no moment" has passed
					t.Fatal(err)
				}
				client.send(frame.Text("x"))
				settle()
				err := p.Close()
				switch {
				case test.want == "" && err != nil:
					t.Errorf("got %v", err)
				case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
					t.Errorf("got %v, want %q", err, test.want)
				}
				if again := p.Close(); fmt.Sprint(again) != fmt.Sprint(err) {
					t.Errorf("closing again: %v", again)
				}
			})
		})
	}
}

func TestSummaryListsRulesThatNeverFired(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{Name: "fired", On: frame.Any, Do: faultproxy.Drop{}},
			faultproxy.Rule{Name: "never", On: frame.Equals("y"), Do: faultproxy.Drop{}},
			faultproxy.Rule{Name: "idle", On: faultproxy.Idle(time.Hour), Do: faultproxy.Silence{}})
		client, _ := r.open()
		client.send(frame.Text("x"))
		settle()
		got := strings.Join(r.p.Summary(), "\n")
		if !strings.Contains(got, "seed 7") || !strings.Contains(got, `rule "never" never fired: nothing matched`) {
			t.Errorf("got %q", got)
		}
		if strings.Contains(got, `"idle"`) || strings.Contains(got, `"fired"`) {
			t.Errorf("rules are accused wrongly: %q", got)
		}
	})
}

func TestUserWrittenFault(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		var draws []int
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: userFault{faultproxy.StageFrame | faultproxy.StageTime, func(p *faultproxy.Plan) {
			if p.Stage() != faultproxy.StageFrame || p.Conn() != 1 || p.Direction() != dir || p.View().Header.Opcode != frame.OpText || p.At() == 0 {
				t.Errorf("the plan says stage %v, connection %d, direction %v, %v", p.Stage(), p.Conn(), p.Direction(), p.View())
			}
			draws = append(draws, p.Rand().IntN(1000))
			if len(draws) == 1 {
				p.Replace(frame.Text("forged"))
				p.Duplicate(1)
				p.Inject(frame.Ping(nil), dir)
			}
		}}})
		from.send(frame.Text("a"), frame.Text("b"))
		to.says(`text "forged"`, `text "forged"`, "ping", `text "b"`)
		r.firings("r", 1) // the second time it changed nothing
		if len(draws) != 2 || draws[0] == draws[1] {
			t.Errorf("drew %v", draws)
		}
	})
}

func TestUserWrittenFaultIsAllOrNothing(t *testing.T) {
	for name, apply := range map[string]func(*faultproxy.Plan){
		"says so": func(p *faultproxy.Plan) {
			p.Drop()
			p.Inject(frame.Ping(nil), frame.Both)
			p.NotApplied("not %s", "today")
		},
		"impossible": func(p *faultproxy.Plan) { p.Drop(); p.Close(faultproxy.Close{}); p.Refuse() },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				why := map[string]string{"says so": "not today", "impossible": "refuse needs one of: accepted; this is frame"}[name]
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: userFault{faultproxy.StageFrame, apply}, Times: 1})
				from.send(frame.Text("a"), frame.Text("b"))
				to.says(`text "a"`, `text "b"`)
				from.says()
				r.firings("r", 0)
				r.tells("fault not-applied", "not-applied r "+dir.String()+" "+why) // once
			})
		})
	}
}

func TestUserWrittenFaultOnThePath(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "r", Do: userFault{faultproxy.StagePath, func(p *faultproxy.Plan) { p.Delay(time.Second) }}},
			faultproxy.Rule{Name: "second", Do: faultproxy.Latency{Delay: time.Second}, Final: true},
			faultproxy.Rule{Name: "third", Do: faultproxy.Latency{Delay: time.Hour}})
		from.send(frame.Text("a"))
		from.until(time.Minute)
		to.wants(line(2*time.Second+2*hop, `text "a"`))
		r.firings("third", 0)
	})
}

func TestRuleChangesAreOnTheTimeline(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		rule := faultproxy.Rule{Name: "r", On: toClient, Do: faultproxy.Drop{}}
		r.p.Add(rule)
		r.p.Replace(rule)
		r.p.Remove("r")
		var got []string
		for _, e := range r.p.Timeline.Events() {
			if e.Kind.String() == "rule" {
				got = append(got, e.Rule+" "+e.Field("change"))
			}
		}
		if fmt.Sprint(got) != "[r added r replaced r removed]" {
			t.Errorf("got %v", got)
		}
	})
}
