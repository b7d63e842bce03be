package faultproxy_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/faultproxy"
	"github.com/heartbreak-ws/heartbreak/faultproxy/frame"
	"github.com/heartbreak-ws/heartbreak/faultproxy/memnet"
)

// storm is a proxy under load while its rules change all the time. Rules may drop
// frames that say "victim" and no others.
type storm struct {
	t      *testing.T
	p      *faultproxy.Proxy
	listen net.Listener
	dial   func() (net.Conn, error)
	all    sync.WaitGroup

	mu   sync.Mutex
	logs map[string][]string // what the end of a conversation received
	open []net.Conn
}

func (s *storm) heard(who, what string) {
	if strings.Contains(what, "victim") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logs[who] = append(s.logs[who], what)
}

func (s *storm) count(who string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.logs[who])
}

// hold keeps a connection until the storm is over.
func (s *storm) hold(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = append(s.open, c)
}

// listenTo notes the texts that arrive on a connection.
func (s *storm) listenTo(who string, r io.Reader) {
	frames := frame.NewReader(r)
	for {
		f, err := frames.ReadFrame()
		if err != nil {
			return
		}
		if f.Opcode == frame.OpText {
			s.heard(who, string(f.Payload))
		}
	}
}

// serve is the upstream: it floods one path, and converses on the others.
func (s *storm) serve(messages int) {
	for {
		c, err := s.listen.Accept()
		if err != nil {
			return
		}
		s.hold(c)
		s.all.Go(func() {
			head, rest, err := readHTTPHead(c)
			if err != nil {
				return
			}
			who := strings.Fields(head)[1]
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
			if who == "/flood" {
				big := []byte(wire(frame.Binary(make([]byte, 64<<10))))
				for {
					if _, err := c.Write(big); err != nil {
						return
					}
				}
			}
			s.all.Go(func() { s.speak(c, messages, false) })
			s.listenTo("server "+who, io.MultiReader(strings.NewReader(string(rest)), c))
		})
	}
}

// client opens a conversation.
func (s *storm) client(who string) (net.Conn, error) {
	c, err := s.dial()
	if err != nil {
		return nil, err
	}
	s.hold(c)
	io.WriteString(c, strings.Replace(upgradeRequest, "/ws", who, 1)+"\r\n")
	if who == "/flood" {
		return c, nil // never reads
	}
	_, rest, err := readHTTPHead(c)
	s.all.Go(func() { s.listenTo("client "+who, io.MultiReader(strings.NewReader(string(rest)), c)) })
	return c, err
}

