package diagnosis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// goodPolicy is one of the promises that a goodClient can keep.
func goodPolicy(rng *rand.Rand) diagnosis.Policy {
	pick := func(list ...time.Duration) time.Duration { return list[rng.IntN(len(list))] }
	p := diagnosis.Policy{
		Dialect: heartbeat.Protocol(), Interval: pick(2*sec, 5*sec, 10*sec), AnswerTimeout: pick(sec, 3*sec, 8*sec),
		Tolerance: 100 * ms, IdleTimeout: 60 * sec, ConnectTimeout: pick(2*sec, 10*sec), CloseTimeout: pick(sec, 5*sec), PongWithin: sec,
		RetryAfter: true, TryAgainAfter: pick(sec, 4*sec), GiveUpCodes: []diagnosis.Range{{From: 4000, To: 4099}, {From: 1008, To: 1008}},
		GiveUpStatuses: diagnosis.Codes(401, 403), MaxLive: 1,
		Resubscribe: []frame.Match{frame.JSON("op", "subscribe")}, ResubscribeWithin: sec,
		Backoff: []diagnosis.Backoff{
			diagnosis.Fixed(2 * sec),
			diagnosis.Exponential(sec, 2).UpTo(20 * sec).WithJitter(diagnosis.FullJitter).ResetsAfter(10 * sec),
			diagnosis.Exponential(500*ms, 2).UpTo(8 * sec).WithJitter(diagnosis.EqualJitter).ResetsAfter(5 * sec).GivesUpAfter(12),
			diagnosis.Decorrelated(sec, 20*sec).ResetsAfter(5 * sec),
			diagnosis.Linear(sec, sec).UpTo(5 * sec).PlusMinus(0.3).StartsWithin(3 * sec),
			diagnosis.Steps(0, 2*sec, 5*sec).ResetsAfter(5 * sec),
		}[rng.IntN(6)],
	}
	if rng.IntN(2) == 0 {
		p.Dialect = heartbeat.Text("ping", "pong")
	}
	if rng.IntN(2) == 0 {
		p.Rearm = diagnosis.RearmReceived
	}
	if p.Backoff.Jitter == diagnosis.NoJitter && p.Backoff.Kind != diagnosis.BackoffDecorrelated {
		p.Waive = []diagnosis.RuleID{diagnosis.RuleJitter} // it says that it has none
	}
	return p
}

// quiet is a test that does not mind handlers that are never reached.
type quiet struct{ *testing.T }

func (quiet) Errorf(string, ...any) {}
func (quiet) Logf(string, ...any)   {}

// mishap is what happens to a client for a while.
type mishap struct {
	name string
	do   func(w *world)
}

// world is a server, a proxy in front of it or none, and a client.
type world struct {
	rng   *rand.Rand
	srv   *fakeserver.Server
	proxy *faultproxy.Proxy // nil: the client talks to the server
	tl    *timeline.Timeline
}

func (w *world) last() int {
	conns := w.tl.Conns()
	if len(conns) == 0 {
		return 1
	}
	return conns[len(conns)-1]
}

func (w *world) dir() frame.Direction {
	return []frame.Direction{frame.ToServer, frame.ToClient, frame.Both}[w.rng.IntN(3)]
}

func (w *world) code() frame.CloseCode {
	return []frame.CloseCode{1000, 1001, 1002, 1005, 1008, 1011, 1012, 1013, 3000, 4001, 4999, 999}[w.rng.IntN(12)]
}

// rule adds a rule to the proxy for a while.
func (w *world) rule(r faultproxy.Rule) {
	r.Name = "chaos"
	if r.Do == nil || w.proxy.Add(r) != nil {
		return
	}
	time.Sleep(time.Duration(w.rng.Int64N(int64(25 * sec))))
	w.proxy.Remove("chaos")
}

// handlers are what the server does with its connections, besides answering beats.
func handlers(rng *rand.Rand) []fakeserver.Handler {
	serve := fakeserver.Script(fakeserver.AnswerBeats(heartbeat.Text("ping", "pong")),
		fakeserver.Every(time.Duration(1+rng.Int64N(int64(8*sec))), fakeserver.Send(frame.Text("news"))))
	odd := []fakeserver.Handler{
		fakeserver.RejectWith(503, fakeserver.Header("Retry-After", "3")), fakeserver.RejectWith(500), fakeserver.Stall(),
		fakeserver.Handshake(fakeserver.Fin()), fakeserver.Handshake(fakeserver.Reset()), fakeserver.Handshake(fakeserver.Freeze()),
		fakeserver.Handshake(fakeserver.AcceptWith(fakeserver.WrongAccept())), fakeserver.Handshake(fakeserver.AcceptWith(fakeserver.WithoutUpgrade())),
		fakeserver.Handshake(fakeserver.Pause(3 * sec)), fakeserver.Script(fakeserver.Close(1012, "")), fakeserver.Script(fakeserver.Fin()),
		fakeserver.Script(fakeserver.Reset()), fakeserver.Silent,
	}
	var list []fakeserver.Handler
	for range rng.IntN(6) {
		h := serve
		if rng.IntN(2) == 0 {
			h = odd[rng.IntN(len(odd))]
		}
		list = append(list, h)
	}
	return append(list, serve)
}

