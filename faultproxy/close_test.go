package faultproxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// closing opens a connection on which a rule "c" closes after ten seconds, and
// plays f when that has happened.
func closing(t *testing.T, do faultproxy.Close, f func(t *testing.T, r *rig, client, server *side)) {
	t.Helper()
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "c", On: faultproxy.Elapsed(10 * time.Second), Do: do, Expect: faultproxy.Fired})
		client, server := r.open()
		client.until(10*time.Second + time.Millisecond)
		f(t, r, client, server)
	})
}

const restart = `close 1012 "restart"`

func TestCloseIsACloseHandshakeWithBothSides(t *testing.T) {
	closing(t, faultproxy.CloseWith(1012, "restart"), func(t *testing.T, r *rig, client, server *side) {
		client.send(frame.Text("too late"), frame.Ping(nil))
		server.send(frame.Text("too late"), frame.Ping(nil))
		client.until(11 * time.Second)
		client.send(frame.Close(1012, "restart"))
		client.until(12 * time.Second)
		server.send(frame.Close(1000, "bye"))
		server.closeWrite()
		client.until(12500 * time.Millisecond)
		client.closeWrite()
		client.wants(line(10*time.Second, restart), line(11*time.Second+2*hop, "fin"))
		server.wants(line(10*time.Second, restart), line(12*time.Second+2*hop, "fin"))
		r.firings("c", 1)
		r.over(true)
		for _, e := range tale(r.p, "frame") {
			if strings.Contains(e, "passed") {
				t.Errorf("a frame passed: %s", e)
			}
		}
		r.tells("not-applied closed") // both ended in order, nothing had to be cut
		client.until(20 * time.Second)
		r.tells("closed")
	})
}

func TestCloseTellsTheOtherSideWhatItIsTold(t *testing.T) {
	for _, test := range []struct {
		close          faultproxy.Close
		client, server []string
	}{
		{faultproxy.Close{Code: 1001, Other: faultproxy.SameCode}, []string{"close 1001"}, []string{"close 1001"}},
		{faultproxy.Close{Code: 1001, Other: faultproxy.OtherFIN}, []string{"close 1001"}, []string{"fin"}},
		{faultproxy.Close{Code: 1001, Other: faultproxy.OtherKeep}, []string{"close 1001"}, nil},
		{faultproxy.Close{Code: 1001, Toward: frame.ToServer, Other: faultproxy.SameCode}, []string{"close 1001"}, []string{"close 1001"}},
		{faultproxy.Close{Code: 1001, Toward: frame.ToServer, Other: faultproxy.OtherFIN}, []string{"fin"}, []string{"close 1001"}},
		{faultproxy.Close{Code: 1001, Toward: frame.ToServer, Other: faultproxy.OtherKeep}, nil, []string{"close 1001"}},
		{faultproxy.Close{Code: 1001, Toward: frame.Both, Other: faultproxy.OtherKeep}, []string{"close 1001"}, []string{"close 1001"}},
	} {
		t.Run(test.close.String(), func(t *testing.T) {
			closing(t, test.close, func(t *testing.T, r *rig, client, server *side) {
				// Nobody is there to hear it any more.
				if test.close.Toward != frame.ToServer {
					server.send(frame.Text("x"))
				}
				if test.close.Toward != frame.ToClient && test.close.Toward != 0 {
					client.send(frame.Text("x"))
				}
				client.says(test.client...)
				server.says(test.server...)
			})
		})
	}
}

func TestCloseKeepsTheOtherSide(t *testing.T) {
	for _, pause := range []time.Duration{0, time.Second} { // between the client's answer and its FIN
		t.Run(pause.String(), func(t *testing.T) {
			closing(t, faultproxy.Close{Code: 1012, Reason: "restart", Other: faultproxy.OtherKeep}, func(t *testing.T, r *rig, client, server *side) {
				client.send(frame.Close(1012, "restart"))
				time.Sleep(pause)
				client.closeWrite()
				client.says(restart, "fin")
				client.until(time.Hour)
				server.send(frame.Ping(nil))
				server.wants()
				r.tells("closed") // the client's end was in order
				r.over(false)
				if fins := tale(r.p, "fin"); !slices.Contains(fins, "fin c to-client left") {
					t.Errorf("the timeline tells %q; the rule sent a FIN", fins)
				}
				server.closeWrite()
				server.says("fin")
				r.over(true)
			})
		})
	}
}

func TestCloseThatIsNeverAnswered(t *testing.T) {
	closing(t, faultproxy.CloseWith(1012, "restart"), func(t *testing.T, r *rig, client, server *side) {
		server.send(frame.Close(1012, "restart")) // but never a FIN
		client.until(14 * time.Second)
		client.says(restart)
		server.says(restart)
		client.until(16 * time.Second)
		client.wants(line(10*time.Second, restart), line(15*time.Second, "fin"))
		server.wants(line(10*time.Second, restart), line(15*time.Second, "fin"))
		r.tells("closed", "closed c to-server", "closed c to-client")
		r.over(true)
	})
}

