package faultproxy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

// knock says what a dial of the proxy's port finds: open, refused or hangs.
func knock(n network, p *faultproxy.Proxy) string {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, addr, _ := strings.Cut(p.URL, "://")
	c, err := n.DialContext(ctx, "tcp", addr)
	switch {
	case err == nil:
		_ = c.Close()
		return "open"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), strings.Contains(err.Error(), "timeout"):
		return "hangs"
	}
	return err.Error()
}

// ports returns what the timeline says of the port and of rules that are no connection's.
func ports(p *faultproxy.Proxy) (lines []string) {
	for _, e := range p.Timeline.Conn(0).Events() {
		if e.Kind == timeline.KindFault {
			lines = append(lines, fmt.Sprintf("%v %s: %s", e.At, e.Rule, e.Field("does")))
		}
	}
	return lines
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the timeline tells\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestDownForAWhileThenBackOnTheSamePort(t *testing.T) {
	for _, c := range []struct {
		do   faultproxy.Down
		want string
	}{
		{faultproxy.Down{For: 10 * time.Second}, "refused"},
		{faultproxy.Down{For: 10 * time.Second, Hang: true}, "hangs"},
	} {
		t.Run(c.do.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(faultproxy.Rule{Name: "out", On: faultproxy.At(30 * time.Second), Do: c.do, Expect: faultproxy.Fired})
				client, server := r.open()
				start := r.p.Timeline.Start()
				for at, want := range map[time.Duration]string{0: "open", 29: "open", 31: c.want, 39: c.want, 41: "open"} {
					time.AfterFunc(at*time.Second-time.Since(start), func() {
						if got := knock(n, r.p); got != want {
							t.Errorf("after %d s a dial finds it %s, want %s", at, got, want)
						}
					})
				}
				time.Sleep(time.Minute)
				client.send(frame.Text("still here")) // the connection lives on
				server.says(`text "still here"`)
				wantLines(t, ports(r.p), "30s out: "+c.do.String(),
					"30s out: "+map[string]string{"refused": "the port refuses", "hangs": "the port hangs"}[c.want], "40s out: the port accepts again")
				r.firings("out", 1)
			})
		})
	}
}

func TestADialThatHangsGoesOnWhenThePortIsBack(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{On: faultproxy.At(0), Do: faultproxy.Down{Hang: true, For: time.Minute}})
		time.Sleep(time.Millisecond)
		start := time.Now()
		gorillaDial(t, n, p)
		if took := time.Since(start).Round(time.Millisecond); took != time.Minute-time.Millisecond {
			t.Errorf("opened after %v", took)
		}
	})
}

func TestDownTakesConnectionsAlongIfTold(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Rule{Name: "crash", On: faultproxy.At(30 * time.Second), Do: faultproxy.Down{
			For: 5 * time.Second, Drop: faultproxy.End{Client: faultproxy.RST, Server: faultproxy.FIN}}})
		a, aServer := r.open()
		b, bServer := r.open()
		time.Sleep(40 * time.Second)
		for _, s := range []*side{a, b} {
			s.says("rst")
		}
		for _, s := range []*side{aServer, bServer} {
			s.says("fin")
		}
		for n := range 2 {
			if e, ok := find(r.p, n+1, timeline.KindRST); !ok || e.Rule != "crash" || e.At != 30*time.Second {
				t.Errorf("connection %d: %v at %v by %q", n+1, e, e.At, e.Rule)
			}
		}
	})
}

func TestDownOnAConnectionsMoment(t *testing.T) {
	for name, on := range map[string]frame.Trigger{
		"accepted": faultproxy.Accepted, "request": faultproxy.Requested, "response": faultproxy.Responded,
		"frame": frame.Equals("go down"), "time": faultproxy.Elapsed(time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				r := newRig(t, n, nil)
				r.p.Add(faultproxy.Rule{Name: "out", On: on, Do: faultproxy.Down{For: time.Minute}, Times: 1})
				client, server := r.open()
				client.send(frame.Text("go down"))
				client.until(2 * time.Second)
				server.says(`text "go down"`)
				if got := knock(n, r.p); got != "refused" {
					t.Errorf("the port is %s", got)
				}
				client.until(62 * time.Second)
				if got := knock(n, r.p); got != "open" {
					t.Errorf("a minute later the port is %s", got)
				}
				r.firings("out", 1)
			})
		})
	}
}

func TestDownIsTakenBackWithItsRule(t *testing.T) {
	for name, undo := range map[string]func(p *faultproxy.Proxy) error{
		"removed": func(p *faultproxy.Proxy) error { p.Remove("out"); return nil },
		"replaced": func(p *faultproxy.Proxy) error {
			return p.Replace(faultproxy.Rule{Name: "out", Do: faultproxy.Latency{}})
		},
		"resumed": func(p *faultproxy.Proxy) error { return p.Resume() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memnet.Network) {
				p := faultproxy.InMemory(t, n, echoServer(t, n))
				p.Add(faultproxy.Rule{Name: "out", On: faultproxy.At(0), Do: faultproxy.Down{}})
				time.Sleep(time.Hour)
				if got := knock(n, p); got != "refused" {
					t.Errorf("the port is %s", got)
				}
				if err := undo(p); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if got := knock(n, p); got != "open" {
					t.Errorf("then the port is %s", got)
				}
			})
		})
	}
}

func TestOutagesOverlap(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		p.Add(faultproxy.Rule{Name: "long", On: faultproxy.At(10 * time.Second), Do: faultproxy.Down{For: 30 * time.Second}},
			faultproxy.Rule{Name: "short", On: faultproxy.At(20 * time.Second), Do: faultproxy.Down{For: 10 * time.Second, Hang: true}})
		time.Sleep(time.Minute)
		wantLines(t, ports(p), "10s long: down for 30s", "10s long: the port refuses", "20s short: down, dials hang for 10s",
			"20s short: the port hangs", "30s short: the port refuses", "40s long: the port accepts again")
	})
}

func TestFlapOnASchedule(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		p := faultproxy.InMemory(t, n, echoServer(t, n))
		rule := faultproxy.Flap(10*time.Second, 5*time.Second)
		rule.Times = 2
		p.Add(rule)
		var got []string
		time.Sleep(500 * time.Millisecond)
		for range 45 {
			got = append(got, knock(n, p)[:1])
			time.Sleep(time.Second)
		}
		if s := strings.Join(got, ""); s != "oooooooooorrrrroooooooooorrrrrooooooooooooooo" {
			t.Errorf("got %s", s)
		}
		if fired(p, "flap") != 2 {
			t.Errorf("fired %d times", fired(p, "flap"))
		}
	})
}

func TestFlapEndsConnections(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		r := newRig(t, n, nil)
		r.p.Add(faultproxy.Flap(10*time.Second, 5*time.Second))
		client, server := r.open()
		client.until(11 * time.Second)
		client.says("fin")
		server.says("fin")
	})
}
