package faultproxy_test

import (
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestCloseThatIsIgnored(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.IgnoreClose())
		client, server := r.open()
		client.send(frame.Text("last"), frame.Close(1000, "bye"))
		client.until(time.Hour)
		server.send(frame.Text("as if nothing had been said"))
		server.says(`text "last"`)
		client.says(`text "as if nothing had been said"`)
		r.firings("ignore-close", 1)
		client.closeWrite()
		server.says(`text "last"`, "fin")
	})
}

func TestCloseThatIsAnsweredLate(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.LateClose(10 * time.Second))
		client, server := r.open()
		client.send(frame.Close(1000, "bye"))
		client.until(time.Second)
		server.send(frame.Close(1000, "bye"))
		server.closeWrite()
		client.until(time.Minute)
		client.wants(line(11*time.Second+2*hop, `close 1000 "bye"`), line(11*time.Second+2*hop, "fin"))
		r.firings("late-close", 1)
	})
}

func TestCloseThatKeepsTCPOpen(t *testing.T) {
	do := faultproxy.Close{Code: 1012, Reason: "restart", Other: faultproxy.OtherKeep, KeepOpen: true}
	for name, f := range map[string]func(t *testing.T, r *rig, client *side){
		"answered": func(t *testing.T, r *rig, client *side) {
			client.send(frame.Close(1012, "restart"))
			client.until(time.Hour)
			client.says(restart)
			r.tells("closed fin")
			client.closeWrite()
			client.says(restart, "fin")
		},
		"not answered": func(t *testing.T, r *rig, client *side) {
			client.until(time.Hour)
			client.says(restart)
			r.tells("closed fin")
			client.reset()
		},
	} {
		t.Run(name, func(t *testing.T) {
			closing(t, do, func(t *testing.T, r *rig, client, server *side) {
				f(t, r, client)
				server.says() // kept, and none the wiser
				server.closeWrite()
				r.over(true)
			})
		})
	}
}

func TestCloseThatIsAbrupt(t *testing.T) {
	do := faultproxy.Close{Code: 1001, Toward: frame.Both, Abrupt: true}
	closing(t, do, func(t *testing.T, r *rig, client, server *side) {
		client.wants(line(10*time.Second, "close 1001"), line(10*time.Second, "fin"))
		server.says("close 1001", "fin")
		client.send(frame.Close(1001, "too late"))
		settle()
		if _, err := client.Write([]byte("more")); err == nil {
			t.Error("the client can still write, want a reset")
		}
		r.over(true)
	})
}

// A Close of the client's that crosses the proxy's, while that waits for the end of a
// frame, is its answer.
func TestCloseThatKeepsTCPOpenIsCrossed(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		whole := server.wire(frame.Text("in two parts"))
		server.write(whole[:5])
		settle()
		r.p.Conn(1).Close(faultproxy.Close{Code: 1012, Reason: "restart", Other: faultproxy.OtherKeep, KeepOpen: true})
		client.send(frame.Close(1001, "crossing"))
		client.until(time.Second)
		server.write(whole[5:])
		client.until(time.Hour)
		client.says(`text "in two parts"`, restart)
		server.says()
	})
}