// chaos is a run of a client through mishaps, and what is found of it.
func chaos(t *testing.T, seed uint64, flaw diagnosis.RuleID) (found []diagnosis.Finding, tale string) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := &world{rng: rng, srv: fakeserver.InMemory(quiet{t}, handlers(rng)...)}
		w.tl = w.srv.Timeline
		mishaps, url := serverMishaps(), w.srv.URL
		if seed%3 != 0 {
			w.proxy = faultproxy.InMemory(t, w.srv.Network(), w.srv.URL)
			w.tl, url, mishaps = w.proxy.Timeline, w.proxy.URL, append(proxyMishaps(), proxyMishaps()...)
		}
		p := goodPolicy(rng)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan struct{})
		client := &goodClient{url: url, dial: w.srv.Network().DialContext, policy: p, rng: rand.New(rand.NewPCG(seed, 8)), flaw: flaw}
		go func() { defer close(left); client.run(ctx) }()
		var names []string
		for range 1 + rng.IntN(8) {
			time.Sleep(time.Duration(rng.ExpFloat64() * float64(15*sec)))
			m := mishaps[rng.IntN(len(mishaps))]
			names = append(names, fmt.Sprintf("%s at %v", m.name, w.tl.Now()))
			m.do(w)
		}
		time.Sleep(time.Duration(rng.Int64N(int64(60 * sec))))
		judge := func(when string) {
			for _, f := range diagnosis.Findings(diagnosis.AsOf(w.tl, w.tl.Now()), p) {
				if f.Verdict > diagnosis.Waived {
					f.Text = when + ": " + f.Text
					found = append(found, f)
				}
			}
		}
		judge("meanwhile")
		if rng.IntN(2) == 0 {
			cancel()
			<-left
			judge("after the client left")
		}
		if len(found) > 0 {
			var b strings.Builder
			fmt.Fprintf(&b, "%+v\n%s\n", p.Backoff, strings.Join(names, "\n"))
			_ = w.tl.WriteText(&b)
			tale = b.String()
		}
		cancel()
		<-left
	})
	return found, tale
}

// A client that keeps all rules is never blamed, whatever happens to it. HEARTBREAK_RUNS
// sets how many runs there are, from which seed HEARTBREAK_SEED.
func TestGoodClientIsNeverBlamed(t *testing.T) {
	runs, first := 60, uint64(1)
	if s := os.Getenv("HEARTBREAK_RUNS"); s != "" {
		runs, _ = strconv.Atoi(s)
	}
	if s := os.Getenv("HEARTBREAK_SEED"); s != "" {
		first, _ = strconv.ParseUint(s, 10, 64)
	}
	for seed := first; seed < first+uint64(runs); seed++ {
		found, tale := chaos(t, seed, "")
		for _, f := range found {
			t.Errorf("seed %d: %s", seed, f)
		}
		if len(found) > 0 && os.Getenv("HEARTBREAK_RUNS") == "1" {
			t.Log(tale)
		}
		if t.Failed() && runs < 100 {
			return
		}
	}
}

// One with a flaw is blamed for it, soon: in one of the first 100 runs.
func TestFlawedClientsAreBlamed(t *testing.T) {
	for _, flaw := range []diagnosis.RuleID{
		diagnosis.RuleAfterClose, diagnosis.RuleCloseCodes, diagnosis.RuleCloseAnswered, diagnosis.RulePong, diagnosis.RulePongLatency,
		diagnosis.RuleBeatsSent, diagnosis.RuleInterval, diagnosis.RuleUnderLoad, diagnosis.RuleOneHeartbeat, diagnosis.RuleDeadPeer, diagnosis.RuleRearmed,
		diagnosis.RuleReset, diagnosis.RuleDelay, diagnosis.RuleGrowth, diagnosis.RuleHandshakeTimeout, diagnosis.RuleCloseTimeout,
		diagnosis.RuleFinalCode, diagnosis.RuleRetry, diagnosis.RuleRetryAfter, diagnosis.RuleResubscribed,
	} {
		t.Run(string(flaw), func(t *testing.T) {
			for seed := uint64(1); seed <= 100; seed++ {
				found, _ := chaos(t, seed, flaw)
				if i := slices.IndexFunc(found, func(f diagnosis.Finding) bool { return f.Rule == flaw && f.Verdict == diagnosis.Broken }); i >= 0 {
					t.Logf("run %d: %s", seed, found[i])
					return
				}
			}
			t.Error("not blamed in 100 runs")
		})
	}
}
