package faultproxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// crowd opens n connections, 1 ms apart, and returns what each client received by a
// time of the proxy's: "3: 30s rst".
func crowd(t *testing.T, k int, until time.Duration, rules ...faultproxy.Rule) (lines []string) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		n.Latency = 0
		r := newRig(t, n, nil)
		r.p.Add(rules...)
		var clients []*side
		r.zero = r.p.Timeline.Start()
		for range k {
			c, _ := r.open()
			clients = append(clients, c)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(until - time.Since(r.p.Timeline.Start()))
		for i, c := range clients {
			for _, l := range c.got() {
				lines = append(lines, fmt.Sprintf("%d: %s", i+1, l))
			}
		}
	})
	return lines
}

var resetBoth = faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}

func TestEveryoneIsDroppedAtOnce(t *testing.T) {
	wantLines(t, crowd(t, 3, time.Minute, faultproxy.Rule{On: faultproxy.At(30 * time.Second), Do: resetBoth}),
		"1: 30s rst", "2: 30s rst", "3: 30s rst")
}

func TestARollingRestartIsStaggered(t *testing.T) {
	at := faultproxy.At(30 * time.Second).Staggered(2 * time.Second)
	wantLines(t, crowd(t, 4, time.Minute,
		faultproxy.Rule{Name: "gone before", On: faultproxy.At(10 * time.Second), Do: resetBoth, Conns: faultproxy.Nth(2)},
		faultproxy.Rule{Name: "restart", On: at, Do: faultproxy.CloseWith(1012, "restart")}),
		`1: 30s close 1012 "restart"`, "1: 35s fin", // nobody answers: cut after 5 s
		"2: 10s rst",
		`3: 32s close 1012 "restart"`, "3: 37s fin",
		`4: 34s close 1012 "restart"`, "4: 39s fin")
}

func TestAStaggerCountsTheSelectedConnections(t *testing.T) {
	at := faultproxy.At(30 * time.Second).Staggered(2 * time.Second)
	wantLines(t, crowd(t, 6, time.Minute, faultproxy.Rule{On: at, Do: resetBoth, Conns: faultproxy.Conns{Every: 2}}),
		"2: 30s rst", "4: 32s rst", "6: 34s rst")
}

func TestARuleThatGoesLeavesThoseWhoseTurnHasNotCome(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "roll", On: faultproxy.At(30 * time.Second).Staggered(10 * time.Second), Do: resetBoth})
		a, _ := r.open()
		b, _ := r.open()
		a.until(35 * time.Second)
		r.p.Remove("roll")
		a.until(time.Minute)
		a.says("rst")
		b.says()
	})
}

func TestAtActsOnWhoIsThere(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "once", On: faultproxy.At(30 * time.Second), Do: faultproxy.Inject{Frame: frame.Ping([]byte("once"))}},
			faultproxy.Rule{Name: "again", On: faultproxy.At(10 * time.Second).Every(20 * time.Second), Do: faultproxy.Inject{Frame: frame.Pong([]byte("again"))}, Times: 2})
		r.zero = r.p.Timeline.Start()
		early, _ := r.open()
		time.Sleep(45 * time.Second)
		late, _ := r.open()
		time.Sleep(time.Hour)
		early.wants(line(10*time.Second+hop, `pong "again"`), line(30*time.Second+hop, `ping "once"`), line(30*time.Second+hop, `pong "again"`))
		late.wants(line(50*time.Second+hop, `pong "again"`), line(70*time.Second+hop, `pong "again"`))
		r.firings("again", 4)
	})
}

func TestAtCountsFromTheRulesAddition(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, _ := r.open()
		client.until(20 * time.Second)
		r.p.Add(faultproxy.Rule{On: faultproxy.At(30 * time.Second), Do: resetBoth})
		client.until(time.Hour)
		client.wants(line(50*time.Second+hop, "rst"))
	})
}

func TestPartialOutages(t *testing.T) {
	reject := faultproxy.Rule{Name: "third", Do: faultproxy.RejectWith(503), Conns: faultproxy.Conns{Every: 3}}
	play := func(rule faultproxy.Rule, seed uint64) (hit []int) {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			p := (&faultproxy.Proxy{Upstream: echoServer(t, n), Seed: seed}).On(t, n).StartIn(t)
			p.Add(rule)
			for i := range 200 {
				c, _, err := gorillaTry(n, p)
				if err != nil {
					hit = append(hit, i+1)
					continue
				}
				_ = c.Close()
			}
		})
		return hit
	}
	if hit := play(reject, 1); len(hit) != 66 || hit[0] != 3 || hit[65] != 198 {
		t.Errorf("rejected were %v, want every third", hit)
	}
	reject.Conns = faultproxy.Conns{Percent: 30}
	first := play(reject, 1)
	if len(first) < 40 || len(first) > 80 {
		t.Errorf("%d of 200 were rejected, want about 30 %%", len(first))
	}
	if again := play(reject, 1); !slices.Equal(again, first) {
		t.Errorf("equal seeds rejected %v and %v", first, again)
	}
	if other := play(reject, 2); slices.Equal(other, first) {
		t.Error("another seed rejected the same")
	}
	reject.Name = "another rule"
	if other := play(reject, 1); slices.Equal(other, first) {
		t.Error("another rule rejected the same")
	}
}

func TestAShareOfTheConnectionsIsDecidedOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "some", On: frame.Any, Do: faultproxy.Drop{}, Conns: faultproxy.Conns{Percent: 50}},
			faultproxy.Rule{Name: "slow", Do: faultproxy.Rate{BytesPerSecond: 1}, Conns: faultproxy.Conns{Percent: 50}})
		all := 0
		for range 20 {
			client, server := r.open()
			for range 5 {
				client.send(frame.Ping(nil))
			}
			switch got := len(server.got()); {
			case got == 5:
				all++
			case got != 0:
				t.Errorf("%d of five frames arrived, want all or none", got)
			}
		}
		if all == 0 || all == 20 {
			t.Errorf("%d of 20 connections are whole", all)
		}
	})
}

func TestAtInWords(t *testing.T) {
	for want, on := range map[string]faultproxy.Timing{
		"at 30s":                              faultproxy.At(30 * time.Second),
		"at 30s and every 1m0s":               faultproxy.At(30 * time.Second).Every(time.Minute),
		"at 30s, connections that were there": faultproxy.At(30 * time.Second).Present(),
		"at 30s, connections 1s apart":        faultproxy.At(30 * time.Second).Staggered(time.Second),
	} {
		if got := on.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	conns := faultproxy.Conns{From: 2, Every: 3, Percent: 30}
	if got := conns.String(); got != "connections from 2, every 3rd, 30 % of them" {
		t.Errorf("got %q", got)
	}
	if !strings.Contains((faultproxy.Rule{Do: faultproxy.Down{}, On: faultproxy.At(0)}).String(), "on at 0s, down") {
		t.Error("a Down in words")
	}
}
