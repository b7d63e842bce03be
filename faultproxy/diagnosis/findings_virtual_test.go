package diagnosis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
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

// proxyMishaps are what a proxy can do.
func proxyMishaps() []mishap {
	now := func(f func(c faultproxy.Conn, w *world) error) func(*world) {
		return func(w *world) { _ = f(w.proxy.Conn(w.last()), w) }
	}
	rule := func(f func(w *world) faultproxy.Rule) func(*world) { return func(w *world) { w.rule(f(w)) } }
	end := func(w *world) faultproxy.Ending {
		return []faultproxy.Ending{faultproxy.Keep, faultproxy.HalfClose, faultproxy.FIN, faultproxy.FullClose, faultproxy.RST, faultproxy.Silent}[w.rng.IntN(6)]
	}
	return []mishap{
		{"reset", now(func(c faultproxy.Conn, w *world) error { return c.Reset() })},
		{"close", now(func(c faultproxy.Conn, w *world) error { return c.SendClose(w.code(), "chaos") })},
		{"close one side", now(func(c faultproxy.Conn, w *world) error {
			return c.Close(faultproxy.Close{Code: w.code(), Toward: []frame.Direction{frame.ToServer, frame.ToClient}[w.rng.IntN(2)], Other: faultproxy.Other(w.rng.IntN(3))})
		})},
		{"end", now(func(c faultproxy.Conn, w *world) error {
			return c.End(faultproxy.End{Client: end(w), Server: end(w), Gap: time.Duration(w.rng.Int64N(int64(3 * sec))), ServerFirst: w.rng.IntN(2) == 0})
		})},
		{"silence", func(w *world) {
			c := w.proxy.Conn(w.last())
			_ = c.Silence(w.dir())
			time.Sleep(time.Duration(w.rng.Int64N(int64(30 * sec))))
			_ = c.Heal()
		}},
		{"discard", func(w *world) {
			c := w.proxy.Conn(w.last())
			_ = c.Discard(w.dir())
			time.Sleep(time.Duration(w.rng.Int64N(int64(30 * sec))))
			_ = c.Heal()
		}},
		{"drop answers", rule(func(w *world) faultproxy.Rule {
			return faultproxy.DropPongs(heartbeat.Protocol(), heartbeat.Text("ping", "pong"))
		})},
		{"drop pings", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: frame.Op(frame.OpPing), Do: faultproxy.Drop{}}
		})},
		{"drop some", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: frame.Any, OneIn: 3, Do: faultproxy.Drop{}}
		})},
		{"late", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: frame.Op(frame.OpPing, frame.OpPong), Do: faultproxy.Late{By: 700 * ms, Jitter: 600 * ms}}
		})},
		{"latency", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{Do: faultproxy.Latency{Delay: time.Duration(w.rng.Int64N(int64(3 * sec))), Jitter: 200 * ms, Dir: w.dir()}}
		})},
		{"duplicate", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: frame.Op(frame.OpPing, frame.OpPong, frame.OpText), OneIn: 2, Do: faultproxy.Duplicate{}}
		})},
		{"forged pongs", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: faultproxy.Every(3 * sec), Do: faultproxy.Inject{Frame: frame.Pong([]byte("forged"))}}
		})},
		{"pings", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: faultproxy.Every(sec), Do: faultproxy.Inject{Frame: frame.Ping([]byte("proxy"))}}
		})},
		{"illegal", now(func(c faultproxy.Conn, w *world) error {
			return c.Inject([]frame.Frame{frame.Text("\xff"), {Fin: true, Opcode: 3}, {Fin: true, RSV: 2, Opcode: frame.OpText}, {Fin: true, Opcode: frame.OpClose, Payload: []byte{3}},
				frame.Text("x").WithMask([4]byte{1}), frame.Continuation(true, nil)}[w.rng.IntN(6)], frame.ToClient)
		})},
		{"idle", rule(func(w *world) faultproxy.Rule { return faultproxy.IdleTimeout(3 * sec) })},
		{"lifetime", rule(func(w *world) faultproxy.Rule { return faultproxy.Lifetime(7 * sec) })},
		{"refuse", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: faultproxy.Accepted, Do: faultproxy.Refuse{}}
		})},
		{"hang", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: []frame.Trigger{faultproxy.Accepted, faultproxy.Requested, faultproxy.Responded}[w.rng.IntN(3)], Do: faultproxy.Hang{}}
		})},
		{"reject", rule(func(w *world) faultproxy.Rule {
			h := http.Header{}
			status := []int{503, 429, 500, 404, 302, 200, 401}[w.rng.IntN(7)]
			if w.rng.IntN(2) == 0 {
				h.Set("Retry-After", strconv.Itoa(w.rng.IntN(15)))
			}
			return faultproxy.Rule{On: []frame.Trigger{faultproxy.Requested, faultproxy.Responded}[w.rng.IntN(2)], Do: faultproxy.Reject{Status: status, Header: h}}
		})},
		{"slow handshake", rule(func(w *world) faultproxy.Rule {
			return faultproxy.Rule{On: faultproxy.Requested, Do: faultproxy.Delay{By: time.Duration(w.rng.Int64N(int64(12 * sec)))}}
		})},
		{"server stops", func(w *world) {
			_ = w.srv.Stop()
			w.srv.DropAll(fakeserver.Fin())
			time.Sleep(time.Duration(w.rng.Int64N(int64(20 * sec))))
			_ = w.srv.Resume()
		}},
	}
}

