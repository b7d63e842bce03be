package confusion

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// timerRows are idle timeouts and lifetimes.
func timerRows() []row {
	const group = "the proxy, timers"
	only := func(r faultproxy.Rule, c client, watch time.Duration) row {
		return row{group: group, name: r.String(), client: c, rules: []faultproxy.Rule{r}, watch: watch}
	}
	var rows []row
	for _, d := range []time.Duration{200 * ms, 500 * ms, 700 * ms, sec, 1500 * ms, 2 * sec, 5 * sec, 7300 * ms, 10 * sec, 17 * sec, 30 * sec,
		55 * sec, time.Minute, 100 * sec, 4 * time.Minute, 5 * time.Minute, 350 * sec, 10 * time.Minute, 15 * time.Minute} {
		c := quiet()
		if d < sec {
			c = murmur(d)
		}
		rows = append(rows, only(faultproxy.IdleTimeout(d), c, 2*d+5*sec).expect(diagnosis.IDIdleTimeout))
	}
	again := quiet()
	again.conns, again.spread = 3, 2300*ms
	rows = append(rows,
		only(faultproxy.IdleTimeout(7300*ms), again, 2*time.Minute).also("three times").ask(3).expect(diagnosis.IDIdleTimeout),
		only(faultproxy.IdleTimeout(7300*ms), usual(), 0).also("a client that beats more often").expect(diagnosis.IDStillOpen),
		only(faultproxy.Rule{On: faultproxy.Idle(20 * sec).ResetBy(frame.ToServer), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN}}, listener(), 2*time.Minute).
			server(fakeserver.Script(fakeserver.Every(3700*ms, fakeserver.Send(frame.Text("news"))))).expect(diagnosis.IDIdleTimeout),
		only(faultproxy.Rule{On: faultproxy.Idle(20 * sec).ResetBy(frame.ToClient), Do: faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN}}, talker(), 2*time.Minute).
			server(fakeserver.Script(fakeserver.Pause(2600*ms), fakeserver.Send(frame.Text("welcome")))).expect(diagnosis.IDIdleTimeout),
		only(faultproxy.Rule{On: faultproxy.Idle(240 * sec), Do: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}}, quiet(), 6*time.Minute).expect(diagnosis.IDIdleTimeout),
	)
	for _, d := range []time.Duration{3 * sec, 5 * sec, 7330 * ms, 12 * sec, 30 * sec, time.Minute, 10 * time.Minute, 2 * time.Hour} {
		rows = append(rows, only(faultproxy.Lifetime(d), usual(), d+30*sec).expect(diagnosis.IDMaxLifetime))
	}
	lives := quiet()
	lives.conns, lives.spread = 3, 900*ms
	return append(rows,
		only(faultproxy.Lifetime(7330*ms), lives, 2*time.Minute).also("three times").ask(3).expect(diagnosis.IDMaxLifetime),
		only(faultproxy.Rule{On: faultproxy.Elapsed(9870 * ms), Do: faultproxy.CloseWith(1001, "")}, lives, 2*time.Minute).also("three times").ask(3).expect(diagnosis.IDMaxLifetime),
		row{group: group, name: "all connections cut at once", client: chatty(), clients: 3, behavior: &faultproxy.Behavior{}, at: 20123 * ms,
			do: func(s *scene) { s.cutAll(faultproxy.End{Client: faultproxy.FullClose, Server: faultproxy.FullClose}) }}.expect(diagnosis.IDRestart),
		row{group: group, name: "all connections reset at once", client: chatty(), clients: 3, behavior: &faultproxy.Behavior{}, at: 20123 * ms,
			do: func(s *scene) { s.cutAll(faultproxy.End{Client: faultproxy.RST, Server: faultproxy.RST}) }}.expect(diagnosis.IDRestart),
	)
}

// cutAll ends all live connections.
func (s *scene) cutAll(e faultproxy.End) {
	for _, c := range s.proxy.Conns() {
		_ = c.End(e)
	}
}

// murmur is a quiet client whose words come much faster than an idle timeout.
func murmur(d time.Duration) client {
	c := quiet()
	c.says = nil
	for i := range 5 {
		c.says = append(c.says, time.Duration(i+1)*d/5)
	}
	return c
}

// listener says little and hears much, talker the other way.
func listener() client { return quiet() }

func talker() client {
	c := quiet()
	c.chat = 2900 * ms
	return c
}

func (r row) server(handlers ...fakeserver.Handler) row {
	r.handlers = handlers
	return r
}

// offRows are timers that chance is off.
func offRows() []row {
	const group = "the proxy, timers off by chance"
	cut := faultproxy.IdleTimeout(sec).Do
	do := func(c client, on faultproxy.Timing, watch time.Duration) row {
		r := rule(group, c, on, cut)
		r.watch = watch
		return r
	}
	return []row{
		do(quiet(), faultproxy.Idle(time.Minute).Off(0, sec), 2*time.Minute).expect(diagnosis.IDIdleTimeout),
		do(quiet(), faultproxy.Idle(15*time.Minute).Off(sec, 0), 20*time.Minute).expect(diagnosis.IDIdleTimeout),
		do(usual(), faultproxy.Elapsed(30*sec).Off(0, 500*ms), time.Minute).expect(diagnosis.IDMaxLifetime),
	}
}
