package faultproxy_test

import (
	"io"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestFreezePushesBackAndHearsNothing(t *testing.T) {
	for _, undo := range []string{"heal", "remove", "for"} {
		t.Run(undo, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				do := faultproxy.Freeze{Dir: dir}
				if undo == "for" {
					do.For = 30 * time.Second
				}
				r.p.Add(faultproxy.Rule{Name: "ice", On: opened, Do: do})
				settle()
				sent := make(chan time.Duration, 1)
				go func() {
					for range 8 {
						from.write(from.wire(from.sized(64 << 10)))
					}
					from.closeWrite()
					sent <- from.now()
				}()
				to.send(frame.Text("the other way"))
				from.until(20 * time.Second)
				select {
				case at := <-sent:
					t.Errorf("512 KiB were sent by %v into a socket of 256 KiB that nobody reads", at)
				default:
				}
				to.wants()
				from.says(`text "the other way"`)
				r.tells("fin held")
				from.until(30 * time.Second)
				switch undo {
				case "heal":
					r.p.Conn(1).Heal()
				case "remove":
					r.p.Remove("ice")
				}
				from.until(time.Minute)
				if got := to.words(); len(got) != 9 || got[8] != "fin" {
					t.Errorf("%q arrived, want eight frames and the FIN", got)
				}
				r.tells("silence heal", "silence ice "+dir.String(), "heal ice "+dir.String())
				if undo != "remove" {
					r.firings("ice", 1)
				}
			})
		})
	}
}

func TestFreezeHidesAReset(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Conn(1).Freeze(dir)
		from.send(frame.Text("unread"))
		settle()
		from.reset()
		from.until(30 * time.Second)
		to.wants()
		r.over(false)
		r.p.Conn(1).Heal()
		to.says(`text "unread"`, "rst")
	})
}

func TestFreezeEndsWithTheConnection(t *testing.T) {
	for name, end := range map[string]func(*rig, frame.Direction){
		"fin": func(r *rig, _ frame.Direction) {
			r.p.Conn(1).End(faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FIN})
		},
		"rst":   func(r *rig, _ frame.Direction) { r.p.Conn(1).Reset() },
		"close": func(r *rig, _ frame.Direction) { r.p.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Conn(1).Freeze(dir)
				go io.WriteString(from, from.wire(from.sized(1<<20)))
				from.until(time.Second)
				end(r, dir)
				from.until(5 * time.Second)
				r.over(true)
			})
		})
	}
}

func TestIdleDoesNotHearAFrozenPeer(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.IdleTimeout(10 * time.Second))
		r.p.Conn(1).Freeze(dir)
		for at := time.Second; at < 12*time.Second; at += time.Second {
			from.until(at)
			if from.got() == nil {
				from.send(frame.Ping(nil))
			}
		}
		from.wants(line(10*time.Second+hop, "rst")) // a close with unread bytes is a reset
	})
}

func TestFreezeHidesTheEndOfAQuietPeer(t *testing.T) {
	for _, end := range []string{"fin", "rst"} {
		both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
			r.p.Conn(1).Freeze(dir)
			settle()
			if end == "fin" {
				from.closeWrite()
			} else {
				from.reset()
			}
			from.until(30 * time.Second)
			to.wants()
			r.tells("fin rst")
			r.p.Conn(1).Heal()
			to.says(end)
		})
	}
}
