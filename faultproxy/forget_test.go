package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// forgotten plays on a connection that the path forgets ten seconds after it opened.
func forgotten(t *testing.T, do faultproxy.Forget, f func(t *testing.T, r *rig, client, server *side)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "box", On: faultproxy.Elapsed(10 * time.Second), Do: do})
		client, server := r.open()
		client.send(frame.Text("a"))
		server.send(frame.Text("b"))
		client.until(20 * time.Second)
		client.wants(line(2*hop, `text "b"`)) // nobody is told
		server.wants(line(2*hop, `text "a"`))
		f(t, r, client, server)
	})
}

func TestForgetResetsWhoeverSendsNext(t *testing.T) {
	for _, client := range []bool{true, false} {
		forgotten(t, faultproxy.Forget{}, func(t *testing.T, r *rig, near, far *side) {
			toFar, toNear := "to-server", "to-client"
			if !client {
				near, far, toFar, toNear = far, near, toNear, toFar
			}
			first := near.words()
			near.until(30 * time.Second)
			near.send(frame.Text("anybody?"))
			near.wants(line(2*hop, first[0]), line(30*time.Second+2*hop, "rst"))
			far.says(far.words()[0])
			r.over(false) // the other side knows nothing
			far.until(time.Hour)
			far.closeWrite()
			far.says(far.words()[0], "rst")
			r.over(true)
			r.tells("fault silence rst", "fault box", "silence box to-server", "silence box to-client",
				"rst box "+toNear+" left", "rst box "+toFar+" left")
			r.tells("fin", "fin "+toNear+" arrived")
			r.firings("box", 1)
		})
	}
}

func TestForgetRecordsWhatDrewTheReset(t *testing.T) {
	forgotten(t, faultproxy.Forget{}, func(t *testing.T, r *rig, client, server *side) {
		client.write(client.wire(frame.Text("one")) + client.wire(frame.Text("two")))
		r.tells("frame rst", `frame to-server passed text "a"`, `frame to-client passed text "b"`,
			`frame box to-server arrived text "one"`, `frame box to-server arrived text "two"`, "rst box to-client left")
	})
}

func TestForgetInTheMiddleOfAFrame(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		whole := client.wire(frame.Text("a whole frame"))
		client.write(whole[:9])
		client.until(time.Second)
		if err := r.p.Conn(1).Forget(faultproxy.Forget{}); err != nil {
			t.Fatal(err)
		}
		client.write(whole[9:10])
		client.wants(line(time.Second+2*hop, "rst"))
		server.wants(line(2*hop, "9 bytes of a frame"))
	})
}

func TestForgetOnAFrameComesAfterIt(t *testing.T) {
	for _, behind := range []bool{false, true} {
		both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
			r.p.Add(faultproxy.Rule{Name: "box", On: frame.Equals("last"), Do: faultproxy.Forget{}})
			out := from.wire(frame.Text("last"))
			if behind {
				out += from.wire(frame.Text("more"))
			}
			from.write(out)
			to.wants(line(2*hop, `text "last"`))
			if behind { // in the same segment
				from.wants(line(2*hop, "rst"))
				return
			}
			from.wants()
			from.send(frame.Ping(nil))
			from.says("rst")
		})
	}
}

func TestForgetInSilence(t *testing.T) {
	silent := faultproxy.Forget{Client: faultproxy.Silent, Server: faultproxy.Silent}
	forgotten(t, silent, func(t *testing.T, r *rig, client, server *side) {
		for range 100 {
			client.send(frame.Text("nobody hears this"))
			server.send(frame.Text("nor this"))
		}
		client.closeWrite()
		client.until(time.Hour)
		client.says(`text "b"`)
		server.says(`text "a"`)
		r.over(false)
		r.tells("rst")
	})
}

func TestForgetOneSideInSilence(t *testing.T) {
	for name, do := range map[string]faultproxy.Forget{
		"keep": {Client: faultproxy.RST}, "silent": {Client: faultproxy.RST, Server: faultproxy.Silent},
	} {
		t.Run(name, func(t *testing.T) {
			forgotten(t, do, func(t *testing.T, r *rig, client, server *side) {
				server.send(frame.Text("lost"))
				server.until(30 * time.Second)
				server.says(`text "a"`)
				at := client.now()
				client.send(frame.Ping(nil))
				client.wants(line(2*hop, `text "b"`), line(at+2*hop, "rst"))
				server.until(time.Hour)
				server.says(`text "a"`)
				r.over(false)
				server.closeWrite()
				r.over(true)
			})
		})
	}
}

