package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

var (
	nginxVersion = regexp.MustCompile(`nginx/[0-9][0-9.]*`)
	pageDate     = regexp.MustCompile(`Date: [A-Z][a-z]{2}, [^\r\n]* GMT`)
	pageLength   = regexp.MustCompile(`Content-Length: [0-9]+`)
)

// idle is the timeout under test: proxy_read_timeout of the real nginx,
// --idle-timeout of the preset.
const idle = 2 * time.Second

// bothFIN is how nginx ends a connection whenever it is nginx that ends it: a FIN
// to each side, no close frame, and nothing left to write to.
var bothFIN = outcome{Client: "FIN", Upstream: "FIN", ClientReset: true, UpstreamReset: true}

// nginxCase is one conversation, held through the real nginx and through the
// preset, and what both must do. The wanted values were measured with nginx
// 1.22.1; as the real one runs here too, they cannot go stale unseen.
type nginxCase struct {
	name        string
	withRequest string // the client sends it in the segment of its request
	talk        func(p *pair) error
	want        outcome
	// The client's stream ends between earliest and latest after the last byte.
	earliest, latest time.Duration
}

// An idle timer must end a connection between idleEarliest and idleLatest.
// nginx's timers are set up to some milliseconds before the peer has the byte;
// what is above idle is room for a busy machine.
const (
	idleEarliest = idle - 50*time.Millisecond
	idleLatest   = idle + 200*time.Millisecond
	promptly     = 400 * time.Millisecond
)

