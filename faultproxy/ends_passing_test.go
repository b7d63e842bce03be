package faultproxy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestEndsPassOn(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.send(frame.Text("a"))
		from.closeWrite()
		to.wants(line(2*hop, `text "a"`), line(2*hop, "fin"))
		to.send(frame.Text("b")) // the other direction lives
		from.says(`text "b"`)
		r.over(false)
		to.reset()
		from.says(`text "b"`, "rst")
		r.over(true)
		r.tells("fin rst", "fin "+dir.String()+" passed", "rst "+dir.Opposite().String()+" arrived", "rst "+dir.Opposite().String()+" left")
	})
}

func TestResetPassesOnBehindWhatCameBefore(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}})
		from.send(frame.Text("a"))
		from.until(500 * time.Millisecond)
		from.reset()
		from.until(10 * time.Second)
		to.wants(line(time.Second+2*hop, `text "a"`), line(1500*time.Millisecond+2*hop, "rst"))
		r.over(true)
	})
}

func TestAPeerThatVanishedAfterItsFIN(t *testing.T) {
	for name, behavior := range map[string]faultproxy.Behavior{"rst": {}, "fin": {OnRST: faultproxy.ResetFIN}} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Behave(behavior)
				from.Close() // it sends a FIN, and answers what comes with a reset
				to.says("fin")
				to.send(frame.Text("nobody reads this"))
				to.says("fin")
				to.send(frame.Text("nor this"))
				settle()
				r.over(true)
				if name == "fin" {
					r.tells("rst", "rst "+dir.String()+" arrived")
				} else {
					r.tells("rst", "rst "+dir.String()+" arrived", "rst "+dir.String()+" left")
				}
				if _, err := to.Write([]byte("x")); (err != nil) != (name == "rst") {
					t.Errorf("the next write: %v", err)
				}
			})
		})
	}
}

func TestTheResetOfAPeerThatVanishedOvertakesNothing(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second, Dir: dir}})
		from.send(frame.Text("a"))
		from.Close()
		to.send(frame.Text("nobody reads this"))
		settle()
		to.send(frame.Text("nor this"))
		from.until(10 * time.Second)
		to.wants(line(time.Second+2*hop, `text "a"`), line(time.Second+2*hop, "rst"))
	})
}

func TestAWriteErrorEndsOneDirectionOnly(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		to.send(frame.Text("on its way"))
		_ = to.Conn.(*memnet.Conn).CloseRead()
		to.closeWrite() // from here on, what reaches it is answered with a reset
		from.send(frame.Text("x"))
		settle()
		from.send(frame.Text("y"))
		from.says(`text "on its way"`, "fin")
	})
}

// policy plays the end of one side under a behavior.
func policy(t *testing.T, b faultproxy.Behavior, f func(t *testing.T, r *rig, client, server *side)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Behave(b)
		client, server := r.open()
		f(t, r, client, server)
	})
}

func TestBehaviorTearsDownOnFIN(t *testing.T) {
	for _, test := range []struct {
		on             faultproxy.OnFIN
		client, server bool // whose FIN tears down
	}{{faultproxy.Forward, false, false}, {faultproxy.TearDown, true, true}, {faultproxy.HAProxy, false, true}} {
		for _, ender := range []string{"client", "server"} {
			t.Run(fmt.Sprint(test.on, ender), func(t *testing.T) {
				policy(t, faultproxy.Behavior{Name: "box", OnFIN: test.on}, func(t *testing.T, r *rig, client, server *side) {
					from, to, down := client, server, test.client
					if ender == "server" {
						from, to, down = server, client, test.server
					}
					from.send(frame.Text("delivered"))
					from.closeWrite()
					to.says(`text "delivered"`, "fin")
					r.over(down)
					if down {
						from.says("fin")
						r.tells("closed", "closed box to-server", "closed box to-client")
						return
					}
					to.send(frame.Text("still passes"))
					from.says(`text "still passes"`)
				})
			})
		}
	}
}

func TestBehaviorHidesAResetBehindAFIN(t *testing.T) {
	for _, on := range []faultproxy.OnRST{faultproxy.PassRST, faultproxy.ResetFIN} {
		for _, ender := range []string{"client", "server"} {
			t.Run(fmt.Sprint(on, ender), func(t *testing.T) {
				policy(t, faultproxy.Behavior{OnRST: on}, func(t *testing.T, r *rig, client, server *side) {
					from, to := client, server
					if ender == "server" {
						from, to = server, client
					}
					from.send(frame.Text("delivered"))
					settle()
					from.reset()
					want := "rst"
					if on == faultproxy.ResetFIN {
						want = "fin"
					}
					to.says(`text "delivered"`, want)
					r.over(true)
				})
			})
		}
	}
}

func TestTearDownWaitsForWhatIsQueued(t *testing.T) {
	policy(t, faultproxy.Behavior{OnFIN: faultproxy.TearDown}, func(t *testing.T, r *rig, client, server *side) {
		r.p.Add(faultproxy.Rule{Name: "slow", Do: faultproxy.Latency{Delay: time.Second}})
		client.send(frame.Text("a"))
		client.closeWrite()
		client.until(10 * time.Second)
		server.wants(line(time.Second+2*hop, `text "a"`), line(time.Second+2*hop, "fin"))
		client.wants(line(time.Second+2*hop, "fin"))
	})
}
