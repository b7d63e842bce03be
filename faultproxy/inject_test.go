package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestInjectAtAFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{Name: "behind", On: frame.Equals("a"), Do: faultproxy.Inject{Frame: frame.Text("behind a"), Toward: dir}},
			faultproxy.Rule{Name: "back", On: frame.Equals("b"), Do: faultproxy.Inject{Frame: frame.Ping([]byte("x")), Toward: dir.Opposite()}},
			faultproxy.Rule{Name: "ways", On: frame.Equals("c"), Do: faultproxy.Inject{Frame: frame.Text("to both"), Toward: frame.Both}},
			faultproxy.Rule{Name: "not again", On: frame.Equals("behind a"), Do: faultproxy.Drop{}})
		from.write(from.wire(frame.Text("a")) + from.wire(frame.Text("b")) + from.wire(frame.Text("c")) + from.wire(frame.Text("d")))
		to.says(`text "a"`, `text "behind a"`, `text "b"`, `text "c"`, `text "to both"`, `text "d"`)
		from.wants(line(2*hop, `ping "x"`), line(2*hop, `text "to both"`))
		for _, name := range []string{"behind", "back", "ways"} {
			r.firings(name, 1)
		}
		r.firings("not again", 0)
	})
}

func TestInjectBehindAFrameThatIsDelayed(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(
			faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}},
			faultproxy.Rule{Name: "behind", On: frame.Equals("a"), Do: faultproxy.Inject{Frame: frame.Text("behind"), Toward: frame.Both}})
		from.send(frame.Text("a"), frame.Text("b"))
		from.until(2 * time.Second)
		to.says(`text "a"`, `text "behind"`, `text "b"`)
	})
}

func TestInjectWaitsForAFrameBoundary(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		whole := from.wire(frame.Text("in two parts"))
		from.write(whole[:8])
		from.until(time.Second)
		if err := r.p.Conn(1).Inject(frame.Ping(nil), dir); err != nil {
			t.Fatal(err)
		}
		from.until(3 * time.Second)
		from.write(whole[8:])
		from.until(10 * time.Second)
		to.wants(line(3*time.Second+2*hop, `text "in two parts"`), line(3*time.Second+2*hop, "ping"))
		r.tells("not-applied")
	})
}

func TestInjectDataWaitsForAMessageBoundary(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.send(fragment(frame.Text("a")))
		settle()
		r.p.Conn(1).Inject(frame.Text("data"), dir)
		r.p.Conn(1).Inject(frame.Ping(nil), dir)
		from.until(time.Second)
		r.p.Conn(1).Inject(frame.Pong(nil), dir) // the ping has not ended the message
		from.send(frame.Continuation(false, []byte("b")))
		from.until(2 * time.Second)
		from.send(frame.Continuation(true, []byte("c")))
		from.until(10 * time.Second)
		to.says(`text "a" (fragment)`, "ping", "pong", `continuation "b" (fragment)`, `continuation "c"`, `text "data"`)
		r.tells("not-applied")
	})
}

func TestInjectLosesPatience(t *testing.T) {
	for _, patience := range []time.Duration{0, 2 * time.Second} {
		want := patience
		if want == 0 {
			want = 5 * time.Second
		}
		t.Run(want.String(), func(t *testing.T) {
			both(t, func(p *faultproxy.Proxy) { p.Patience = patience }, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				whole := from.wire(frame.Text("in two parts"))
				from.send(frame.Text("before"))
				settle()
				r.p.Conn(1).Inject(frame.Text("in time"), dir) // one that went out does not count for the next
				from.write(whole[:8])
				from.until(want - time.Second)
				r.p.Conn(1).Inject(frame.Ping(nil), dir)
				from.until(2*want - time.Second - time.Millisecond)
				r.tells("not-applied")
				from.until(2*want - time.Second)
				r.tells("not-applied", "not-applied caller "+dir.String()+" no frame boundary came within "+want.String())
				from.write(whole[8:])
				from.until(3 * want)
				to.says(`text "before"`, `text "in time"`, `text "in two parts"`)
			})
		})
	}
}

func TestInjectThatNeverCanGoOut(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.send(fragment(frame.Text("never finished")))
		settle()
		r.p.Conn(1).Inject(frame.Text("data"), dir)
		from.closeWrite()
		to.says(`text "never finished" (fragment)`, "fin")
		r.p.Conn(1).Inject(frame.Ping(nil), dir)
		r.tells("not-applied", "not-applied caller "+dir.String()+" the direction ended before the frame could be sent",
			"not-applied caller "+dir.String()+" nothing can be written in this direction any more")
	})
}

func TestInjectOnTime(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(
			faultproxy.Rule{Name: "hello", On: opened, Do: faultproxy.Inject{Frame: frame.Text("hello")}},
			faultproxy.Rule{Name: "beat", On: faultproxy.Every(10 * time.Second), Do: faultproxy.Inject{Frame: frame.Ping(nil), Toward: frame.ToServer}, Times: 3},
			faultproxy.Rule{Name: "once", On: faultproxy.Elapsed(15 * time.Second), Do: faultproxy.Inject{Frame: frame.Text("now")}})
		client, server := r.open()
		client.until(time.Minute)
		client.wants(line(0, `text "hello"`), line(15*time.Second, `text "now"`))
		server.wants(line(10*time.Second, "ping"), line(20*time.Second, "ping"), line(30*time.Second, "ping"))
	})
}
