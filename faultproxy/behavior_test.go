package faultproxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestBehaviorSwallowsTheClientsFIN(t *testing.T) {
	policy(t, faultproxy.Behavior{Name: "box", OnFIN: faultproxy.Swallow}, func(t *testing.T, r *rig, client, server *side) {
		client.send(frame.Text("last words"))
		client.closeWrite()
		server.until(time.Minute)
		server.says(`text "last words"`)
		at := server.now()
		server.send(frame.Text("still passes"))
		client.wants(line(at+2*hop, `text "still passes"`))
		r.over(false)
		server.closeWrite()
		client.says(`text "still passes"`, "fin")
		server.says(`text "last words"`, "fin")
		r.over(true)
		r.tells("fin closed", "fin to-server arrived", "closed box to-server", "fin to-client arrived", "closed box to-client")
	})
}

func TestBehaviorSwallowsTheFINOfAClientThatIsGone(t *testing.T) {
	for name, on := range map[string]faultproxy.OnRST{"fin": faultproxy.ResetFIN, "rst": faultproxy.PassRST} {
		policy(t, faultproxy.Behavior{OnFIN: faultproxy.Swallow, OnRST: on}, func(t *testing.T, r *rig, client, server *side) {
			_ = client.Close()
			server.until(time.Minute)
			server.says()
			server.send(frame.Text("draws a reset"))
			server.says()
			server.send(frame.Text("meets it"))
			server.says(name)
			r.over(true)
		})
	}
}

func TestBehaviorHidesTheServersResetAlone(t *testing.T) {
	policy(t, faultproxy.Behavior{OnRST: faultproxy.HideServerRST}, func(t *testing.T, r *rig, client, server *side) {
		server.send(frame.Text("delivered"))
		settle()
		server.reset()
		client.says(`text "delivered"`, "fin")
		r.over(true)
	})
	policy(t, faultproxy.Behavior{OnRST: faultproxy.HideServerRST}, func(t *testing.T, r *rig, client, server *side) {
		client.send(frame.Text("delivered"))
		settle()
		client.reset()
		server.says(`text "delivered"`, "rst")
		r.over(true)
	})
}

func TestBehaviorReadsOnWhereItTearsDown(t *testing.T) {
	ends := map[string]func(server *side){
		"the server's FIN":   func(server *side) { server.closeWrite() },
		"the server's reset": func(server *side) { server.reset() },
	}
	for name, end := range ends {
		for _, lingers := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", lingers ", lingers), func(t *testing.T) {
				b := faultproxy.Behavior{OnFIN: faultproxy.TearDown, OnRST: faultproxy.ResetFIN}
				if lingers {
					b.TornDown = faultproxy.End{Client: faultproxy.FIN, Server: faultproxy.FullClose}
				}
				policy(t, b, func(t *testing.T, r *rig, client, server *side) {
					end(server)
					client.says("fin")
					client.send(frame.Text("into a closed connection"))
					settle()
					if _, err := client.Write([]byte("more")); (err == nil) != lingers {
						t.Errorf("the client's next write: %v", err)
					}
				})
			})
		}
	}
}

func TestBehaviorWritesAnErrorPageIntoTheStream(t *testing.T) {
	page := &faultproxy.Page{Body: "sorry"}
	const text = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry"
	for name, c := range map[string]struct {
		on    faultproxy.OnRST
		end   func(client, server *side)
		want  string
		ended string
	}{
		"the server resets":     {faultproxy.ResetFIN, func(_, s *side) { s.reset() }, text, "fin"},
		"and its reset passes":  {faultproxy.PassRST, func(_, s *side) { s.reset() }, text, "rst"},
		"it had sent something": {faultproxy.ResetFIN, func(_, s *side) { s.send(frame.Text("a")); settle(); s.reset() }, wire(frame.Text("a")), "fin"},
		"it sends a FIN":        {faultproxy.ResetFIN, func(_, s *side) { s.closeWrite() }, "", "fin"},
	} {
		t.Run(name, func(t *testing.T) {
			policy(t, faultproxy.Behavior{Name: "box", OnRST: c.on, InStream: page}, func(t *testing.T, r *rig, client, server *side) {
				client.until(time.Minute)
				c.end(client, server)
				settle()
				client.mu.Lock()
				defer client.mu.Unlock()
				if string(client.raw) != c.want {
					t.Errorf("the client received %q, want %q", client.raw, c.want)
				}
				if want := line(client.marks[len(client.marks)-1].at, c.ended); client.ending != want {
					t.Errorf("the end is %q, want %q", client.ending, want)
				}
				if c.want == text {
					r.tells("bytes rst closed", map[string][]string{
						"fin": {"rst to-client arrived", "closed box to-client", "bytes box to-client left"},
						"rst": {"rst to-client arrived", "rst to-client left", "bytes box to-client left"}}[c.ended]...)
				}
			})
		})
	}
}

func TestBehaviorLosesWhatCameBeforeThe101(t *testing.T) {
	for _, loses := range []bool{false, true} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			r := newRig(t, n, func(p *faultproxy.Proxy) { p.Behave(faultproxy.Behavior{Name: "box", LosesEarly: loses}) })
			early := string(frame.Text("early\r\n").WithMask([4]byte{}).Append(nil))
			client, server := r.openWith(upgradeRequest+"\r\n"+strings.TrimSuffix(early, "\r\n"), "")
			client.send(frame.Text("behind"))
			if loses {
				server.says(`text "behind"`)
				r.tells("bytes frame", "bytes box to-server arrived", `frame to-server passed text "behind"`)
				return
			}
			server.says(`text "early\r\n"`, `text "behind"`)
		})
	}
}