func TestCloseAnsweredWithAFINOnly(t *testing.T) {
	closing(t, faultproxy.CloseWith(1012, "restart"), func(t *testing.T, r *rig, client, server *side) {
		client.closeWrite()
		server.closeWrite()
		client.says(restart, "fin")
		server.says(restart, "fin")
		r.over(true)
	})
}

func TestCloseAnsweredButTheClientStays(t *testing.T) {
	closing(t, faultproxy.CloseWith(1012, "restart"), func(t *testing.T, r *rig, client, server *side) {
		server.closeWrite()
		client.send(frame.Close(1012, "restart"), frame.Text("and more"))
		client.until(13 * time.Second) // the FIN's two seconds are over
		client.says(restart, "fin")
		r.over(true)
	})
}

func TestCloseAfterACloseOfThePeersOwnIsTooLate(t *testing.T) {
	for _, dir := range []frame.Direction{frame.ToServer, frame.ToClient} {
		for _, slow := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprint(dir, slow), func(t *testing.T) {
				bubble(t, func(t *testing.T, n *memnet.Network) {
					r := newRig(t, n, nil)
					if slow > 0 {
						r.p.Add(faultproxy.Rule{Name: "slow", On: frame.Any, Do: faultproxy.Latency{Delay: slow}})
					}
					r.p.Add(faultproxy.Rule{Name: "c", On: faultproxy.Elapsed(10 * time.Second), Do: faultproxy.CloseWith(1012, "restart")})
					client, server := r.open()
					from, to := client, server
					if dir == frame.ToClient {
						from, to = server, client
					}
					from.send(frame.Close(1000, "own"))
					client.until(11 * time.Second)
					to.says(`close 1000 "own"`)
					from.says()
					r.tells("not-applied", "not-applied c to-server too late: a Close frame had already passed",
						"not-applied c to-client too late: a Close frame had already passed")
				})
			})
		}
	}
}

func TestCloseAfterOneThatWasInjectedIsTooLate(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		client, server := r.open()
		r.p.Conn(1).Inject(frame.Close(1001, "raw"), frame.ToClient)
		settle()
		r.p.Conn(1).SendClose(1012, "restart")
		client.says(`close 1001 "raw"`)
		server.says()
	})
}

func TestCloseThatOnlyAFINAnswersKeepsTheOtherSide(t *testing.T) {
	closing(t, faultproxy.Close{Code: 1012, Reason: "restart", Other: faultproxy.OtherKeep}, func(t *testing.T, r *rig, client, server *side) {
		client.closeWrite()
		client.says(restart, "fin")
		client.until(time.Hour)
		server.wants()
		r.over(false)
	})
}

func TestCloseTwice(t *testing.T) {
	closing(t, faultproxy.CloseWith(1012, "restart"), func(t *testing.T, r *rig, client, server *side) {
		if err := r.p.Conn(1).SendClose(1001, "again"); err != nil {
			t.Fatal(err)
		}
		client.says(restart)
		server.says(restart)
		const why = " too late: a Close of the proxy's own was sent before, or the direction has ended"
		r.tells("not-applied", "not-applied caller to-server"+why, "not-applied caller to-client"+why)
	})
}

func TestCloseCodesAreSentAsGiven(t *testing.T) {
	for _, test := range []struct {
		code   frame.CloseCode
		reason string
		want   string
	}{
		{0, "", "close"}, {1, "", "close 1"}, {999, "", "close 999"}, {1000, "", "close 1000"}, {1005, "no status", `close 1005 "no status"`},
		{1006, "", "close 1006"}, {1015, "", "close 1015"}, {2999, "", "close 2999"}, {4999, "é", `close 4999 "é"`}, {65535, "", "close 65535"},
		{1000, strings.Repeat("r", 123), frame.Close(1000, strings.Repeat("r", 123)).String()}, {1000, "\xff", frame.Close(1000, "\xff").String()},
	} {
		t.Run(fmt.Sprint(test.code, " ", test.reason), func(t *testing.T) {
			closing(t, faultproxy.CloseWith(test.code, test.reason), func(t *testing.T, r *rig, client, server *side) {
				client.says(test.want)
				server.says(test.want)
			})
		})
	}
}

func TestCloseOnAFrame(t *testing.T) {
	both(t, nil, func(t *testing.T, r *rig, dir frame.Direction, from, to *side) {
		r.p.Add(faultproxy.Rule{Name: "c", On: frame.Equals("last"), Do: faultproxy.CloseWith(1012, "restart")})
		from.write(from.wire(frame.Text("last")) + from.wire(frame.Text("behind it")))
		to.wants(line(2*hop, `text "last"`), line(2*hop, restart))
		from.wants(line(2*hop, restart))
		r.firings("c", 1)
	})
}

func TestCloseReachesGorillaOnBothSides(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Name: "c", On: faultproxy.Elapsed(time.Minute), Do: faultproxy.CloseWith(1012, "restart")})
		c := gorillaDial(t, n, p)
		_, err := readUntilError(c)
		if closeCode(err) != 1012 || !strings.Contains(err.Error(), "restart") {
			t.Errorf("got %v", err)
		}
		_ = c.Close()
		settle()
		if e := mustFind(t, p, 1, ended); e.At > time.Minute+time.Millisecond {
			t.Errorf("ended at %v: gorilla answers at once", e.At)
		}
	})
}
