package faultproxy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

func TestCloseTwiceWhileTheFirstWaits(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		whole := from.wire(frame.Text("in two parts"))
		from.write(whole[:8])
		settle()
		first := faultproxy.Close{Code: 1012, Reason: "restart", Toward: dir, Other: faultproxy.OtherKeep}
		r.p.Conn(1).Close(first)
		r.p.Conn(1).Close(faultproxy.Close{Code: 1001, Toward: dir, Other: faultproxy.OtherKeep})
		from.write(whole[8:])
		to.says(`text "in two parts"`, restart)
		r.tells("not-applied", "not-applied caller "+dir.String()+" too late: a Close of the proxy's own was sent before, or the direction has ended")
	})
}

func TestCloseWaitsForAFrameBoundary(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		first := from.wire(fragment(frame.Text("a"))) // a Close may stand inside a message
		second := from.wire(frame.Continuation(true, []byte("in two parts")))
		from.write(first + second[:10])
		from.until(time.Second)
		r.p.Conn(1).Close(faultproxy.Close{Code: 1012, Reason: "restart", Toward: dir, Other: faultproxy.OtherKeep})
		from.until(3 * time.Second)
		to.says(`text "a" (fragment)`, fmt.Sprintf("%d bytes of a frame", 10))
		from.write(second[10:] + from.wire(frame.Text("behind it")))
		to.wants(line(2*hop, `text "a" (fragment)`), line(3*time.Second+20*hop+2*hop, `continuation "in two parts"`), line(3*time.Second+20*hop+2*hop, restart))
		r.tells("not-applied")
	})
}

func TestCloseLosesPatience(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		from.write(from.wire(frame.Text("in two parts"))[:8])
		from.until(time.Second)
		r.p.Conn(1).Close(faultproxy.Close{Code: 1012, Toward: dir, Other: faultproxy.OtherKeep})
		from.until(7 * time.Second)
		to.wants(line(2*hop, "8 bytes of a frame"), line(6*time.Second+hop, "fin"))
		r.tells("not-applied", "not-applied caller "+dir.String()+" no frame boundary came within 5s; sent a FIN instead")
	})
}

func TestCloseToAPeerThatDoesNotRead(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		to.deaf()
		go from.Write([]byte(from.wire(frame.Binary(make([]byte, 2<<20))))) // more than any buffer takes
		from.until(time.Second)
		if err := r.p.Conn(1).SendClose(1012, ""); err != nil {
			t.Fatal(err)
		}
		from.until(12 * time.Second)
		r.over(true)
		r.tells("not-applied", "not-applied caller "+dir.String()+" no frame boundary came within 5s; sent a FIN instead")
	})
}

func TestCloseCrossesThePeersOwn(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		whole := from.wire(frame.Text("in two parts"))
		from.write(whole[:8])
		from.until(time.Second)
		r.p.Conn(1).Close(faultproxy.Close{Code: 1012, Reason: "restart", Toward: dir, Other: faultproxy.OtherKeep})
		to.send(frame.Close(1000, "own")) // while the proxy's waits for the boundary
		from.until(3 * time.Second)
		from.says()
		from.write(whole[8:])
		from.until(4 * time.Second)
		if dir == frame.ToClient { // to a client the proxy is the server, which ends TCP first
			to.says(`text "in two parts"`, restart, "fin")
		}
		to.closeWrite()
		to.says(`text "in two parts"`, restart, "fin")
		r.tells("not-applied")
	})
}

// A Close behind much that moves slowly waits for its turn; one behind a stall does not.
func TestCloseOnASlowLine(t *testing.T) {
	for rate, want := range map[int]string{
		100: line(60*time.Second+110*time.Millisecond+2*hop, `close 1012 "restart"`),
		0:   line(11*time.Second+hop, "fin"),
	} {
		bubble(t, func(t *testing.T, n *memnet.Network) {
			r := newRig(t, n, nil)
			r.p.Add(faultproxy.Rule{Do: faultproxy.Rate{BytesPerSecond: rate}})
			client, server := r.open()
			server.send(server.sized(6000))
			client.until(time.Second)
			r.p.Conn(1).Close(faultproxy.Close{Code: 1012, Reason: "restart", Other: faultproxy.OtherKeep})
			client.until(time.Minute + 2*time.Second)
			if got := client.got(); got[len(got)-1] != want {
				t.Errorf("at %d B/s the client received %q, want %q at the end", rate, got, want)
			}
		})
	}
}