// speak sends numbered messages and victims, five milliseconds apart, some in two
// writes.
func (s *storm) speak(c net.Conn, messages int, masks bool) {
	for i := range messages {
		for _, text := range []string{fmt.Sprintf("message %d", i), fmt.Sprintf("victim %d", i)} {
			f := frame.Text(text)
			if masks {
				f = f.WithMask([4]byte{1, 2, 3, byte(i)})
			}
			raw := f.Append(nil)
			cut := i % len(raw)
			if _, err := c.Write(raw[:cut]); err != nil {
				s.t.Errorf("sending %s: %v", text, err)
				return
			}
			if i%7 == 0 {
				time.Sleep(time.Millisecond)
			}
			if _, err := c.Write(raw[cut:]); err != nil {
				s.t.Errorf("sending %s: %v", text, err)
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// change does one thing to the rules or to a connection.
func (s *storm) change(rng *rand.Rand) {
	victim := frame.Contains("victim")
	faults := []faultproxy.Rule{
		{On: victim, Do: faultproxy.Drop{}},
		{On: victim, Do: faultproxy.Late{By: 30 * time.Millisecond, Jitter: 10 * time.Millisecond}},
		{On: victim, Do: faultproxy.Duplicate{}, OneIn: 2},
		{On: victim, Do: faultproxy.Replace{With: frame.Text("another victim")}},
		{On: victim, Do: faultproxy.Inject{Frame: frame.Ping(nil)}, Times: 3},
		{On: frame.Op(frame.OpText), Do: faultproxy.Latency{Delay: 2 * time.Millisecond}, OneIn: 5},
		{Do: faultproxy.Latency{Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond}},
		{On: victim, Do: faultproxy.Reorder{Within: 20 * time.Millisecond}},
		{On: frame.Op(frame.OpText), Do: faultproxy.Coalesce{Within: 10 * time.Millisecond}, OneIn: 3},
		{Do: faultproxy.Rate{BytesPerSecond: 1 << 20}},
		{Do: faultproxy.Slice{Size: 100, Variation: 50, Pause: time.Millisecond}},
		{On: opened, Do: faultproxy.Freeze{For: 20 * time.Millisecond}},
		{On: faultproxy.At(0).Every(13 * time.Millisecond), Do: faultproxy.Inject{Frame: frame.Ping(nil)}},
		{On: opened, Do: faultproxy.Silence{For: 20 * time.Millisecond}},
		{On: opened, Do: faultproxy.Silence{}},
		{On: faultproxy.Every(7 * time.Millisecond), Do: faultproxy.Inject{Frame: frame.Ping(nil), Toward: frame.Both}},
		{On: faultproxy.Idle(time.Hour), Do: faultproxy.Discard{}},
	}
	name := fmt.Sprint(rng.IntN(8))
	switch n := rng.IntN(10); {
	case n < 4:
		r := faults[rng.IntN(len(faults))]
		r.Name = name
		if s.p.Remove(name); s.p.Add(r) != nil {
			s.t.Error("Add refuses")
		}
	case n < 7:
		r := faults[rng.IntN(len(faults))]
		r.Name = name
		if s.p.Replace(r) != nil {
			s.t.Error("Replace refuses")
		}
	case n < 8:
		s.p.Remove(name)
	default:
		c := s.p.Conn(1 + rng.IntN(4))
		for _, err := range []error{c.Silence(frame.ToClient), c.Inject(frame.Ping(nil), frame.Both), c.Heal()} {
			if err != nil {
				s.t.Error(err)
			}
		}
	}
}

// run is the whole storm: patience is how long a change may take.
func (s *storm) run(changes int, patience time.Duration) {
	const talkers = 3
	s.logs = map[string][]string{}
	messages := changes // about as long
	s.all.Go(func() { s.serve(messages) })
	var whos []string
	for i := range talkers {
		who := fmt.Sprintf("/talk%d", i)
		c, err := s.client(who)
		if err != nil {
			s.t.Fatal(err)
		}
		whos = append(whos, "client "+who, "server "+who)
		s.all.Go(func() { s.speak(c, messages, true) })
	}
	if _, err := s.client("/flood"); err != nil {
		s.t.Fatal(err)
	}
	for len(s.p.Conns()) < talkers+1 {
		time.Sleep(time.Millisecond)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var slowest time.Duration
	for range changes {
		before := time.Now()
		s.change(rng)
		slowest = max(slowest, time.Since(before))
		time.Sleep(10 * time.Millisecond)
	}
	if slowest > patience {
		s.t.Errorf("a change took %v", slowest)
	}
	for _, st := range s.p.Rules() {
		s.p.Remove(st.Rule.Name)
	}
	for _, c := range s.p.Conns() {
		_ = c.Heal()
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if !slices.ContainsFunc(whos, func(who string) bool { return s.count(who) < messages }) {
			break
		}
	}
	before := time.Now()
	if err := s.p.Close(); err != nil {
		s.t.Error(err)
	}
	if took := time.Since(before); took > patience {
		s.t.Errorf("Close took %v", took)
	}
	_ = s.listen.Close()
	s.mu.Lock()
	for _, c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.all.Wait()
	for _, who := range whos {
		s.check(who, messages)
	}
}

// check wants every message once, in order.
func (s *storm) check(who string, messages int) {
	got := s.logs[who]
	for i := range messages {
		if want := fmt.Sprintf("message %d", i); i >= len(got) || got[i] != want {
			s.t.Errorf("%s heard %d messages, and not %q as number %d: %q", who, len(got), want, i+1, got[min(i, len(got)):min(i+3, len(got))])
			return
		}
	}
	if len(got) != messages {
		s.t.Errorf("%s heard %d messages, want %d", who, len(got), messages)
	}
}

func TestStormOfRulesInVirtualTime(t *testing.T) {
	bubble(t, func(t *testing.T, n *memnet.Network) {
		l, err := n.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := faultproxy.InMemory(t, n, "ws://"+l.Addr().String())
		s := &storm{t: t, p: p, listen: l, dial: func() (net.Conn, error) { return n.Dial("tcp", p.Listener.Addr().String()) }}
		s.run(500, 0) // not an instant
	})
}

func TestStormOfRulesOnLoopback(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := faultproxy.Start(t, "ws://"+l.Addr().String())
	s := &storm{t: t, p: p, listen: l, dial: func() (net.Conn, error) { return net.Dial("tcp", p.Listener.Addr().String()) }}
	s.run(200, time.Second)
}
