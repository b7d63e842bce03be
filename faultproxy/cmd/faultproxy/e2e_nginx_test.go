package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heartbreak-ws/heartbreak/internal/realparts"
)

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
