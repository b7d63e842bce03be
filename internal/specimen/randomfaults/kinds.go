package randomfaults

import (
	"fmt"
	"net/http"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// kinds are the faults. Each is as likely as its number of entries says.
var kinds = []func(*planner){
	noAnswers, noAnswers,
	func(p *planner) { p.silence(frame.Both) },
	func(p *planner) { p.silence(frame.ToClient) },
	func(p *planner) { p.silence(frame.ToServer) },
	func(p *planner) { p.now("reset", faultproxy.Conn.Reset) },
	func(p *planner) { p.end(faultproxy.FIN) },
	func(p *planner) { p.end(faultproxy.FullClose) },
	func(p *planner) { p.end(faultproxy.HalfClose) },
	func(p *planner) { p.end(faultproxy.RST) },
	func(p *planner) { p.close(1001, "going away") },
	func(p *planner) { p.close(1011, "") },
	func(p *planner) { p.close(1012, "restart") },
	func(p *planner) { p.close(1013, "busy") },
	func(p *planner) { p.close(0, "") },
	fatal,
	rejects, rejects,
	func(p *planner) { p.rule(20*time.Second, true, stalls(faultproxy.Accepted)) },
	func(p *planner) { p.rule(20*time.Second, true, stalls(faultproxy.Requested)) },
	func(p *planner) { p.rule(20*time.Second, true, stalls(faultproxy.Responded)) },
	func(p *planner) {
		p.rule(20*time.Second, true, faultproxy.Rule{On: faultproxy.Accepted, Do: faultproxy.Refuse{}})
	},
	slowHandshakes,
	slowPath, slowPath,
}

// noAnswers drops the answers to beats or, where there are none, the server's own.
func noAnswers(p *planner) {
	p.rules++
	name := fmt.Sprintf("fault %d", p.rules)
	lasts := between(p.chance, time.Second, time.Minute)
	p.then(0, func(r *run) string {
		d := r.out.Config.Dialect
		rule := faultproxy.DropPongs(d)
		if !d.Answered() {
			rule.On = frame.AllOf(d.Beats(), frame.Toward(frame.ToClient))
		}
		rule.Name = name
		if err := r.proxy.Add(rule); err != nil {
			panic(err)
		}
		return fmt.Sprintf("%v for %v", rule, lasts.Round(time.Millisecond))
	})
	p.then(lasts, func(r *run) string { r.proxy.Remove(name); return "" })
}

// end ends TCP on both sides.
func (p *planner) end(how faultproxy.Ending) {
	e := faultproxy.End{Client: how, Server: how, Gap: between(p.chance, 0, 100*time.Millisecond)}
	p.now(e.String(), func(c faultproxy.Conn) error { return c.End(e) })
}

// close closes with a code, as a server would.
func (p *planner) close(code frame.CloseCode, reason string) {
	c := faultproxy.CloseWith(code, reason)
	p.now(c.String(), func(conn faultproxy.Conn) error { return conn.Close(c) })
}

// fatal tells the client not to come back. It is rare, since nothing happens after it.
func fatal(p *planner) {
	switch p.chance.IntN(10) {
	case 0:
		p.close(4401, "token expired")
	case 1:
		p.rule(30*time.Second, true, faultproxy.Rule{On: faultproxy.Requested, Do: faultproxy.RejectWith(http.StatusUnauthorized)})
	}
}

// rejects refuses attempts, and says when to come back.
func rejects(p *planner) {
	status := pick(p.chance, []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway})
	r := faultproxy.Reject{Status: status}
	if status != http.StatusBadGateway {
		r.Header = http.Header{"Retry-After": {fmt.Sprint(1 + p.chance.IntN(30))}}
	}
	p.rule(30*time.Second, true, faultproxy.Rule{On: faultproxy.Requested, Do: r})
}

// stalls leaves attempts unanswered.
func stalls(at frame.Trigger) faultproxy.Rule {
	return faultproxy.Rule{On: at, Do: faultproxy.Hang{}}
}

// slowHandshakes delays answers, to below the client's patience or beyond.
func slowHandshakes(p *planner) {
	d := faultproxy.Delay{By: between(p.chance, time.Second, 14*time.Second)}
	p.rule(30*time.Second, true, faultproxy.Rule{On: faultproxy.Responded, Do: d})
}

// slowPath delays everything a little.
func slowPath(p *planner) {
	l := faultproxy.Latency{Delay: between(p.chance, time.Millisecond, 400*time.Millisecond)}
	l.Jitter = l.Delay / 2
	p.rule(90*time.Second, false, faultproxy.Rule{Do: l})
}