func TestForgetUntilTheClientSends(t *testing.T) {
	for name, what := range map[string]func(client *side){
		"a frame":         func(c *side) { c.send(frame.Ping(nil)) },
		"part of a frame": func(c *side) { c.write(c.wire(frame.Ping(nil))[:1]); c.write(c.wire(frame.Ping(nil))[1:]) },
	} {
		t.Run(name, func(t *testing.T) {
			forgotten(t, faultproxy.Forget{Server: faultproxy.Silent, Revive: true}, func(t *testing.T, r *rig, client, server *side) {
				server.send(frame.Text("late"))
				client.until(30 * time.Second)
				client.says(`text "b"`)
				at := client.now()
				what(client)
				client.wants(line(2*hop, `text "b"`), line(at+2*hop, `text "late"`))
				server.wants(line(2*hop, `text "a"`), line(at+2*hop, "ping"))
				server.send(frame.Pong(nil))
				client.says(`text "b"`, `text "late"`, "pong")
				r.tells("silence heal", "silence box to-server", "silence box to-client", "heal box to-server", "heal box to-client")
			})
		})
	}
}

func TestForgetIsRevivedByTheClientsFIN(t *testing.T) {
	forgotten(t, faultproxy.Forget{Revive: true}, func(t *testing.T, r *rig, client, server *side) {
		at := client.now()
		client.closeWrite()
		server.wants(line(2*hop, `text "a"`), line(at+2*hop, "fin"))
		server.send(frame.Text("still there"))
		client.says(`text "b"`, `text "still there"`)
	})
}

// What the client sends brings nothing back once the router has reset the server.
func TestForgetThatTheServerNoticedFirst(t *testing.T) {
	forgotten(t, faultproxy.Forget{Revive: true}, func(t *testing.T, r *rig, client, server *side) {
		server.until(30 * time.Second)
		server.send(frame.Text("news"))
		server.wants(line(2*hop, `text "a"`), line(30*time.Second+2*hop, "rst"))
		client.until(time.Minute)
		client.says(`text "b"`)
		r.over(false)
		at := client.now()
		client.send(frame.Ping(nil))
		client.wants(line(2*hop, `text "b"`), line(at+2*hop, "rst"))
		r.over(true)
	})
}

func TestForgetIsUndone(t *testing.T) {
	for name, undo := range map[string]func(*rig){
		"heal":   func(r *rig) { r.p.Conn(1).Heal() },
		"remove": func(r *rig) { r.p.Remove("box") },
	} {
		t.Run(name, func(t *testing.T) {
			forgotten(t, faultproxy.Forget{Client: faultproxy.RST}, func(t *testing.T, r *rig, client, server *side) {
				server.send(frame.Text("late"))
				client.until(30 * time.Second)
				undo(r)
				client.send(frame.Text("back"))
				client.wants(line(2*hop, `text "b"`), line(30*time.Second+hop, `text "late"`))
				server.wants(line(2*hop, `text "a"`), line(30*time.Second+2*hop, `text "back"`))
			})
		})
	}
}

// A box that forgets idle connections forgets one that was revived again.
func TestForgetOnIdleComesAgain(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "nat", On: faultproxy.Idle(time.Minute), Do: faultproxy.Forget{Server: faultproxy.Silent, Revive: true}})
		client, server := r.open()
		client.until(90 * time.Second) // forgotten after 60 s
		client.send(frame.Ping(nil))   // and back
		server.until(140 * time.Second)
		server.send(frame.Text("in time"))
		server.until(210 * time.Second) // forgotten after 200 s
		server.send(frame.Text("late"))
		client.until(220 * time.Second)
		client.send(frame.Ping(nil))
		server.wants(line(90*time.Second+2*hop, "ping"), line(220*time.Second+2*hop, "ping"))
		client.wants(line(140*time.Second+2*hop, `text "in time"`), line(220*time.Second+2*hop, `text "late"`))
	})
}

func TestForgetEndsWithTheProxy(t *testing.T) {
	for _, do := range []faultproxy.Forget{{}, {Server: faultproxy.Silent, Revive: true}, {Client: faultproxy.Silent}} {
		forgotten(t, do, func(t *testing.T, r *rig, client, server *side) {
			server.send(frame.Text("held or reset"))
			settle()
			if err := r.p.Close(); err != nil {
				t.Error(err)
			}
			r.over(true)
		})
	}
}

func TestForgetSaysWhatItDoes(t *testing.T) {
	for want, do := range map[string]faultproxy.Forget{
		"forget, rst to what the client sends, rst to what the server sends": {},
		"forget, rst to what the client sends":                               {Client: faultproxy.RST},
		"forget, rst to what the server sends":                               {Client: faultproxy.Silent, Server: faultproxy.RST},
		"forget in silence":                                                  {Client: faultproxy.Silent},
		"forget in silence, until the client sends":                          {Server: faultproxy.Silent, Revive: true},
	} {
		if got := do.String(); got != want {
			t.Errorf("%+v: %q, want %q", do, got, want)
		}
	}
}
