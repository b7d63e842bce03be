package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestDiscardSwallowsWholeFramesUntilHealed(t *testing.T) {
	heals := map[string]func(*faultproxy.Proxy){
		"for":     func(*faultproxy.Proxy) {},
		"removed": func(p *faultproxy.Proxy) { p.Remove("gone") },
		"healed":  func(p *faultproxy.Proxy) { p.Conn(1).Heal() },
	}
	for name, heal := range heals {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				do := faultproxy.Discard{Dir: dir}
				if name == "for" {
					do.For = 10 * time.Second
				}
				r.p.Add(faultproxy.Rule{Name: "gone", On: frame.Equals("a"), Do: do})
				split := from.wire(frame.Text("in two parts"))
				from.write(from.wire(frame.Text("a")) + from.wire(frame.Text("b")) + split[:9])
				from.until(10 * time.Second)
				heal(r.p)
				settle()
				from.write(split[9:] + from.wire(frame.Text("c")))
				to.send(frame.Text("back"))
				to.says(`text "a"`, `text "c"`)
				from.says(`text "back"`)
				r.tells("heal", "heal gone "+dir.String())
				if name != "removed" {
					r.firings("gone", 1)
				}
			})
		})
	}
}

func TestDiscardLetsEndsPass(t *testing.T) {
	for _, end := range []string{"fin", "rst"} {
		t.Run(end, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				r.p.Conn(1).Discard(dir)
				from.send(frame.Text("swallowed"))
				settle()
				if end == "fin" {
					from.closeWrite()
				} else {
					from.reset()
				}
				to.says(end)
			})
		})
	}
}
