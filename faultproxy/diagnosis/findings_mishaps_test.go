package diagnosis_test

import (
	"net/http"
	"strconv"
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/heartbeat"
)

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
