package faultproxy_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestReorderPutsAFrameBehindOthers(t *testing.T) {
	for _, test := range []struct {
		do   faultproxy.Reorder
		want []string
	}{
		{faultproxy.Reorder{}, []string{`text "a"`, "pong", `text "b"`, `text "c"`}},
		{faultproxy.Reorder{By: 2}, []string{`text "a"`, `text "b"`, "pong", `text "c"`}},
		{faultproxy.Reorder{By: 3}, []string{`text "a"`, `text "b"`, `text "c"`, "pong"}},
	} {
		t.Run(test.do.String(), func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Op(frame.OpPong), Do: test.do, Expect: faultproxy.Fired})
				from.send(frame.Pong(nil))
				var want []string
				at := 2 * hop
				for i, text := range []string{"a", "b", "c"} {
					from.until(time.Duration(i+1) * time.Second)
					from.send(frame.Text(text))
				}
				sent := map[string]time.Duration{`text "a"`: time.Second, `text "b"`: 2 * time.Second, `text "c"`: 3 * time.Second}
				for _, w := range test.want {
					if d, ok := sent[w]; ok {
						at = d + 2*hop
					}
					want = append(want, line(at, w))
				}
				to.wants(want...)
				r.tells("fault not-applied", "fault r "+dir.String())
			})
		})
	}
}

func TestReorderedDataWaitsForTheEndOfAMessage(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Equals("moved"), Do: faultproxy.Reorder{}})
		from.send(frame.Text("moved"), fragment(frame.Text("a")))
		to.says(`text "a" (fragment)`)
		from.send(frame.Continuation(true, []byte("b")))
		to.says(`text "a" (fragment)`, `continuation "b"`, `text "moved"`)
	})
}

func TestReorderWithoutFramesBehind(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Op(frame.OpPong), Do: faultproxy.Reorder{By: 2, Within: 3 * time.Second}})
		from.send(frame.Pong(nil), frame.Text("a"))
		from.until(10 * time.Second)
		from.send(frame.Text("b"))
		to.wants(line(2*hop, `text "a"`), line(3*time.Second+2*hop, "pong"), line(10*time.Second+2*hop, `text "b"`))
		r.tells("fault not-applied", "fault r "+dir.String(), "not-applied r "+dir.String()+" too few frames came behind it in time; it goes out in its place")
	})
}

func TestReorderedFramesComeBeforeTheEnd(t *testing.T) {
	for _, end := range []string{"fin", "rst"} {
		t.Run(end, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Op(frame.OpPong), Do: faultproxy.Reorder{}})
				from.send(frame.Pong(nil))
				from.until(time.Second)
				if end == "fin" {
					from.closeWrite()
				} else {
					from.reset()
				}
				to.wants(line(time.Second+2*hop, "pong"), line(time.Second+2*hop, end))
			})
		})
	}
}

func TestReorderWaitsFiveSecondsUnlessToldOtherwise(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Op(frame.OpPong), Do: faultproxy.Reorder{}})
		from.send(frame.Pong(nil))
		from.until(time.Minute)
		to.wants(line(5*time.Second+2*hop, "pong"))
	})
}

// writes is a listener whose connections note what each Write was given.
type writes struct {
	net.Listener
	mu   sync.Mutex
	each []string
}

func (w *writes) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return noting{c, w}, err
}

type noting struct {
	net.Conn
	w *writes
}

func (c noting) Write(b []byte) (int, error) {
	c.w.mu.Lock()
	c.w.each = append(c.w.each, string(b))
	c.w.mu.Unlock()
	return c.Conn.Write(b)
}

// behind101 are the writes toward the client, without the 101.
func (w *writes) behind101() []string {
	settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.each[1:]
}

// noted is a rig whose writes toward the client are noted.
func noted(t *testing.T, f func(t *testing.T, r *rig, w *writes)) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w := &writes{Listener: l}
		f(t, newRig(t, n, func(p *faultproxy.Proxy) { p.Listener = w }), w)
	})
}

func TestCoalescedFramesLeaveInOneWrite(t *testing.T) {
	noted(t, func(t *testing.T, r *rig, w *writes) {
		r.p.Add(faultproxy.Rule{Name: "c", On: frame.Op(frame.OpText), Do: faultproxy.Coalesce{Frames: 3}})
		client, server := r.open()
		server.send(frame.Text("a"))
		client.until(time.Second)
		server.send(frame.Ping(nil), frame.Text("b"))
		client.until(2 * time.Second)
		client.wants() // takes 20 hops
		server.send(frame.Text("c"))
		client.until(3 * time.Second)
		server.send(frame.Pong(nil), frame.Text("d"))
		client.until(4 * time.Second)
		server.send(frame.Text("e"))
		client.until(10 * time.Second)
		at := 2*time.Second + 22*hop
		client.wants(line(at, `text "a"`), line(at, "ping"), line(at, `text "b"`), line(at, `text "c"`), line(3*time.Second+2*hop, "pong"),
			line(8*time.Second+2*hop, `text "d"`), line(8*time.Second+2*hop, `text "e"`))
		want := []string{wire(frame.Text("a")) + wire(frame.Ping(nil)) + wire(frame.Text("b")) + wire(frame.Text("c")),
			wire(frame.Pong(nil)), wire(frame.Text("d")) + wire(frame.Text("e"))}
		if got := w.behind101(); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("written were %q, want %q", got, want)
		}
		r.firings("c", 5)
	})
}

func TestCoalesceIsOverWithTheConnection(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Any, Do: faultproxy.Coalesce{Frames: 10, Within: time.Hour}})
		from.send(frame.Text("a"), frame.Text("b"))
		from.until(time.Second)
		to.wants() // takes 20 hops
		from.closeWrite()
		at := time.Second + 22*hop
		to.wants(line(at, `text "a"`), line(at, `text "b"`), line(at, "fin"))
	})
}

func TestCoalesceGroupsAreARulesOwn(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Op(frame.OpText), Do: faultproxy.Coalesce{Within: 4 * time.Second}},
			faultproxy.Rule{On: frame.Op(frame.OpPing), Do: faultproxy.Coalesce{Within: time.Second}})
		from.send(frame.Text("a"), frame.Ping([]byte("1")), frame.Ping([]byte("2")))
		from.until(2 * time.Second)
		to.wants() // the pings stand behind the text
		from.until(time.Minute)
		at := 4*time.Second + 2*hop
		to.wants(line(at, `text "a"`), line(at, `ping "1"`), line(at, `ping "2"`))
	})
}

func TestCoalesceUnderARate(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{On: frame.Op(frame.OpBinary), Do: faultproxy.Coalesce{}},
			faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: 100}})
		from.send(from.sized(50))
		from.until(time.Second)
		from.send(from.sized(50))
		from.until(time.Minute)
		to.wants(line(1500*time.Millisecond+2*hop, from.sized(50).String()), line(2*time.Second+2*hop, from.sized(50).String()))
	})
}