// serverMishaps are what a server can do.
func serverMishaps() []mishap {
	end := func(e func(w *world) fakeserver.Ending) func(w *world) {
		return func(w *world) { _ = w.srv.Conn(w.last()).End(e(w)) }
	}
	always := func(e fakeserver.Ending) func(w *world) fakeserver.Ending {
		return func(*world) fakeserver.Ending { return e }
	}
	port := func(f func(s *fakeserver.Server) error) func(w *world) {
		return func(w *world) {
			_ = f(w.srv)
			if w.rng.IntN(2) == 0 {
				w.srv.DropAll(fakeserver.Fin())
			}
			time.Sleep(time.Duration(w.rng.Int64N(int64(20 * sec))))
			_ = w.srv.Resume()
		}
	}
	return []mishap{
		{"close", end(func(w *world) fakeserver.Ending { return fakeserver.Close(w.code(), "chaos") })},
		{"fin", end(always(fakeserver.Fin()))}, {"half-close", end(always(fakeserver.HalfClose()))}, {"reset", end(always(fakeserver.Reset()))},
		{"freeze", end(always(fakeserver.Freeze()))}, {"go dark", end(always(fakeserver.GoDark()))}, {"stop reading", end(always(fakeserver.StopReading()))},
		{"stop", port((*fakeserver.Server).Stop)}, {"refuse", port((*fakeserver.Server).Refuse)}, {"hang", port((*fakeserver.Server).Hang)},
		{"restart", port((*fakeserver.Server).Restart)},
		{"illegal", func(w *world) { _ = w.srv.Conn(w.last()).Send(frame.Frame{Fin: true, Opcode: 3}) }},
		{"ping", func(w *world) { _ = w.srv.Conn(w.last()).Send(frame.Ping([]byte("a")), frame.Ping([]byte("b"))) }},
		{"close and more", func(w *world) { _ = w.srv.Conn(w.last()).Send(frame.Close(w.code(), ""), frame.Text("late")) }},
		{"close and reset", func(w *world) {
			c := w.srv.Conn(w.last())
			_ = c.SendClose(w.code(), "")
			_ = c.Reset()
		}},
	}
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

// chaos is a run of a good client through mishaps, and what is found of it.
func chaos(t *testing.T, seed uint64) (found []diagnosis.Finding, tale string) {
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
		client := &goodClient{url: url, dial: w.srv.Network().DialContext, policy: p, rng: rand.New(rand.NewPCG(seed, 8))}
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
		found, tale := chaos(t, seed)
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