var nginxCases = []nginxCase{
	{
		name: "a word each way, then silence",
		talk: func(p *pair) error {
			return errors.Join(p.toUpstream(clientFrame(opText, "hello")), p.toClient(serverFrame(opText, "world")))
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "client bytes alone reset the timer",
		talk: func(p *pair) error {
			return every(500*time.Millisecond, 6, func() error { return p.toUpstream(clientFrame(opText, "beat")) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "client pings alone, never answered, reset the timer",
		talk: func(p *pair) error {
			return every(500*time.Millisecond, 6, func() error { return p.toUpstream(clientFrame(opPing, "")) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "upstream bytes alone reset the timer",
		talk: func(p *pair) error {
			return every(500*time.Millisecond, 6, func() error { return p.toClient(serverFrame(opText, "beat")) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "half a frame resets the timer as a whole one does",
		talk: func(p *pair) error {
			half := clientFrame(opText, "never finished")[:9]
			return every(500*time.Millisecond, 6, func() error { return p.toUpstream(half) })
		},
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		// nginx keeps the old deadline when the new one is less than 300 ms
		// later, so the timer still runs from the first of two bytes.
		name: "a byte 200 ms after another leaves the old deadline",
		talk: func(p *pair) error {
			return every(200*time.Millisecond, 2, func() error { return p.toClient(serverFrame(opText, "x")) })
		},
		want: bothFIN, earliest: idle - 300*time.Millisecond, latest: idle - 100*time.Millisecond,
	},
	{
		name: "the client says Close and the upstream does not answer",
		talk: func(p *pair) error { return p.toUpstream(clientFrame(opClose, "\x03\xe8")) },
		want: bothFIN, earliest: idleEarliest, latest: idleLatest,
	},
	{
		name: "the upstream ends its stream",
		talk: func(p *pair) error { p.noUpstreamWrites = true; return p.upstream.CloseWrite() },
		want: outcome{Client: "FIN", Upstream: "FIN", ClientReset: true}, latest: promptly,
	},
	{
		name: "the upstream says Close 1001 and ends its stream",
		talk: func(p *pair) error {
			p.noUpstreamWrites = true
			_, err := p.upstream.Write(serverFrame(opClose, "\x03\xe9"))
			return errors.Join(err, p.upstream.CloseWrite())
		},
		want: outcome{Client: "FIN", Upstream: "FIN", ToClient: "\x88\x02\x03\xe9", ClientReset: true}, latest: promptly,
	},
	{
		name: "the upstream stops in the middle of a frame",
		talk: func(p *pair) error {
			p.noUpstreamWrites = true
			_, err := p.upstream.Write(serverFrame(opText, "hello")[:4])
			return errors.Join(err, p.upstream.CloseWrite())
		},
		want: outcome{Client: "FIN", Upstream: "FIN", ToClient: "\x81\x05he", ClientReset: true}, latest: promptly,
	},
	{
		name: "the client ends its stream",
		talk: func(p *pair) error { p.noClientWrites = true; return p.client.CloseWrite() },
		want: outcome{Client: "FIN", Upstream: "FIN", UpstreamReset: true}, latest: promptly,
	},
	{
		name: "the upstream resets",
		talk: func(p *pair) error { return p.reset(&p.upstream) },
		want: outcome{Client: "FIN", Upstream: gone, ClientReset: true}, latest: promptly,
	},
	{
		name: "the client resets",
		talk: func(p *pair) error { return p.reset(&p.client) },
		want: outcome{Client: gone, Upstream: "FIN", UpstreamReset: true}, latest: promptly,
	},
	{
		name: "a frame in the segment of the request and one in that of the 101",
		// The case's path makes the upstream send the second one.
		withRequest: string(clientFrame(opText, "early")),
		talk: func(p *pair) error {
			p.noUpstreamWrites = true
			time.Sleep(100 * time.Millisecond) // both frames have arrived before the end is made
			p.lastByte = time.Now()
			return p.upstream.CloseWrite()
		},
		want: outcome{
			Client: "FIN", Upstream: "FIN", ClientReset: true,
			ToClient: "\x81\x05early", ToUpstream: "\x81\x85\x00\x00\x00\x00early",
		},
		latest: promptly,
	},
}

// reset ends a side with RST. Nothing can be seen from there any more.
func (p *pair) reset(side **net.TCPConn) error {
	conn := *side
	*side = nil
	return errors.Join(conn.SetLinger(0), conn.Close())
}

// every calls do, times times, d apart, the first at once.
func every(d time.Duration, times int, do func() error) error {
	next := time.Now()
	for range times {
		time.Sleep(time.Until(next))
		if err := do(); err != nil {
			return err
		}
		next = next.Add(d)
	}
	return nil
}

// refusal is an upgrade that ends with a page, and when it must come.
type refusal struct {
	name, path       string
	dead             bool // through a middlebox whose upstream does not listen
	earliest, latest time.Duration
}

var refusals = []refusal{
	{name: "nobody listens upstream", path: "/", dead: true, latest: promptly},
	{name: "the upstream ends before its answer", path: "/leaves", latest: promptly},
	{name: "the upstream never answers", path: "/mute", earliest: idleEarliest, latest: idleLatest},
}

// serveUpgrade is the upstream's side of the handshake.
func serveUpgrade(path string, c *net.TCPConn, _ *bufio.Reader) error {
	switch path {
	case "/leaves":
		return io.EOF
	case "/mute":
		return nil
	case pathOf(len(nginxCases) - 1):
		_, err := c.Write(append([]byte(upgradeResponse), serverFrame(opText, "early")...))
		return err
	default:
		_, err := io.WriteString(c, upgradeResponse)
		return err
	}
}

func pathOf(i int) string { return fmt.Sprintf("/case-%d", i) }

// middlebox is what stands between client and upstream: a real nginx or the
// preset, started for an upstream, and its address.
type middlebox func(t *testing.T, upstream string) string

func realNginx(t *testing.T, upstream string) string {
	return realparts.Nginx(t, `
	map $http_upgrade $connection_upgrade { default upgrade; "" close; }
	server {
		listen {listen};
		location / {
			proxy_pass http://`+upstream+`;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_read_timeout `+fmt.Sprint(int(idle.Seconds()))+`s;
		}
	}`)
}

// probed is what the probe saw through one middlebox.
type probed struct {
	outcomes []outcome
	took     []time.Duration
	pages    []string
	pageTook []time.Duration
	errs     []error // of the cases, then of the pages
}

// notYet is the time of what was not held yet. It is within no limits.
const notYet = time.Duration(-1)

// probe holds all conversations at once, for most of their time is silence, and
// holds those again whose times are off.
func probe(t *testing.T, box middlebox) probed {
	t.Helper()
	paths := []string{"/mute"}
	for i := range nginxCases {
		paths = append(paths, pathOf(i))
	}
	up, err := listenUpstream(paths, serveUpgrade)
	if err != nil {
		t.Fatal(err)
	}
	defer up.ln.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	addr := box(t, up.addr())
	dead := box(t, closed.Addr().String())

	p := probed{
		outcomes: make([]outcome, len(nginxCases)),
		took:     slices.Repeat([]time.Duration{notYet}, len(nginxCases)),
		pages:    make([]string, len(refusals)),
		pageTook: slices.Repeat([]time.Duration{notYet}, len(refusals)),
		errs:     make([]error, len(nginxCases)+len(refusals)),
	}
	for range rounds {
		var all sync.WaitGroup
		for i, c := range nginxCases {
			if p.errs[i] == nil && !within(p.took[i], c.earliest, c.latest) {
				all.Go(func() { p.outcomes[i], p.took[i], p.errs[i] = c.hold(addr, pathOf(i), up) })
			}
		}
		for i, r := range refusals {
			at := addr
			if r.dead {
				at = dead
			}
			if n := len(nginxCases) + i; p.errs[n] == nil && !within(p.pageTook[i], r.earliest, r.latest) {
				all.Go(func() { p.pages[i], p.pageTook[i], p.errs[n] = page(at, r.path) })
			}
		}
		all.Wait()
	}
	return p
}

func (c nginxCase) hold(addr, path string, up *upstream) (outcome, time.Duration, error) {
	p, err := connect(addr, path, c.withRequest, up)
	if err != nil {
		return outcome{}, 0, err
	}
	defer p.close()
	if err := c.talk(p); err != nil {
		return outcome{}, 0, err
	}
	o, took := p.ends()
	return o, took, nil
}

// nginx compares the real nginx with the preset of the binary.
func nginx(t *testing.T, bin string) {
	boxes := []struct {
		name string
		box  middlebox
	}{
		{"real", realNginx},
		{"preset", func(t *testing.T, upstream string) string {
			return start(t, bin, "--preset", "nginx", "--idle-timeout", idle.String(), "--upstream", "ws://"+upstream).addr(t)
		}},
	}
	pages := map[string][]string{}
	for _, b := range boxes {
		t.Run(b.name, func(t *testing.T) {
			got := probe(t, b.box)
			for i, c := range nginxCases {
				t.Run(c.name, func(t *testing.T) {
					if err := got.errs[i]; err != nil {
						t.Fatal(err)
					}
					if got.outcomes[i] != c.want {
						t.Errorf("\n got %v\nwant %v", got.outcomes[i], c.want)
					}
					judgeTime(t, got.took[i], c.earliest, c.latest)
				})
			}
			for i, r := range refusals {
				t.Run(r.name, func(t *testing.T) {
					if err := got.errs[len(nginxCases)+i]; err != nil {
						t.Fatal(err)
					}
					judgeTime(t, got.pageTook[i], r.earliest, r.latest)
				})
			}
			pages[b.name] = got.pages
		})
	}
	t.Run("pages", func(t *testing.T) {
		real, preset := pages["real"], pages["preset"]
		if real == nil || preset == nil {
			t.Skip("NOT TESTED: there is nothing to compare; see real and preset")
		}
		for i, r := range refusals {
			if real[i] == "" || real[i] != preset[i] {
				t.Errorf("%s:\n real nginx\n%s\n preset\n%s", r.name, real[i], preset[i])
			}
		}
	})
}

func within(took, earliest, latest time.Duration) bool { return earliest <= took && took <= latest }

func judgeTime(t *testing.T, took, earliest, latest time.Duration) {
	t.Helper()
	if !within(took, earliest, latest) {
		t.Errorf("in the last of %d rounds it took %v, want from %v to %v", rounds, took, earliest, latest)
		return
	}
	t.Logf("took %v", took.Round(100*time.Microsecond))
}
