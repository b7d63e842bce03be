package confusion

import (
	"time"

	"github.com/heartbreak-ws/heartbreak/fakeserver"
	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/diagnosis"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

// forgetRows are connections that the path forgets.
func forgetRows() []row {
	const group = "the proxy, forgotten"
	do := func(c client, f faultproxy.Forget) row { return rule(group, c, faultproxy.Elapsed(when), f) }
	idle := func(c client, d time.Duration, f faultproxy.Forget) row {
		r := rule(group, c, faultproxy.Idle(d), f)
		r.watch = 2*d + time.Minute
		return r
	}
	news := fakeserver.Script(fakeserver.Every(3700*ms, fakeserver.Send(frame.Text("news"))))
	dark := faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent}
	router := faultproxy.Forget{Server: faultproxy.Silent, Revive: true}
	return []row{
		do(usual(), faultproxy.Forget{}).expect(diagnosis.IDResetByServer),
		do(chatty(), faultproxy.Forget{Client: faultproxy.RST}).expect(diagnosis.IDResetByServer),
		do(quiet(), faultproxy.Forget{}).also("nobody sends").expect(diagnosis.IDStillOpen),
		do(again(31700*ms), faultproxy.Forget{}).also("the server sends first").server(news).expect(diagnosis.IDHalfOpen, diagnosis.IDResetByServer),
		do(usual(), faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.RST}).server(news).expect(diagnosis.IDHalfOpen, diagnosis.IDHeartbeatTimeout),
		do(usual(), dark).expect(diagnosis.IDHeartbeatTimeout),
		do(quiet(), dark).also("a client without a heartbeat").expect(diagnosis.IDStillOpen),
		do(usual(), router).expect(diagnosis.IDStillOpen),
		do(again(31700*ms), faultproxy.Forget{Revive: true}).also("the server sends first").server(news).expect(diagnosis.IDHalfOpen, diagnosis.IDResetByServer),
		idle(again(370*sec), 350*sec, faultproxy.Forget{}).also("then a word").expect(diagnosis.IDIdleTimeout),
		idle(again(370*sec), 350*sec, faultproxy.Forget{Client: faultproxy.RST}).also("then a word").expect(diagnosis.IDIdleTimeout),
		idle(again(31700*ms), 20*sec, faultproxy.Forget{}).also("then a word").expect(diagnosis.IDResetByServer), // no box is known to forget so soon
		idle(again(31700*ms), 20*sec, router).also("then a word").expect(diagnosis.IDStillOpen),
	}
}

// again is a quiet client that says one more word, that long after it opened.
func again(d time.Duration) client {
	c := quiet()
	c.says = append(c.says, d)
	return c
}
