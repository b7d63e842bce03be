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

// mayhem is a set of rules full of chance.
func mayhem() []faultproxy.Rule {
	fromServer, fromClient := frame.Toward(frame.ToClient), frame.Toward(frame.ToServer)
	text := frame.Op(frame.OpText)
	return []faultproxy.Rule{
		{Name: "jitter", Do: faultproxy.Latency{Delay: 20 * time.Millisecond, Jitter: 15 * time.Millisecond}},
		{Name: "lost", On: frame.AllOf(fromServer, text), Do: faultproxy.Drop{}, OneIn: 5},
		{Name: "twice", On: frame.AllOf(fromClient, text), Do: faultproxy.Duplicate{}, OneIn: 4},
		{Name: "forged", On: frame.AllOf(fromServer, text), Do: faultproxy.Replace{With: frame.Text("forged")}, OneIn: 6},
		{Name: "late", On: frame.Op(frame.OpPong), Do: faultproxy.Late{By: 300 * time.Millisecond, Jitter: 200 * time.Millisecond}, OneIn: 2},
		{Name: "behind", On: frame.AllOf(fromServer, text), Do: faultproxy.Inject{Frame: frame.Ping([]byte("p"))}, OneIn: 7},
		{Name: "back", On: frame.AllOf(fromClient, text), Do: faultproxy.Inject{Frame: frame.Text("injected")}, OneIn: 9},
		{Name: "beat", On: faultproxy.Every(700 * time.Millisecond), Do: faultproxy.Inject{Frame: frame.Ping(nil)}, OneIn: 2},
		{Name: "dark", On: faultproxy.Every(1900 * time.Millisecond), Do: faultproxy.Silence{For: 450 * time.Millisecond}, OneIn: 3},
		{Name: "gone", On: faultproxy.Every(2300 * time.Millisecond), Do: faultproxy.Discard{Dir: frame.ToClient, For: 200 * time.Millisecond}, OneIn: 3},
		{Name: "slices", Do: faultproxy.Slice{Size: 40, Variation: 20, Pause: 3 * time.Millisecond}, After: time.Second, For: time.Second},
		{Name: "rate", Do: faultproxy.Rate{BytesPerSecond: 4000, Dir: frame.ToClient}, Conns: faultproxy.Conns{Percent: 50}},
		{Name: "limit", Do: faultproxy.Limit{Bytes: 700, Dir: frame.ToServer}, Conns: faultproxy.Conns{Every: 4}},
		{Name: "parts", On: fromClient, Do: faultproxy.Split{Parts: 3, Pause: 11 * time.Millisecond}, OneIn: 5},
		{Name: "moved", On: fromServer, Do: faultproxy.Reorder{Within: time.Second}, OneIn: 8},
		{Name: "joined", On: fromServer, Do: faultproxy.Coalesce{Within: 300 * time.Millisecond}, OneIn: 3},
		{Name: "flipped", On: frame.AllOf(fromServer, text), Do: faultproxy.Corrupt{}, OneIn: 12},
		{Name: "frozen", On: faultproxy.Every(1700 * time.Millisecond), Do: faultproxy.Freeze{For: 130 * time.Millisecond}, OneIn: 3},
		{Name: "roll", On: faultproxy.At(1013 * time.Millisecond).Every(1501 * time.Millisecond).Staggered(7 * time.Millisecond), Do: faultproxy.Inject{Frame: frame.Ping([]byte("roll"))}},
		{Name: "out", On: faultproxy.At(2503 * time.Millisecond), Do: faultproxy.Down{For: 97 * time.Millisecond}},
		{Name: "busy", Do: faultproxy.RejectWith(503), OneIn: 4},
		{Name: "reset", Do: faultproxy.Refuse{}, OneIn: 6},
		{Name: "cut", On: faultproxy.Every(3100 * time.Millisecond), Do: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}, OneIn: 4},
		{Name: "restart", On: faultproxy.Every(1301 * time.Millisecond), Do: faultproxy.CloseWith(1012, "restart"), OneIn: 4},
		{Name: "idle", On: faultproxy.Idle(400 * time.Millisecond), Do: faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose}},
	}
}

// ordeal runs three gorilla clients, each of which connects three times, through
// mayhem, and returns the canonical timeline.
func ordeal(t *testing.T, seed uint64) string {
	t.Helper()
	var text string
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := (&faultproxy.Proxy{Upstream: echoServer(t, n), Seed: seed}).On(t, n).StartIn(t)
		if err := p.Add(mayhem()...); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		for i := range 3 {
			go func() {
				defer func() { done <- struct{}{} }()
				for round := range 3 {
					// Apart from each other, so that attempts have one order.
					time.Sleep(time.Duration(10+i*13+round*7) * time.Millisecond)
					converse(n, p, fmt.Sprintf("client %d, round %d", i, round))
				}
			}()
		}
		for range 3 {
			<-done
		}
		time.Sleep(5 * time.Second)
		_ = p.Close()
		text = p.Timeline.CanonicalText()
	})
	return text
}

// converse speaks for up to three seconds, or until the connection ends. Its period has
// no multiple in common with the rules: what two goroutines do at one instant has no
// order, in virtual time as in real.
func converse(n *memnet.Network, p *faultproxy.Proxy, who string) {
	c, _, err := gorillaTry(n, p)
	if err != nil {
		return
	}
	defer c.Close()
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = readUntilError(c)
	}()
	for k := range 20 {
		select {
		case <-over:
			return
		case <-time.After(151 * time.Millisecond):
		}
		_ = c.WriteControl(9, []byte{byte(k)}, time.Time{})
		_ = c.WriteMessage(1, fmt.Appendf(nil, "%s, message %d", who, k))
	}
	_ = c.WriteControl(8, []byte{3, 0xe8}, time.Time{})
	select {
	case <-over:
	case <-time.After(2 * time.Second):
	}
}

func TestOneSeedOneTimeline(t *testing.T) {
	runs := 300
	if raced || testing.Short() {
		runs = 20
	}
	const seed = 119 // comes to every rule
	want := ordeal(t, seed)
	for _, rule := range mayhem() {
		if !slices.ContainsFunc(strings.Split(want, "\n"), func(line string) bool {
			return strings.Contains(line, " fault does=") && strings.HasSuffix(line, fmt.Sprintf("rule=%q", rule.Name))
		}) {
			t.Errorf("seed %d never comes to rule %q", seed, rule.Name)
		}
	}
	for i := range runs {
		if got := ordeal(t, seed); got != want {
			t.Fatalf("run %d differs: %s", i+2, firstDifference(want, got))
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	seen := map[string]uint64{}
	for seed := range uint64(5) {
		text := ordeal(t, seed+1)
		if other, ok := seen[text]; ok {
			t.Errorf("seeds %d and %d gave the same timeline", seed+1, other)
		}
		seen[text] = seed + 1
	}
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range as {
		if i >= len(bs) || as[i] != bs[i] {
			from, to := max(i-8, 0), i+8
			return fmt.Sprintf("line %d\nfirst:\n\t%s\nnow:\n\t%s", i+1,
				strings.Join(as[from:min(to, len(as))], "\n\t"), strings.Join(bs[min(from, len(bs)):min(to, len(bs))], "\n\t"))
		}
	}
	return "one is longer"
}
