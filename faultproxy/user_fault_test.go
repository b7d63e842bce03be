package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
)

func TestUserWrittenFault(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		var draws []int
		r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: userFault{faultproxy.StageFrame | faultproxy.StageTime, func(p *faultproxy.Plan) {
			if p.Stage() != faultproxy.StageFrame || p.Conn() != 1 || p.Direction() != dir || p.View().Header.Opcode != frame.OpText || p.At() == 0 {
				t.Errorf("the plan says stage %v, connection %d, direction %v, %v", p.Stage(), p.Conn(), p.Direction(), p.View())
			}
			draws = append(draws, p.Rand().IntN(1000))
			if len(draws) == 1 {
				p.Replace(frame.Text("forged"))
				p.Duplicate(1)
				p.Inject(frame.Ping(nil), dir)
			}
		}}})
		from.send(frame.Text("a"), frame.Text("b"))
		to.says(`text "forged"`, `text "forged"`, "ping", `text "b"`)
		r.firings("r", 1) // the second time it changed nothing
		if len(draws) != 2 || draws[0] == draws[1] {
			t.Errorf("drew %v", draws)
		}
	})
}

func TestUserWrittenFaultIsAllOrNothing(t *testing.T) {
	for name, apply := range map[string]func(*faultproxy.Plan){
		"says so": func(p *faultproxy.Plan) {
			p.Drop()
			p.Inject(frame.Ping(nil), frame.Both)
			p.NotApplied("not %s", "today")
		},
		"impossible": func(p *faultproxy.Plan) { p.Drop(); p.Close(faultproxy.Close{}); p.Refuse() },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
				why := map[string]string{"says so": "not today", "impossible": "refuse needs one of: accepted; this is frame"}[name]
				r.p.Add(faultproxy.Rule{Name: "r", On: frame.Any, Do: userFault{faultproxy.StageFrame, apply}, Times: 1})
				from.send(frame.Text("a"), frame.Text("b"))
				to.says(`text "a"`, `text "b"`)
				from.says()
				r.firings("r", 0)
				r.tells("fault not-applied", "not-applied r "+dir.String()+" "+why) // once
			})
		})
	}
}

func TestUserWrittenFaultOnThePath(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "r", Do: userFault{faultproxy.StagePath, func(p *faultproxy.Plan) { p.Delay(time.Second) }}},
			faultproxy.Rule{Name: "second", Do: faultproxy.Latency{Delay: time.Second}, Final: true},
			faultproxy.Rule{Name: "third", Do: faultproxy.Latency{Delay: time.Hour}})
		from.send(frame.Text("a"))
		from.until(time.Minute)
		to.wants(line(2*time.Second+2*hop, `text "a"`))
		r.firings("third", 0)
	})
}
